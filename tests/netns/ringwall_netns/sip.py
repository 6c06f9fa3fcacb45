# SPDX-License-Identifier: Apache-2.0
"""SIP by hand: messages as text with full control, phones on real sockets, and calls whose every step a test decides.

Nothing is sent twice or answered by itself: what a test does not do does not happen.
"""
import itertools
import socket
import time
import uuid

from . import PATIENCE

_numbers = itertools.count(1)


def uri_host(address):
    return f'[{address}]' if ':' in address else address


class Message:
    """A received message: start line, headers (first value wins in `[]`, all in `all`), body."""

    def __init__(self, raw, source):
        self.raw, self.source = raw, source
        head, _, self.body = raw.decode('utf-8', 'replace').partition('\r\n\r\n')
        lines = head.split('\r\n')
        self.start, self.headers = lines[0], []
        for line in lines[1:]:
            name, _, value = line.partition(':')
            name = name.strip().lower()
            self.headers.append((_COMPACT.get(name, name), value.strip()))

    @property
    def status(self):
        """Of a response; None for requests and for what is no SIP."""
        code = self.start[8:11]
        return int(code) if self.start.startswith('SIP/2.0 ') and code.isdigit() else None

    @property
    def method(self):
        return None if self.status else self.start.split(' ')[0]

    def all(self, name):
        return [v for n, v in self.headers if n == name.lower()]

    def __getitem__(self, name):
        """The first value of a header, '' where there is none."""
        return next(iter(self.all(name)), '')

    def tag(self, name):
        _, found, tag = self[name].partition(';tag=')
        return tag.split(';')[0] if found else None

    def is_a(self, wanted):
        return wanted in (self.status, self.method)


def request(method, uri, *, via, frm, to, call_id, cseq, contact=None, body='', content_type='application/sdp',
            branch=None, extra=()):
    """A request as text. `via` and `contact` are host:port, `frm` and `to` whole header values."""
    lines = [f'{method} {uri} SIP/2.0',
             f'Via: SIP/2.0/UDP {via};branch={branch or new_branch()};rport',
             'Max-Forwards: 70', f'From: {frm}', f'To: {to}', f'Call-ID: {call_id}', f'CSeq: {cseq} {method}']
    if contact:
        lines.append(f'Contact: <sip:{contact}>')
    return _finish([*lines, *extra], body, content_type)


def response(status, to_message, *, tag=None, contact=None, body='', content_type='application/sdp', extra=()):
    """The response to a received request: its Vias, From, Call-ID and CSeq, and To with our tag."""
    to = to_message['to']
    if tag and ';tag=' not in to:
        to += f';tag={tag}'
    lines = [f'SIP/2.0 {status} {_PHRASES.get(status, "Because")}']
    lines += [f'Via: {via}' for via in to_message.all('via')]
    lines += [f'Record-Route: {route}' for route in to_message.all('record-route')]
    lines += [f'From: {to_message["from"]}', f'To: {to}', f'Call-ID: {to_message["call-id"]}', f'CSeq: {to_message["cseq"]}']
    if contact:
        lines.append(f'Contact: <sip:{contact}>')
    return _finish([*lines, *extra], body, content_type)


def new_branch():
    return f'z9hG4bK-{uuid.uuid4().hex[:16]}'


def new_tag():
    return uuid.uuid4().hex[:10]


def new_call_id():
    return f'{next(_numbers)}-{uuid.uuid4().hex[:12]}@ringwall.test'


def sdp(address, *ports, direction=None, rtcp=None, mux=False, payloads=(0, 101), media_type='audio', lines=(),
        media_address=None):
    """An offer or answer: one m-line a port, all at `address` (`media_address`: c= stands in each m-line instead)."""
    family = 'IP6' if ':' in (media_address or address) else 'IP4'
    text = ['v=0', f'o=- {next(_numbers)} 1 IN {"IP6" if ":" in address else "IP4"} {address}', 's=-']
    if not media_address:
        text.append(f'c=IN {family} {address}')
    text.append('t=0 0')
    for port in ports:
        text.append(f'm={media_type} {port} RTP/AVP {" ".join(map(str, payloads))}')
        if media_address:
            text.append(f'c=IN {family} {media_address}')
        text += [f'a={direction}'] if direction else []
        text += [f'a=rtcp:{rtcp}'] if rtcp else []
        text += ['a=rtcp-mux'] if mux else []
        text += lines
    return '\r\n'.join(text) + '\r\n'


