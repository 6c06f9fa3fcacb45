# SPDX-License-Identifier: Apache-2.0
"""The chart as helm renders it, before anything of it runs: what each value does, what is refused and with which words, and
whether Kubernetes' types hold what comes out."""
import copy
import json
import pathlib
import subprocess
import tempfile
import unittest

import yaml

import manifests
from manifests import CHART, NAMESPACE

DEFAULTS = yaml.safe_load((CHART / 'values.yaml').read_text(encoding='utf-8'))
SMALLEST = 'version: 1\noutside: [eth0]\nprotect: { networks: [self], media_ports: 10000-20000 }\n'
EVERYWHERE = SMALLEST + 'http: { listen: "0.0.0.0:10561" }\n'
DIGEST = 'sha256:' + 64 * 'a'
ON_A_GATE = {'nodeAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': {
    'nodeSelectorTerms': [{'matchExpressions': [{'key': 'gate', 'operator': 'Exists'}]}]}}}
LISTS = {'name': 'lists', 'configMap': {'name': 'lists-of-ours'}}
# Each value by its place, and another one than the default: what is rendered changes, and is still what Kubernetes knows.
OTHER = {
    ('image', 'repository'): 'registry.example:5000/sip/ringwall', ('image', 'tag'): 'other', ('image', 'digest'): DIGEST,
    ('image', 'pullPolicy'): 'Always', ('image', 'pullSecrets'): [{'name': 'registry'}], ('config',): SMALLEST,
    ('files',): {'deny.txt': '203.0.113.0/24\n'}, ('detach',): True, ('nodeSelector',): {'role': 'sip'}, ('affinity',): ON_A_GATE,
    ('tolerations',): [{'key': 'edge', 'operator': 'Exists', 'effect': 'NoSchedule'}], ('priorityClassName',): 'sip', ('serviceAccountName',): 'sip',
    ('updateStrategy', 'type'): 'OnDelete', ('updateStrategy', 'maxUnavailable'): '10%',
    ('resources',): {'requests': {'cpu': '500m', 'memory': '512Mi'}, 'limits': {'memory': '1Gi'}},
    ('seccompProfile',): {'type': 'Localhost', 'localhostProfile': 'ringwall.json'},
    ('appArmorProfile',): {'type': 'Localhost', 'localhostProfile': 'ringwall'},
    ('seLinuxOptions',): {'type': 'ringwall_t', 'level': 's0'}, ('podAnnotations',): {'example.com/owner': 'voip'}, ('podLabels',): {'team': 'voip'},
    ('extraVolumes',): [LISTS], ('extraVolumeMounts',): [{'name': 'bpf', 'mountPath': '/mnt'}],
    ('podMonitor', 'enabled'): True, ('podMonitor', 'labels'): {'release': 'prometheus'}, ('podMonitor', 'interval'): '30s',
    ('nameOverride',): 'shield', ('fullnameOverride',): 'wall',
}


def nested(path, value):
    for key in reversed(path):
        value = {key: value}
    return value


def leaves(values, path=()):
    """Each value by its place: what OTHER replaces as a whole is one."""
    for key, value in values.items():
        if isinstance(value, dict) and value and (*path, key) not in OTHER:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def daemonset(values=None, **options):
    return manifests.of_kind('DaemonSet', manifests.render(values, **options))


def pod_of(values=None, **options):
    return manifests.template(manifests.render(values, **options))


