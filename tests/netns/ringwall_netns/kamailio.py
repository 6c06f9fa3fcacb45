# SPDX-License-Identifier: Apache-2.0
"""Kamailio as the proxy inside, alone or with rtpengine as its media relay, and calls that go through it."""
import os
import pathlib
import signal
import socket
import subprocess
import time

from . import PATIENCE, janitor
from .call import Call
from .sip import uri_host
from .topology import run
from .wall import ROOT, binary

CONFIG = pathlib.Path(__file__).resolve().parents[1] / 'kamailio' / 'proxy.cfg'
CONTROL = ('127.0.0.1', 22222)                    # rtpengine's, as proxy.cfg names it
_made = 0


class Server:
    """A daemon in the foreground, in a session of its own, so that its children end with it."""

    def __init__(self, namespace, name, *command, path=''):
        """`path`: where it finds programs before all other places."""
        global _made
        self.log = janitor.scratch() / f'{name}{_made}.log'
        _made += 1
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(namespace.command(*command), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, start_new_session=True,
                                            env={**os.environ, 'PATH': f'{path}:{os.environ["PATH"]}'} if path else None)

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                os.killpg(self.process.pid, number)
                try:
                    self.process.wait(5 * PATIENCE)
                except subprocess.TimeoutExpired:
                    pass

    def log_tail(self, lines=20):
        return '\n'.join(self.log.read_text(errors='replace').splitlines()[-lines:])


class Kamailio(Server):
    """Listens at `address`:5060, UDP and TCP; with `is_tls` at 5061 too, with a certificate that it has just made. Tells
    `wall` of its ports, where there is one, as the documentation says."""

    def __init__(self, namespace, address, *, has_relay=False, is_tls=False, wall=None):
        self.endpoint = (address, 5060)
        at = f'{uri_host(address)}'
        directory = janitor.scratch() / 'kamailio'
        directory.mkdir(exist_ok=True)
        words = ['-A', 'MEDIA_RELAY'] if has_relay else []
        if is_tls:
            words += ['-l', f'tls:{at}:5061', '-A', f'CERTIFICATE="{_certificate(directory, address)}"']
        config = CONFIG
        if wall:
            words += ['-A', 'WALL_RECIPE']
            config = directory / 'with_recipe.cfg'
            config.write_text(CONFIG.read_text(encoding='utf-8') + recipe().replace('192.0.2.10', at), encoding='utf-8')
            command = directory / 'ringwall'
            command.write_text(f'#!/bin/sh\nexec {binary()} "$@" --socket {wall.socket}\n', encoding='utf-8')
            command.chmod(0o755)
        super().__init__(namespace, 'kamailio', 'kamailio', '-DD', '-E', '-f', config, '-Y', directory, '-m', '64',
                         '-l', f'udp:{at}:5060', '-l', f'tcp:{at}:5060', *words, path=directory if wall else '')


def recipe():
    """What docs/opaque-signalling.md says, to the letter."""
    section = (ROOT / 'docs/opaque-signalling.md').read_text(encoding='utf-8').split('## Kamailio')[1]
    return '\n' + section.split('```')[1]


def _certificate(directory, address):
    """Key and certificate in one file, of one day."""
    key, made = directory / 'key.pem', directory / 'tls.pem'
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
        '-subj', '/CN=ringwall.test', '-addext', f'subjectAltName=IP:{address}', '-keyout', key, '-out', made)
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made


class Rtpengine(Server):
    """Relays media at `addresses`, without its kernel module. Made once it answers: a Kamailio that starts before that does
    without it, and says nothing."""

    def __init__(self, namespace, *addresses, ports=(16000, 17000)):
        interfaces = [f'--interface={address}' for address in addresses]
        super().__init__(namespace, 'rtpengine', 'rtpengine', '--foreground', '--log-stderr', '--config-file=none',
                         '--table=-1', f'--listen-ng={CONTROL[0]}:{CONTROL[1]}', f'--port-min={ports[0]}',
                         f'--port-max={ports[1]}', *interfaces)
        with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            control.settimeout(0.1)
            end = time.monotonic() + 20 * PATIENCE
            while not self._answers(control):
                if time.monotonic() > end or self.process.poll() is not None:
                    self.stop()
                    raise RuntimeError(f'rtpengine does not answer:\n{self.log_tail()}')

    @staticmethod
    def _answers(control):
        control.sendto(b'1 d7:command4:pinge', CONTROL)
        try:
            return b'pong' in control.recv(100)
        except OSError:                           # not yet: a timeout, or nobody there
            return False


class ProxiedCall(Call):
    """A call whose every request goes to the proxy, and within the dialog by the route that the proxy recorded."""

    def __init__(self, proxy, caller, callee, **options):
        super().__init__(caller, callee, **options)
        self.proxy, self.routes = proxy, {'caller': [], 'callee': []}

    def send(self, method, side='caller', **options):
        options.setdefault('to', self.proxy)
        if method != 'CANCEL':
            options['extra'] = [*options.get('extra', ()), *(f'Route: {route}' for route in self.routes[side])]
        return super().send(method, side, **options)

    def invite(self, *arguments, **options):
        received = super().invite(*arguments, **options)
        self.routes['callee'] = received.all('record-route')
        return received

    def answer(self, *arguments, **options):
        received = super().answer(*arguments, **options)
        self.routes['caller'] = received.all('record-route')[::-1]
        return received
