# SPDX-License-Identifier: Apache-2.0
"""A wall under test: the real `ringwall` binary on the edge's `outer` interface, its commands, its death and return."""
import copy
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import yaml

from . import PATIENCE, janitor
from .topology import PROTECTED_NETWORKS, PROVIDER_NETWORKS, run

ROOT = pathlib.Path(__file__).resolve().parents[3]
READY = 'ringwall: ready'
_made = 0

# A configuration for tests: the design's smallest one, with a short drain.
DEFAULT = {
    'version': 1,
    'mode': 'enforce',
    'outside': ['outer'],
    'protect': {'networks': PROTECTED_NETWORKS, 'media_ports': '10000-20000'},
    'sip': {'udp': [5060], 'tcp': [5060], 'tls': [], 'ws': []},
    'peers': [{'name': 'provider', 'networks': PROVIDER_NETWORKS}],
    'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True,
               'limits': {'REGISTER': '15/min burst 4', 'INVITE': '600/min burst 100'}}],
    'timers': {'drain': '500ms', 'idle': '5m', 'held': '4h', 'early': '5m', 'bye': '32s', 'max_call': '24h',
               'tombstone': '60s'},
    'auto_reload': False,                         # tests say when (auto_reload_test.py)
}
# The same tests on another attachment: RINGWALL_ATTACH=native, generic or tc.
if 'RINGWALL_ATTACH' in os.environ:
    DEFAULT['attach'] = os.environ['RINGWALL_ATTACH']
DRAIN = 0.5


def binary():
    """The program under test: RINGWALL_BINARY, which ctest sets, else the release build."""
    return pathlib.Path(os.environ.get('RINGWALL_BINARY', ROOT / 'build/release/ringwall'))


class CommandFailed(RuntimeError):
    def __init__(self, command, done):
        super().__init__(f'ringwall {" ".join(command)}: exit {done.returncode}: {done.stderr.strip()}')
        self.returncode, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr


