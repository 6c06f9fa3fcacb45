# SPDX-License-Identifier: Apache-2.0
"""STUN as ICE uses it (RFC 8489, RFC 8445): as much of it as a firewall between two agents sees."""
import os
import struct

COOKIE = 0x2112a442
REQUEST, SUCCESS = 0x0001, 0x0101
_USERNAME, _PRIORITY, _INTEGRITY = 0x0006, 0x0024, 0x0008


def check(username):
    """A Binding request as an ICE agent sends it; nobody here verifies its integrity."""
    return _message(REQUEST, [(_PRIORITY, bytes(4)), (_USERNAME, username.encode()), (_INTEGRITY, bytes(20))])


def success(request):
    return _message(SUCCESS, [(_INTEGRITY, bytes(20))], request[8:20])


def is_request(raw):
    return len(raw) >= 20 and struct.unpack('!HHI', raw[:8])[::2] == (REQUEST, COOKIE)


def is_success(raw):
    return len(raw) >= 20 and struct.unpack('!HHI', raw[:8])[::2] == (SUCCESS, COOKIE)


def _message(kind, attributes, transaction=None):
    body = b''.join(struct.pack('!HH', number, len(value)) + value + bytes(-len(value) % 4) for number, value in attributes)
    return struct.pack('!HHI', kind, len(body), COOKIE) + (transaction or os.urandom(12)) + body


def lines(ufrag, *endpoints):
    """The SDP lines of an agent with these host candidates, (address, port) each."""
    return [f'a=ice-ufrag:{ufrag}', 'a=ice-pwd:asd88fgpdd777uzjYhagZg',
            *(f'a=candidate:{n} 1 UDP 2130706431 {address} {port} typ host' for n, (address, port) in enumerate(endpoints))]
