# SPDX-License-Identifier: Apache-2.0
"""What `helm install` would send: deploy/helm/ringwall as helm renders it with some values, and what Kubernetes makes of it."""
import dataclasses
import json
import pathlib
import subprocess
import tempfile

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / 'deploy/helm/ringwall'
RELEASE, NAMESPACE = 'ringwall', 'voip'


class Loader(yaml.SafeLoader):
    """YAML as Kubernetes takes it: a key that stands twice is a mistake."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError(f'twice: {sorted(k for k in set(keys) if keys.count(k) > 1)}')
        return super().construct_mapping(node, deep)


def helm(command, *words, values=None):
    """`helm COMMAND WORDS...`, with these values from a file."""
    with tempfile.NamedTemporaryFile('w', suffix='.yaml', encoding='utf-8') as file:
        yaml.safe_dump(values or {}, file, allow_unicode=True)
        file.flush()
        return subprocess.run(['helm', command, *map(str, words), '--values', file.name], capture_output=True, text=True, check=False)


def render(values=None, *words, release=RELEASE):
    """Every object of the release."""
    done = helm('template', release, CHART, '--namespace', NAMESPACE, *words, values=values)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return [document for document in yaml.load_all(done.stdout, Loader) if document]


def refusal(values=None, *words):
    """What helm says of values that cannot work."""
    done = helm('template', RELEASE, CHART, *words, values=values)
    assert done.returncode != 0, f'{values} is taken'
    return done.stderr


def understood(daemonset):
    """The DaemonSet as Kubernetes' own types hold it, which kubectl reads it into: a field that they have not is lost. Raises
    where a value is of another kind than theirs. (kubectl shows it only if there is something to change.)"""
    done = subprocess.run(['kubectl', 'set', 'env', '--local', '--filename', '-', '--output', 'json', 'SEEN=yes'], input=json.dumps(daemonset),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    seen = json.loads(done.stdout)
    for container in seen['spec']['template']['spec']['containers']:
        assert container.pop('env') == [{'name': 'SEEN', 'value': 'yes'}]
    return seen


def lost(wanted, present, path=''):
    """The places of `wanted` that `present` has not, or has otherwise."""
    if isinstance(wanted, dict) and isinstance(present, dict):
        return [place for key in wanted for place in lost(wanted[key], present.get(key), f'{path}/{key}')]
    if isinstance(wanted, list) and isinstance(present, list) and len(wanted) == len(present):
        return [place for i, (one, other) in enumerate(zip(wanted, present)) for place in lost(one, other, f'{path}/{i}')]
    return [] if wanted == present else [path]


def of_kind(kind, documents):
    return next(d for d in documents if d['kind'] == kind)


@dataclasses.dataclass
class Template:
    """The DaemonSet's pod, with its one container, and the ConfigMap's files."""
    spec: dict
    files: dict

    @property
    def container(self):
        return self.spec['containers'][0]


def template(documents):
    spec = of_kind('DaemonSet', documents)['spec']['template']['spec']
    assert len(spec['containers']) == 1
    return Template(spec, of_kind('ConfigMap', documents)['data'])
