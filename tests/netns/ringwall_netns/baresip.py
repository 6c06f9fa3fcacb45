# SPDX-License-Identifier: Apache-2.0
"""A soft phone: baresip, speaking a tone, told what to do by its control port."""
import json
import re
import socket
import struct
import wave

from . import PATIENCE, janitor
from .kamailio import Server
from .sip import uri_host

CONTROL_PORT = 4444
LINK = 'phone'
_made = 0

_CONFIG = """net_interface {link}
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module aufile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
audio_source aufile,{tone}
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
sip_verify_server no
ctrl_tcp_listen 127.0.0.1:{control}
"""


def _write_tone(path, seconds=120):
    """A square wave of 440 Hz, as telephones sample it."""
    with wave.open(str(path), 'wb') as tone:
        tone.setnchannels(1)
        tone.setsampwidth(2)
        tone.setframerate(8000)
        second = [4000 if n * 880 // 8000 % 2 else -4000 for n in range(8000)]
        tone.writeframes(struct.pack('<8000h', *second) * seconds)


class Baresip(Server):
    """One phone: `account` is a line of its accounts file, `lines` go into its configuration."""

    def __init__(self, namespace, address, link, account, lines=''):
        global _made
        self.namespace, self._control = namespace, None
        directory = janitor.scratch() / f'baresip{_made}'
        _made += 1
        directory.mkdir()
        _write_tone(directory / 'tone.wav')
        config = _CONFIG.format(control=CONTROL_PORT, link=link, tone=directory / 'tone.wav') + lines
        (directory / 'config').write_text(config, encoding='utf-8')
        (directory / 'accounts').write_text(account + ';regint=0;audio_codecs=pcmu\n', encoding='utf-8')
        (directory / 'contacts').write_text('', encoding='utf-8')
        family = '-6' if ':' in address else '-4'
        namespace.run('ip', 'link', 'set', 'lo', 'up')     # of its control port
        super().__init__(namespace, 'baresip', 'baresip', family, '-f', directory)

    def is_ready(self):
        if self._control is None:
            made = self.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
            made.settimeout(5 * PATIENCE)
            try:
                made.connect(('127.0.0.1', CONTROL_PORT))
            except OSError:
                made.close()
                return False
            self._control, self._bytes = made, b''
        return True

    def command(self, name, params=''):
        """Gives one command; returns what it printed. Netstrings of JSON, events between the answers."""
        order = json.dumps({'command': name, 'params': params, 'token': name}).encode()
        self._control.sendall(b'%d:%s,' % (len(order), order))
        while True:
            answer = self._next()
            if answer.get('response') and answer.get('token') == name:
                return answer['data']

    def packets_received(self):
        """RTP packets of the current call that came to it."""
        return sum(int(count) for count in re.findall(r'rcvd=(\d+)', self.command('audio_debug')))

    def stop(self):
        if self._control is not None:
            self._control.close()
        super().stop()

    def _next(self):
        while True:
            length, colon, rest = self._bytes.partition(b':')
            if colon and len(rest) > int(length):
                self._bytes = rest[int(length) + 1:]
                return json.loads(rest[:int(length)])
            part = self._control.recv(65536)
            if not part:
                raise RuntimeError(f'baresip has gone: {self.log_tail()}')
            self._bytes += part


def tls_phone(topology, address, proxy):
    """Outside at `address`, its outbound proxy at `proxy`:5061 over TLS."""
    # baresip names the first address of its interface, and connects from the one that the default route prefers: the
    # address moves to an interface of its own.
    gateway, family = ('fe80::1', '-6') if ':' in address else ('169.254.0.1', '-4')
    for words in (['link', 'add', LINK, 'type', 'veth', 'peer', 'name', f'{LINK}-end'],
                  ['link', 'set', f'{LINK}-end', 'up'], ['link', 'set', LINK, 'up'],
                  ['addr', 'del', f'{address}/{128 if ":" in address else 32}', 'dev', 'eth0'],
                  ['addr', 'add', address, 'dev', LINK, *(['nodad'] if ':' in address else [])],
                  [family, 'route', 'replace', 'default', 'via', gateway, 'dev', 'eth0', 'onlink', 'src', address]):
        topology.outside.run('ip', *words)
    at = uri_host(proxy)
    return Baresip(topology.outside, address, LINK, f'<sip:roamer@{at}>;outbound="sip:{at}:5061;transport=tls"')


def phone_behind_nat(topology, address, server, ports):
    """Inside at `address`, the first of its interface; asks the STUN server where each of its media ports is seen."""
    return Baresip(topology.inside, address, 'eth0', f'<sip:desk@{address}>;medianat=stun;stunserver="stun:{server}"',
                   f'sip_listen {address}:5060\nrtp_ports {ports[0]}-{ports[-1]}\nmodule stun.so\n')