class Wall:
    """One wall in one namespace. Nothing runs until `start`."""

    def __init__(self, topology, changes=None):
        global _made
        self.namespace = topology.edge
        self.directory = janitor.scratch() / f'wall{_made}'
        _made += 1
        self.directory.mkdir(mode=0o755)
        # Mounted from outside any namespace of ours: inside `ip netns exec` it would vanish with the next exec.
        self._bpffs = self.directory / 'bpf'
        self._bpffs.mkdir()
        run('mount', '-t', 'bpf', f'rw-{os.getpid()}', self._bpffs)
        self.pin_path = self._bpffs / 'ringwall'
        self.socket = self.directory / 'ringwall.sock'
        self.config_path = self.directory / 'ringwall.yaml'
        self.log = self.directory / 'ringwall.log'
        self.process = None
        self.launcher = []                        # what the agent is started by, where by something
        self.build = None                         # another program than the one under test
        self.configure(changes)

    # configuration

    def configure(self, changes=None):
        """Writes DEFAULT with `changes` merged in (None removes a key)."""
        self.config = _merged(copy.deepcopy(DEFAULT), changes or {})
        self.write_config(yaml.safe_dump(self.config, sort_keys=False))

    def write_config(self, text):
        self.config_path.write_text(text, encoding='utf-8')

    # life

    def begin(self):
        """Starts the agent, and does not wait for it."""
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(
                self.namespace.command(*self.launcher, self.build or binary(), 'run', '--config', self.config_path,
                                       '--pin-path', self.pin_path, '--socket', self.socket),
                stdout=subprocess.PIPE, stderr=log, text=True)
        return self.process

    def start(self, timeout=60):
        """Starts the agent and waits until it says that it is ready."""
        self.begin()
        ready = threading.Event()
        threading.Thread(target=_drain_output, args=(self.process.stdout, self.log, ready), daemon=True).start()
        end = time.monotonic() + timeout * PATIENCE
        while not ready.wait(0.02):
            if self.process.poll() is not None:
                raise RuntimeError(f'ringwall run: exit {self.process.returncode}\n{self.log_tail()}')
            if time.monotonic() > end:
                raise RuntimeError(f'ringwall run: not ready after {timeout} s\n{self.log_tail()}')
        return self

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def worker(self):
        """Its process id; None while there is none."""
        return next(iter(_children(self.process.pid)), None)

    def kill(self):
        """kill -9 of the parent and its worker at once. The datapath stays."""
        for pid in [*_descendants(self.process.pid), self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(10 * PATIENCE)
        _until(lambda: not _others_with(self.socket), 5, 'the worker did not end with kill -9')

    def stop(self):
        """SIGTERM, as systemd does. The datapath stays."""
        if self.is_alive():
            self.process.terminate()
            self.process.wait(15 * PATIENCE)
        return self.process.returncode if self.process else None

    def detach(self):
        return self.command('detach', json_output=False)

    def close(self):
        """Takes everything down, politely first."""
        if self.is_alive():
            try:
                self.detach()
                self.process.wait(10)
            except (RuntimeError, subprocess.TimeoutExpired):
                self.kill()
        subprocess.run(['umount', '--lazy', str(self._bpffs)], capture_output=True, check=False)

    # commands

    def invoke(self, *words, timeout=30):
        """Runs `ringwall WORDS…` with this wall's paths; returns the finished process, whatever its exit code."""
        options = ['--config', self.config_path, '--pin-path', self.pin_path, '--socket', self.socket]
        return subprocess.run(self.namespace.command(binary(), *words, *options), capture_output=True, text=True,
                              check=False, timeout=timeout * PATIENCE)

    def command(self, *words, json_output=True):
        done = self.invoke(*words, *(['--json'] if json_output else []))
        if done.returncode != 0:
            raise CommandFailed(words, done)
        return json.loads(done.stdout) if json_output else done.stdout

    def status(self):
        return self.command('status')

    def attached(self):
        """The interfaces of `status` that are there."""
        return [each for each in self.status()['interfaces'] if each['ifindex']]

    def calls(self):
        return self.command('calls')

    def call(self, call_id):
        """The legs of one call, as `calls` lists them."""
        return [c for c in self.calls() if c['call_id'] == call_id]

    def pinholes(self, call_id=None):
        holes = self.command('pinholes')
        return holes if call_id is None else [h for h in holes if h['call_id'] == call_id]

    def pinhole(self, local):
        """The hole of a local (address, port), or None."""
        wanted = endpoint_text(*local)
        return next((h for h in self.pinholes() if h['local'] == wanted), None)

    def bans(self):
        """What `bans` lists, by source."""
        return {ban['source']: ban for ban in self.command('bans')}

    def lift_bans(self):
        for source in self.bans():
            self.invoke('bans', 'del', source)

    def reload(self):
        return self.command('reload', json_output=False)

    def reasons(self):
        """Verdict counters: packets by reason label."""
        return _packets_by_label(self.status()['verdicts'])

    def counters(self):
        """Everything else that `status` counts, by label: events of the datapath and of the core."""
        status = self.status()
        return {**_packets_by_label(status.get('events', {})), **_packets_by_label(status.get('core', {}))}

    def log_tail(self, lines=40):
        text = self.log.read_text(encoding='utf-8', errors='replace') if self.log.exists() else ''
        return '\n'.join(text.splitlines()[-lines:])


def endpoint_text(address, port):
    return f'[{address}]:{port}' if ':' in address else f'{address}:{port}'


def _packets_by_label(listing):
    """{label: n}, {label: {"packets": n}} or [{"reason"|"label": …, "packets"|"count": n}]: one mapping."""
    if isinstance(listing, dict):
        return {k: v.get('packets', 0) if isinstance(v, dict) else v for k, v in listing.items()}
    return {e.get('reason') or e.get('event') or e.get('counter'): e.get('packets', e.get('count', 0)) for e in listing}


def _merged(base, changes):
    for key, value in changes.items():
        if value is None:
            base.pop(key, None)
        elif isinstance(value, dict) and isinstance(base.get(key), dict):
            _merged(base[key], value)
        else:
            base[key] = value
    return base


def _drain_output(stream, log, ready):
    with log.open('a', encoding='utf-8') as copy_of:
        for line in stream:
            copy_of.write(line)
            copy_of.flush()
            if line.strip() == READY:
                ready.set()


def _children(pid):
    try:
        return [int(c) for c in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text(encoding='ascii').split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _descendants(pid):
    return [d for child in _children(pid) for d in [*_descendants(child), child]]


def _others_with(socket_path):
    """Processes whose command line names our control socket."""
    marked = str(socket_path).encode()
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                if marked in (entry / 'cmdline').read_bytes() and b'run' in (entry / 'cmdline').read_bytes():
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def _until(condition, seconds, complaint):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(complaint)
        time.sleep(0.01)
