# SPDX-License-Identifier: Apache-2.0
"""TCP on real sockets: listeners inside and outside, connections that may be refused, bytes that must arrive."""
import socket
import time

from . import PATIENCE


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