class Phone:
    """A UDP SIP endpoint on a real socket: sends what it is told, keeps what it receives until somebody asks."""

    def __init__(self, namespace, address, port=5060, user='phone'):
        self.namespace, self.address, self.port, self.user = namespace, address, port, user
        self._socket = namespace.udp(address, port)
        self._backlog = []

    @property
    def host_port(self):
        return f'{uri_host(self.address)}:{self.port}'

    @property
    def uri(self):
        return f'sip:{self.user}@{self.host_port}'

    @property
    def endpoint(self):
        return (self.address, self.port)

    def send(self, text, to):
        self._socket.sendto(text if isinstance(text, bytes) else text.encode(), to)

    def expect(self, wanted, call_id=None, timeout=5.0, matching=None):
        """The next message that is `wanted` (a method or a status; None: any response) of that call; others wait their
        turn."""
        def fits(message):
            return ((message.status if wanted is None else message.is_a(wanted)) and (call_id is None or message['call-id'] == call_id)
                    and (matching is None or matching(message)))
        end = time.monotonic() + timeout * PATIENCE
        while True:
            for message in self._backlog:
                if fits(message):
                    self._backlog.remove(message)
                    return message
            self._receive(end - time.monotonic(), f'{self.user} waited for {wanted}')

    def expect_bytes(self, fits, timeout=5.0):
        """The next datagram that `fits` by its raw bytes: for what is no readable SIP."""
        end = time.monotonic() + timeout * PATIENCE
        while True:
            for message in self._backlog:
                if fits(message.raw):
                    self._backlog.remove(message)
                    return message.raw
            self._receive(end - time.monotonic(), f'{self.user} waited for a datagram')

    def hears(self, wanted, call_id=None, timeout=0.5):
        """Whether such a message comes within the time."""
        try:
            self.expect(wanted, call_id, timeout)
            return True
        except TimeoutError:
            return False

    def count(self, fits=lambda message: True):
        """How many messages that fit have come and were not asked for yet; they are forgotten."""
        self._socket.setblocking(False)
        try:
            while True:
                self._keep(*self._socket.recvfrom(65535))
        except BlockingIOError:
            pass
        found = [m for m in self._backlog if fits(m)]
        self._backlog = [m for m in self._backlog if not fits(m)]
        return len(found)

    def close(self):
        self._socket.close()

    def _receive(self, seconds, complaint):
        if seconds <= 0:
            raise TimeoutError(f'{complaint}; heard: {[m.start for m in self._backlog]}')
        self._socket.settimeout(seconds)
        try:
            self._keep(*self._socket.recvfrom(65535))
        except socket.timeout:
            raise TimeoutError(f'{complaint}; heard: {[m.start for m in self._backlog]}') from None

    def _keep(self, raw, source):
        self._backlog.append(Message(raw, source[:2]))


def _finish(lines, body, content_type):
    if body:
        lines.append(f'Content-Type: {content_type}')
    lines.append(f'Content-Length: {len(body.encode())}')
    return '\r\n'.join(lines) + '\r\n\r\n' + body


# RFC 3261 7.3.3
_COMPACT = {'v': 'via', 'f': 'from', 't': 'to', 'i': 'call-id', 'm': 'contact', 'c': 'content-type', 'l': 'content-length'}
_PHRASES = {100: 'Trying', 180: 'Ringing', 183: 'Session Progress', 200: 'OK', 401: 'Unauthorized',
            407: 'Proxy Authentication Required', 486: 'Busy Here', 487: 'Request Terminated', 488: 'Not Acceptable Here',
            491: 'Request Pending', 481: 'Call/Transaction Does Not Exist'}
