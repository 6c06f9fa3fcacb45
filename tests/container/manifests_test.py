# SPDX-License-Identifier: Apache-2.0
"""What stands in deploy/kubernetes, before anything of it runs."""
import copy
import pathlib
import subprocess
import tempfile
import unittest

import manifests

OVERLAY = {'images': [{'name': 'ringwall', 'newName': 'registry.example/ringwall', 'newTag': 'other'}],
           'configMapGenerator': [{'name': 'ringwall', 'namespace': 'ringwall', 'behavior': 'replace', 'files': ['ringwall.yaml']}]}


class Manifests(unittest.TestCase):
    def test_kubernetes_knows_every_field(self):
        for documents in (manifests.render(), manifests.detaching()):
            for document in documents:
                self.assertEqual(manifests.understood(document), document)

    def test_a_field_that_it_does_not_know_would_be_seen(self):
        wrong = copy.deepcopy(manifests.of_kind('DaemonSet', manifests.render()))
        wrong['spec']['template']['spec']['hostNetwerk'] = True
        self.assertNotEqual(manifests.understood(wrong), wrong)

    def test_an_overlay_gives_its_own_image_and_configuration_under_the_name_that_the_pod_mounts(self):
        documents = manifests.render(OVERLAY, ringwall='version: 1\n')
        pod = manifests.template(documents)
        self.assertEqual(pod.container['image'], 'registry.example/ringwall:other')
        self.assertEqual(pod.files, {'ringwall.yaml': 'version: 1\n'})
        for each in (documents, manifests.render()):      # a name with a hash of the contents would begin new pods
            mounted = [v['configMap']['name'] for v in manifests.template(each).spec['volumes'] if 'configMap' in v]
            self.assertEqual([*mounted, manifests.of_kind('ConfigMap', each)['metadata']['name']], ['ringwall', 'ringwall'])

    def test_the_configuration_is_good_by_the_program_in_the_image(self):
        pod = manifests.template(manifests.render())
        with tempfile.TemporaryDirectory() as folder:
            for name, text in pod.files.items():
                (pathlib.Path(folder) / name).write_text(text, encoding='utf-8')
            done = subprocess.run(['podman', 'run', '--rm', '--network', 'none', '--volume', f'{folder}:/etc/ringwall:ro',
                                   pod.container['image'], 'check'], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
