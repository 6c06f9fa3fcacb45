# SPDX-License-Identifier: Apache-2.0
"""The DaemonSet's pod on a node that is a network namespace: podman runs it with what the manifest says, read from there."""
import json
import os
import pathlib
import shutil
import subprocess

import manifests
from ringwall_netns import PATIENCE
from ringwall_netns.topology import run
from ringwall_netns.wall import Wall, _children

# What only the scheduler, the API server or kubelet's housekeeping reads.
OF_THE_CLUSTER = {'automountServiceAccountToken', 'dnsPolicy', 'enableServiceLinks', 'nodeSelector', 'priorityClassName', 'tolerations'}
OF_KUBELET = {'name', 'imagePullPolicy', 'ports', 'resources', 'startupProbe', 'livenessProbe', 'readinessProbe'}
NOT_HERE = {'appArmorProfile', 'seLinuxOptions'}  # of other kernels than this one
_made = 0


def daemonset():
    return manifests.template(manifests.render())


def runtime_default(path):
    """The default seccomp profile as containerd has it since 1.7: that of Debian 12's podman, with bpf(2) by CAP_BPF."""
    profile = json.loads(pathlib.Path('/usr/share/containers/seccomp.json').read_text(encoding='utf-8'))
    for rule in profile['syscalls']:
        if rule['action'] == 'SCMP_ACT_ERRNO':
            rule['names'] = [name for name in rule['names'] if name != 'bpf']
    profile['syscalls'].append({'names': ['bpf'], 'action': 'SCMP_ACT_ALLOW', 'args': [], 'includes': {'caps': ['CAP_BPF']}, 'excludes': {}})
    path.write_text(json.dumps(profile), encoding='utf-8')
    return path