class Values(unittest.TestCase):
    def assert_known(self, documents):
        """By Kubernetes' types. They have no PodMonitor, and kubectl shows no ConfigMap: those are compared here."""
        for document in documents:
            if document['kind'] == 'DaemonSet':
                self.assertEqual(manifests.lost(document, manifests.understood(document)), [])
            if document['kind'] == 'ConfigMap':
                self.assertEqual(set(document), {'apiVersion', 'kind', 'metadata', 'data'})
                self.assertEqual({type(text) for text in document['data'].values()}, {str})
            self.assertEqual(document['metadata']['namespace'], NAMESPACE)

    def test_each_does_something_that_helm_and_kubernetes_take(self):
        self.assertEqual(set(leaves(DEFAULTS)), set(OTHER))
        for path, value in OTHER.items():
            with self.subTest('.'.join(path)):
                before, after = {}, nested(path, value)
                if path[0] == 'podMonitor':                       # whose values do something where there is one
                    before = {'config': EVERYWHERE, 'podMonitor': {'enabled': path[1] != 'enabled'}}
                    after = {**before, 'podMonitor': {**before['podMonitor'], path[1]: value}}
                lint = manifests.helm('lint', '--strict', CHART, values=after)
                self.assertEqual(lint.returncode, 0, lint.stdout + lint.stderr)
                documents = manifests.render(after)
                self.assertNotEqual(documents, manifests.render(before))
                self.assert_known(documents)

    def test_all_at_once(self):
        values = {}
        for path, value in OTHER.items():
            place = values
            for key in path[:-1]:
                place = place.setdefault(key, {})
            place[path[-1]] = value
        for is_detaching in (False, True):
            self.assert_known(manifests.render({**values, 'config': EVERYWHERE, 'detach': is_detaching}))

    def test_the_defaults(self):
        lint = manifests.helm('lint', '--strict', CHART)
        self.assertEqual(lint.returncode, 0, lint.stdout + lint.stderr)
        documents = manifests.render()
        self.assertEqual(sorted(d['kind'] for d in documents), ['ConfigMap', 'DaemonSet'])
        self.assert_known(documents)

    def test_a_field_or_a_kind_that_kubernetes_does_not_know_would_be_seen(self):
        wrong = copy.deepcopy(daemonset())
        wrong['spec']['template']['spec']['hostNetwerk'] = True
        self.assertEqual(manifests.lost(wrong, manifests.understood(wrong)), ['/spec/template/spec/hostNetwerk'])
        wrong = copy.deepcopy(daemonset())
        wrong['spec']['template']['spec']['containers'][0]['resources'] = {'requests': {'cpu': '100mm'}}
        with self.assertRaisesRegex(RuntimeError, 'quantity'):
            manifests.understood(wrong)

    def test_which_image(self):
        for image, expected in (({}, 'ringwall:0.1.0'), ({'repository': 'r.example:5000/x'}, 'r.example:5000/x:0.1.0'), ({'tag': '2'}, 'ringwall:2'),
                                ({'tag': '2', 'digest': DIGEST}, f'ringwall@{DIGEST}')):
            self.assertEqual(pod_of({'image': image}).container['image'], expected)

    def test_a_profile_may_be_left_out(self):
        context = pod_of({'seLinuxOptions': None, 'appArmorProfile': None}).container['securityContext']
        self.assertEqual([key for key in context if key.startswith(('se', 'app'))], ['seccompProfile'])

    def test_which_nodes(self):
        spec = pod_of({'nodeSelector': {'role': 'sip'}, 'tolerations': []}).spec
        self.assertEqual(spec['nodeSelector'], {'kubernetes.io/os': 'linux', 'role': 'sip'})
        self.assertNotIn('tolerations', spec)


class Configuration(unittest.TestCase):
    def test_it_comes_to_the_letter(self):
        text = 'version: 1\n\n# two spaces follow  \nand: "{{ .Values.detach }} \\n ⚠"\nzones: [{ sip: yes }]\nemergency: [0112]'
        for each in (text, text + '\n', text + '\n\n', '\n' + text):
            self.assertEqual(pod_of({'config': each}).files, {'ringwall.yaml': each})
            with tempfile.NamedTemporaryFile('w', suffix='.yaml', encoding='utf-8') as file:
                file.write(each)
                file.flush()
                documents = manifests.render(None, '--set-file', f'config={file.name}', '--set-file', f'files.deny\\.txt={file.name}')
            self.assertEqual(manifests.template(documents).files, {'ringwall.yaml': each, 'deny.txt': each})

    def test_a_change_of_it_begins_no_pods(self):
        self.assertEqual(daemonset(), daemonset({'config': SMALLEST + 'mode: enforce\n', 'files': {'deny.txt': ''}}))
        pod, files = pod_of(), manifests.of_kind('ConfigMap', manifests.render())
        self.assertEqual([v['configMap']['name'] for v in pod.spec['volumes'] if 'configMap' in v], [files['metadata']['name']])

    def test_a_change_that_needs_new_pods_begins_them(self):
        before = daemonset({'config': SMALLEST})
        for change in ('attach: dispatcher\n', 'http: { listen: 127.0.0.1:10561 }\n', 'http: { listen: 0.0.0.0:10560 }\n'):
            self.assertNotEqual(daemonset({'config': SMALLEST + change}), before)

    def test_the_probes_ask_where_it_listens(self):
        for listen, host, port in ((None, '127.0.0.1', 10560), ('127.0.0.1:10561', '127.0.0.1', 10561), ('"0.0.0.0:80"', '127.0.0.1', 80),
                                   ('192.0.2.10:10560', '192.0.2.10', 10560), ('"[::1]:10560"', '::1', 10560), ('"[::]:10560"', '::1', 10560)):
            container = pod_of({'config': SMALLEST + (f'http: {{ listen: {listen} }}\n' if listen else 'http:\n')}).container
            asked = [container[probe]['httpGet'] for probe in ('startupProbe', 'livenessProbe', 'readinessProbe')]
            self.assertEqual({(get['host'], get['port']) for get in asked}, {(host, port)})
            self.assertEqual((container['ports'][0]['hostPort'], container['ports'][0]['containerPort']), (port, port))

    def test_the_dispatcher_has_the_right_that_it_needs(self):
        contexts = [pod_of({'config': SMALLEST + attach}).container['securityContext']
                    for attach in ('', 'attach: native\n', 'attach: dispatcher\n')]
        self.assertEqual(contexts[0], contexts[1])
        self.assertEqual(contexts[2]['capabilities'].pop('add'), [*contexts[0]['capabilities'].pop('add'), 'SYS_ADMIN'])
        self.assertEqual([each.pop('allowPrivilegeEscalation') for each in contexts], [False, False, True])
        self.assertEqual(contexts[2], contexts[0])

    def test_the_default_is_good_by_the_program_in_the_image(self):
        pod = pod_of()
        with tempfile.TemporaryDirectory() as folder:
            for name, text in pod.files.items():
                (pathlib.Path(folder) / name).write_text(text, encoding='utf-8')
            done = subprocess.run(['podman', 'run', '--rm', '--network', 'none', '--volume', f'{folder}:/etc/ringwall:ro',
                                   pod.container['image'], 'check'], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ''))


