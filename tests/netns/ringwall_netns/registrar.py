# SPDX-License-Identifier: Apache-2.0
"""A small PBX inside, on a real socket and a thread: asks for passwords (RFC 2617 digest), keeps nobody waiting.

REGISTER and INVITE of an account that is there are challenged, of any other refused with 404 (INVITE) or challenged for
ever (REGISTER), OPTIONS answered. What has come is counted by source and method.
"""
import collections
import hashlib
import re
import socket
import threading
import uuid

from . import sip

PARAMETER = re.compile(r'(\w+)="?([^",]*)"?')


def digest(user, realm, password, method, uri, nonce):
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()
    return md5(f'{md5(f"{user}:{realm}:{password}")}:{nonce}:{md5(f"{method}:{uri}")}')


def credentials(user, password, method, uri, challenge):
    """The Authorization line that answers a WWW-Authenticate value."""
    asked = dict(PARAMETER.findall(challenge))
    response = digest(user, asked['realm'], password, method, uri, asked['nonce'])
    return (f'Authorization: Digest username="{user}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", '
            f'uri="{uri}", response="{response}"')


class Registrar:
    def __init__(self, namespace, address, accounts, port=5060):
        self.accounts, self.address, self.port = accounts, address, port
        self.endpoint = (address, port)
        self._socket = namespace.udp(address, port)
        self._lock = threading.Lock()
        self._heard = collections.Counter()
        self._is_over = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def heard(self, address=None, method=None):
        """How many requests have come, of an address, of a method."""
        with self._lock:
            return sum(n for (a, m), n in self._heard.items() if address in (None, a) and method in (None, m))

    def close(self):
        self._is_over = True
        self._thread.join()
        self._socket.close()

    def _serve(self):
        self._socket.settimeout(0.1)
        while not self._is_over:
            try:
                raw, source = self._socket.recvfrom(65535)
            except socket.timeout:
                continue
            message = sip.Message(raw, source[:2])
            if message.method:
                with self._lock:
                    self._heard[source[0], message.method] += 1
                if answer := self._answer(message):
                    self._socket.sendto(answer.encode(), source)

    def _answer(self, message):
        if message.method == 'ACK':
            return None
        tag = uuid.uuid4().hex[:12]
        if message.method == 'OPTIONS':
            return sip.response(200, message, tag=tag)
        found = re.search(r'sips?:([^@>;]+)@', message['to'])
        user = found[1] if found else ''
        if message.method == 'INVITE' and user not in self.accounts:
            return sip.response(404, message, tag=tag)
        if self._has_password(message, user):
            contact = message['contact'].split(';expires')[0]
            extra = [f'Contact: {contact};expires={message["expires"] or 600}'] if message['expires'] != '0' else []
            return sip.response(200, message, tag=tag, extra=extra)
        return sip.response(401, message, tag=tag, extra=[
            f'WWW-Authenticate: Digest realm="ringwall.test", nonce="{uuid.uuid4().hex}", algorithm=MD5'])

    def _has_password(self, message, user):
        given = dict(PARAMETER.findall(message['authorization']))
        if not given or user not in self.accounts:
            return False
        wanted = digest(user, given['realm'], self.accounts[user], message.method, given['uri'], given['nonce'])
        return given['response'] == wanted


class Telephone:
    """Registers, with the right password or a wrong one, from a Phone outside."""

    def __init__(self, phone, registrar, user, password):
        self.phone, self.registrar, self.user, self.password = phone, registrar, user, password
        self.uri = f'sip:{sip.uri_host(registrar.address)}'
        self.challenge = None

    def ask(self, timeout=1.0):
        """A REGISTER without credentials; the next `register` answers its challenge."""
        return self._send(600, [], timeout)

    def register(self, password=None, expires=600, timeout=1.0):
        """The final status of one try with the password, or None where no answer comes."""
        if self.challenge is None and self._send(expires, [], timeout) is None:
            return None
        line = credentials(self.user, password or self.password, 'REGISTER', self.uri, self.challenge)
        return self._send(expires, [line], timeout)

    def _send(self, expires, extra, timeout):
        call_id = sip.new_call_id()
        who = f'<sip:{self.user}@{sip.uri_host(self.registrar.address)}>'
        self.phone.send(sip.request('REGISTER', self.uri, via=self.phone.host_port, frm=f'{who};tag={sip.new_tag()}',
                                    to=who, call_id=call_id, cseq=1, contact=f'{self.user}@{self.phone.host_port}',
                                    extra=[f'Expires: {expires}', *extra]), self.registrar.endpoint)
        try:
            answer = self.phone.expect(None, call_id, timeout)
        except TimeoutError:
            return None
        self.challenge = answer['www-authenticate'] or None
        return answer.status