class Pod(Wall):
    """A wall whose agent is the container of `template`. Commands are asked as by `kubectl exec`."""

    def __init__(self, topology, changes=None, template=None):
        self.template = template or daemonset()
        self.generation, self.name, self.beside = 0, None, {}
        self.host_path = None                     # what stands for the node's /sys/fs/bpf: a BPF file system, unless said
        self.seccomp = None
        super().__init__(topology, changes)
        self.empty = self.directory / 'empty'
        self.seccomp = runtime_default(self.directory / 'seccomp.json')
        self.host_path = self._bpffs

    def write_config(self, text):
        """As kubelet changes a ConfigMap's volume: a new folder, and the link `..data` put in the place of the old one. `beside`
        are its other files."""
        volume = self.directory / 'configmap'
        volume.mkdir(exist_ok=True)
        self.generation += 1
        folder = volume / f'..{self.generation}'
        folder.mkdir()
        files = {'ringwall.yaml': text, **self.beside}
        for name, contents in files.items():
            (folder / name).write_text(contents, encoding='utf-8')
        (volume / '..data_tmp').symlink_to(folder.name)
        os.replace(volume / '..data_tmp', volume / '..data')
        for name in files:
            if not (volume / name).is_symlink():
                (volume / name).symlink_to(f'..data/{name}')

    # life

    def begin(self):
        global _made
        _made += 1
        self.name = f'rw-pod{_made}-{os.getpid()}'
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(['podman', 'run', '--rm', '--pull', 'never', '--name', self.name, *self._options()],
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        return self.process

    def stop(self):
        """As kubelet ends a pod: its emptyDir ends with it."""
        run('podman', 'stop', '--time', self.template.spec['terminationGracePeriodSeconds'], self.name)
        shutil.rmtree(self.empty)
        return self.process.wait(15 * PATIENCE)

    def kill(self):
        """The container dies. What is started next is the same pod's."""
        run('podman', 'kill', self.name)
        self.process.wait(15 * PATIENCE)

    def update(self, template=None):
        """The rolling update of this node: the old pod ends, and then the new one begins."""
        self.stop()
        self.template = template or self.template
        return self.begin() if template else self.start()

    def close(self):
        subprocess.run(['podman', 'rm', '--force', '--ignore', '--time', '1', self.name or 'none'], capture_output=True, check=False)
        subprocess.run(['umount', '--lazy', str(self._bpffs)], capture_output=True, check=False)

    def main_pid(self):
        return int(run('podman', 'inspect', '--format', '{{.State.Pid}}', self.name))

    def worker(self):
        return next(iter(_children(self.main_pid())), None)

    # questions

    def invoke(self, *words, timeout=30):
        return self.execute('ringwall', *words, timeout=timeout)

    def execute(self, *command, timeout=30):
        return subprocess.run(['podman', 'exec', self.name, *map(str, command)], capture_output=True, text=True, check=False,
                              timeout=timeout * PATIENCE)

    def is_good(self, probe):
        """What kubelet finds by `startupProbe`, `livenessProbe` or `readinessProbe`: as it asks, from the node."""
        how = self.template.container[probe]
        if 'exec' in how:
            return self.execute(*how['exec']['command']).returncode == 0
        get, patience = how['httpGet'], how.get('timeoutSeconds', 1)
        host = f'[{get["host"]}]' if ':' in get['host'] else get['host']
        done = subprocess.run(self.namespace.command('curl', '-fsS', '--max-time', patience,
                                                     f'http://{host}:{get["port"]}{get["path"]}'), capture_output=True, check=False)
        return done.returncode == 0

    # from the manifest to podman

    def _options(self):
        """A field that nobody here knows is an error, and not left out."""
        spec, container = dict(self.template.spec), dict(self.template.container)
        assert spec.pop('hostNetwork') is True
        options = ['--network', f'ns:{self.namespace.path}', *self._security(container.pop('securityContext')),
                   *self._mounts(container.pop('volumeMounts'), {v['name']: v for v in spec.pop('volumes')}),
                   '--env', 'KUBERNETES_SERVICE_HOST=192.0.2.1']  # kubelet's
        if 'command' in container:
            options += ['--entrypoint', json.dumps(container.pop('command'))]
        words = [*options, container.pop('image'), *container.pop('args', [])]
        left = spec.keys() - OF_THE_CLUSTER - {'containers', 'terminationGracePeriodSeconds'} | container.keys() - OF_KUBELET
        assert not left, f'the test does not know {left}'
        return list(map(str, words))

    def _security(self, context):
        capabilities = context['capabilities']
        options = ['--user', context['runAsUser'], *(f'--cap-drop={name}' for name in capabilities['drop']),
                   *(f'--cap-add={name}' for name in capabilities['add'])]
        if context['seccompProfile']['type'] == 'RuntimeDefault' and self.seccomp:
            options += ['--security-opt', f'seccomp={self.seccomp}']
        if context['allowPrivilegeEscalation'] is False:
            options += ['--security-opt', 'no-new-privileges']
        if context['readOnlyRootFilesystem']:
            options += ['--read-only', '--read-only-tmpfs=false']
        left = context.keys() - NOT_HERE - {'runAsUser', 'capabilities', 'seccompProfile', 'allowPrivilegeEscalation', 'readOnlyRootFilesystem'}
        assert not left, f'the test does not know {left}'
        return options

    def _mounts(self, mounts, volumes):
        options = []
        for mount in mounts:
            assert not mount.keys() - {'name', 'mountPath', 'readOnly', 'mountPropagation'}, f'the test does not know {mount}'
            volume, path = volumes[mount['name']], mount['mountPath']
            if 'configMap' in volume:
                source = self.directory / 'configmap'
            elif 'emptyDir' in volume:
                source = self.empty
                source.mkdir(exist_ok=True)
            else:
                assert volume['hostPath']['path'] == '/sys/fs/bpf', f'the test does not know {volume}'
                source = self.host_path
            flags = (['ro'] if mount.get('readOnly') else []) + (['rslave'] if mount.get('mountPropagation') == 'HostToContainer' else [])
            options += ['--volume', f'{source}:{path}' + (f':{",".join(flags)}' if flags else '')]
        return options