class Releases(unittest.TestCase):
    def test_two_have_their_own_names_and_pods(self):
        both = [manifests.render(release=release) for release in ('edge', 'sip')]
        self.assertEqual([sorted({d['metadata']['name'] for d in documents}) for documents in both], [['edge-ringwall'], ['sip-ringwall']])
        specs = [manifests.of_kind('DaemonSet', documents)['spec'] for documents in both]
        wanted = [spec['selector']['matchLabels'].items() for spec in specs]
        borne = [spec['template']['metadata']['labels'].items() for spec in specs]
        self.assertEqual([[one <= other for other in borne] for one in wanted], [[True, False], [False, True]])

    def test_a_number_is_a_name(self):
        documents = manifests.render({'podLabels': {'year': '2026'}}, '--set-string', 'fullnameOverride=12', release='123')
        self.assertEqual({d['metadata']['name'] for d in documents}, {'12'})
        self.assertEqual(manifests.lost(documents[-1], manifests.understood(documents[-1])), [])

    def test_an_update_never_runs_two_agents_on_a_node(self):
        def rolling(at_once):
            return {'type': 'RollingUpdate', 'rollingUpdate': {'maxUnavailable': at_once, 'maxSurge': 0}}

        by_hand = {'type': 'OnDelete'}
        for values, expected in (({}, rolling(1)), ({'updateStrategy': {'maxUnavailable': '10%'}}, rolling('10%')),
                                 ({'updateStrategy': by_hand}, by_hand), ({'updateStrategy': by_hand, 'detach': True}, rolling(1))):
            self.assertEqual(daemonset(values)['spec']['updateStrategy'], expected)

    def test_the_selector_never_changes(self):
        everything = {'nameOverride': 'wall', 'podLabels': {'team': 'voip'}, 'detach': True, 'image': {'tag': 'other'}}
        self.assertEqual(daemonset(everything)['spec']['selector'], daemonset()['spec']['selector'])

    def test_detaching_is_another_container_and_not_another_shape_of_the_same(self):
        """Where an apply leaves something of the first one's probes, the second one would be refused."""
        self.assertEqual([pod_of({'detach': is_detaching}).container['name'] for is_detaching in (False, True)], ['ringwall', 'detach'])

    def test_the_monitor_finds_the_port_where_it_can_be_reached(self):
        wanted = {'enabled': True, 'interval': '30s', 'labels': {'release': 'prometheus'}}
        documents = manifests.render({'config': EVERYWHERE, 'podMonitor': wanted})
        monitor, pods = manifests.of_kind('PodMonitor', documents), manifests.of_kind('DaemonSet', documents)
        self.assertEqual(monitor['metadata']['labels']['release'], 'prometheus')
        self.assertEqual(monitor['spec'], {
            'jobLabel': 'app.kubernetes.io/name', 'selector': pods['spec']['selector'],
            'podMetricsEndpoints': [{'port': 'metrics', 'interval': '30s',
                                     'relabelings': [{'sourceLabels': ['__meta_kubernetes_pod_node_name'], 'targetLabel': 'node'}]}]})
        self.assertEqual(pods['spec']['template']['metadata']['labels']['app.kubernetes.io/name'], 'ringwall')
        self.assertEqual(pods['spec']['template']['spec']['containers'][0]['ports'],
                         [{'name': 'metrics', 'hostIP': '0.0.0.0', 'hostPort': 10561, 'containerPort': 10561}])


