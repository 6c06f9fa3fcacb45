# SPDX-License-Identifier: Apache-2.0
"""What `kubectl apply -k` would send: deploy/kubernetes, or an overlay of it, as kustomize renders it."""
import dataclasses
import json
import pathlib
import shutil
import subprocess
import tempfile
import types

import yaml
from kubernetes import client

KUBERNETES = pathlib.Path(__file__).resolve().parents[2] / 'deploy/kubernetes'
MODELS = {'Namespace': 'V1Namespace', 'ConfigMap': 'V1ConfigMap', 'DaemonSet': 'V1DaemonSet'}


def render(overlay=None, **files):
    """Every object; of an overlay in a folder beside, with these files in it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        shutil.copytree(KUBERNETES, folder / 'base')
        (folder / 'overlay').mkdir()
        for name, text in {'kustomization.yaml': yaml.safe_dump({'resources': ['../base'], **(overlay or {})}),
                           **{f'{name}.yaml': text for name, text in files.items()}}.items():
            (folder / 'overlay' / name).write_text(text, encoding='utf-8')
        done = subprocess.run(['kustomize', 'build', folder / 'overlay'], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return list(yaml.safe_load_all(done.stdout))


def detaching():
    """With the patch that takes the wall down. kubectl merges it by the same rules."""
    return render({'patches': [{'path': 'detach.yaml'}]}, detach=(KUBERNETES / 'detach.yaml').read_text(encoding='utf-8'))


def understood(document):
    """The document as Kubernetes' own model holds it: a field that the model has not is lost."""
    api = client.ApiClient()
    answer = types.SimpleNamespace(data=json.dumps(document))
    return api.sanitize_for_serialization(api.deserialize(answer, MODELS[document['kind']]))


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
