# SPDX-License-Identifier: Apache-2.0
"""TCP on real sockets: listeners inside and outside, connections that may be refused, bytes that must arrive."""
import socket
import time

from . import PATIENCE
from .sip import Message, Phone


def _family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def listen(namespace, address, port):
    made = namespace.socket(_family(address), socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    made.listen(64)
    made.settimeout(5 * PATIENCE)
    return made


def begin(namespace, address, to, port=0):
    """A socket whose SYN is on its way: whether it is answered, nobody waits for."""
    made = namespace.socket(_family(address), socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    made.setblocking(False)
    made.connect_ex(to)
    return made


def connect(namespace, address, to, port=0):
    """A connection that must come about."""
    made = namespace.socket(_family(address), socket.SOCK_STREAM)
    made.bind((address, port))
    made.settimeout(5 * PATIENCE)
    made.connect(to)
    return made


def is_connected(made):
    try:
        made.getpeername()
    except OSError:
        return False
    return True


def receive(made, count):
    """Exactly `count` bytes; fewer where they do not come in time."""
    got = bytearray()
    end = time.monotonic() + 10 * PATIENCE
    while len(got) < count and (left := end - time.monotonic()) > 0:
        made.settimeout(left)
        try:
            part = made.recv(count - len(got))
        except socket.timeout:
            break
        if not part:
            break
        got += part
    return bytes(got)


class StreamPhone(Phone):
    """A phone on one end of a TCP connection: what it sends goes out in pieces of `piece` bytes."""

    def __init__(self, namespace, connection, user='phone', piece=0):
        self.namespace, self.user, self._socket, self._piece = namespace, user, connection, piece
        self.address, self.port = connection.getsockname()[:2]
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._backlog, self._bytes = [], b''

    def send(self, text, to):
        raw = text.replace('SIP/2.0/UDP', 'SIP/2.0/TCP').encode()
        self._socket.settimeout(5 * PATIENCE)
        step = self._piece or len(raw)
        for at in range(0, len(raw), step):
            self._socket.sendall(raw[at:at + step])

    def _receive(self, seconds, complaint):
        if seconds <= 0:
            raise TimeoutError(f'{complaint}; heard: {[m.start for m in self._backlog]}')
        self._socket.settimeout(seconds)
        try:
            self._bytes += self._socket.recv(65535)
        except socket.timeout:
            raise TimeoutError(f'{complaint}; heard: {[m.start for m in self._backlog]}') from None
        while message := self._whole():
            self._backlog.append(message)

    def _whole(self):
        head, found, rest = self._bytes.partition(b'\r\n\r\n')
        length = int(Message(head + found, None)['content-length'] or 0)
        if not found or len(rest) < length:
            return None
        self._bytes = rest[length:]
        return Message(head + found + rest[:length], self._socket.getpeername()[:2])