class Refusals(unittest.TestCase):
    """A sentence that names the mend; or helm's own, with the place of the value."""

    def test_what_cannot_work(self):
        for values, sentence in (
                ({'config': {'mode': 'enforce'}}, 'config: it is the text of ringwall.yaml, not its keys: write them as a block after `config: |`'),
                ({'config': None}, "missing property 'config'"),
                ({'config': ''}, 'config: no ringwall.yaml, as it has no `version`'),
                ({'config': 'ringwall.yaml'}, 'config: no YAML mapping; `ringwall check --config ringwall.yaml` says where'),
                ({'config': 'version: 1\n  a: [\n'}, 'config: no YAML mapping; `ringwall check --config ringwall.yaml` says where: .*line 2'),
                ({'config': 'mode: monitor\n'}, 'config: no ringwall.yaml, as it has no `version`'),
                ({'config': SMALLEST + 'http: { listen: off }\n'}, '`http.listen: off` leaves the probes nobody to ask: 127.0.0.1:10560'),
                ({'config': SMALLEST + 'http: { listen: "off" }\n'}, '`http.listen: off` leaves the probes nobody to ask'),
                ({'config': SMALLEST + 'http: { listen: 10560 }\n'}, 'http.listen is 10560, expected ADDRESS:PORT such as 127.0.0.1:10560'),
                ({'files': {'ringwall.yaml': ''}}, 'files: ringwall.yaml is the value `config`'),
                ({'files': {'conf.d/a.yaml': ''}}, "invalid propertyName 'conf.d/a.yaml'"),
                ({'podLabels': {'app.kubernetes.io/instance': 'x'}}, 'podLabels: .* is what the DaemonSet knows its pods by: take another key'),
                ({'podMonitor': {'enabled': True}}, "podMonitor: Prometheus gets at no metrics on the node's own address: say `http: {"),
                ({'podMonitor': {'enabled': True}, 'config': SMALLEST + 'http: { listen: "[::1]:1" }'}, 'podMonitor: Prometheus gets at no'),
                ({'seccompProfile': {'type': 'Localhost'}}, "'/seccompProfile'.*localhostProfile"),
                ({'appArmorProfile': {'type': 'Unconfined', 'localhostProfile': 'x'}}, "'/appArmorProfile/localhostProfile'"),
                ({'updateStrategy': {'maxUnavailable': 0}}, "'/updateStrategy/maxUnavailable'"),
                ({'updateStrategy': {'maxSurge': 1}}, "'/updateStrategy'.*maxSurge"),
                ({'image': {'digest': 'abc'}}, "'/image/digest'"), ({'imgae': {'tag': 'x'}}, 'imgae'),
                ({'detach': 'no'}, "'/detach': got string, want boolean")):
            with self.subTest(sentence):
                self.assertRegex(manifests.refusal(values).replace('\n', ' '), sentence)

    def test_a_kubernetes_that_is_too_old(self):
        self.assertRegex(manifests.refusal(None, '--kube-version', '1.29.9'), 'kubeVersion.*1.30')
        manifests.render(None, '--kube-version', 'v1.30.2-gke.100')


class Notes(unittest.TestCase):
    def notes(self, values=None):
        done = manifests.helm('install', 'edge', CHART, '--namespace', NAMESPACE, '--dry-run=client', '--output', 'json', values=values)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)['info']['notes']

    def test_they_say_what_comes_next(self):
        self.assertIn(f'kubectl -n {NAMESPACE} exec daemonset/edge-ringwall -- ringwall drops --would\n', self.notes())
        self.assertIn('exec daemonset/edge-ringwall -- ringwall drops\n', self.notes({'config': SMALLEST + 'mode: enforce\n'}))
        self.assertIn(f'helm upgrade edge CHART -n {NAMESPACE} --reuse-values --set detach=true --wait', self.notes())
        self.assertIn(f'Then `helm uninstall edge -n {NAMESPACE}`', self.notes({'detach': True}))
        self.assertIn('which no registry has', self.notes())
        self.assertNotIn('which no registry has', self.notes({'image': {'repository': 'registry.example/ringwall'}}))

