# SPDX-License-Identifier: Apache-2.0
"""Frames as an attacker composes them: headers that a host follows, in more ways than anybody would, around a UDP datagram
or a SYN that the host takes. Every checksum is right, so that only a filter stands in the way."""
import socket
import struct

UDP, TCP, HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 17, 6, 0, 43, 44, 60
SYN = 2


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _sealed(protocol, segment, at, source, destination, length=None):
    """The segment with its checksum at that place; `length` is what the pseudo-header says."""
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, destination)
    covered = segment if length is None else segment[:length]
    value = checksum(ends + struct.pack('!HH', protocol, len(covered)) + covered) or 0xffff
    return segment[:at] + struct.pack('!H', value) + segment[at + 2:]


def udp(random, source, destination, sport, dport, payload):
    """Its length is right, or shorter than what is there, or (IPv6) zero."""
    length = 8 + len(payload)
    said = random.choice([length, length, random.randint(9, length), 0 if ':' in source else length])
    whole = struct.pack('!HHHH', sport, dport, said, 0) + payload
    return _sealed(UDP, whole, 6, source, destination, said or None)


def syn(random, source, destination, sport, dport):
    options = b'\1' * (4 * random.randint(0, 10))
    whole = struct.pack('!HHIIBBHHH', sport, dport, random.getrandbits(32), 0, (20 + len(options)) // 4 << 4,
                        SYN | random.choice([0, 0x40, 0x80, 0xc0]), 1000, 0, 0) + options + bytes(random.choice([0, 60, 4200]))
    return _sealed(TCP, whole, 16, source, destination)


def ipv4(random, source, destination, protocol, payload, offset=0, more=False, identification=None):
    options = b'\1' * (4 * random.choice([0, 0, random.randint(1, 10)]))
    header = struct.pack('!BBHHHBBH4s4s', 0x40 | 5 + len(options) // 4, random.getrandbits(8), 20 + len(options) + len(payload),
                         random.getrandbits(16) if identification is None else identification & 0xffff,
                         more << 13 | offset // 8, 64, protocol, 0, socket.inet_aton(source), socket.inet_aton(destination))
    header += options
    return header[:10] + struct.pack('!H', checksum(header)) + header[12:] + payload


def _options(random, most):
    """An options header of unknown options that are to be skipped; a host reads eight of them at most."""
    body = b''
    for _ in range(random.randint(0, most)):
        size = random.choice([6, 254, 254])
        body += bytes([0x1e, size - 2]) + bytes(size - 2)
    pad = -(2 + len(body)) % 8
    return body + (b'\0' if pad == 1 else bytes([1, pad - 2]) + bytes(pad - 2) if pad else b'')


def _extension(random, kind, following):
    """One header in front of another, which `following` names."""
    if kind == FRAGMENT:                          # RFC 6946: one that parts nothing
        return struct.pack('!BBHI', following, 0, 0, random.getrandbits(32))
    if kind == ROUTING:                           # nowhere left to go
        return struct.pack('!BBBBI', following, 0, 0, 0, 0)
    body = _options(random, 8 if kind == DESTINATION else 2)
    return bytes([following, (2 + len(body)) // 8 - 1]) + body


def ipv6(random, source, destination, protocol, payload, fragment=None):
    """`fragment`: (offset, more, identification) of a fragment header that stands last, else none need be."""
    if fragment:
        offset, more, identification = fragment
        payload = struct.pack('!BBHI', protocol, 0, offset | more, identification) + payload
        protocol = FRAGMENT
    for _ in range(random.choice([0, 0, 0, 1, 2, 3, random.randint(4, 9)])):
        kind = random.choice([DESTINATION, DESTINATION, DESTINATION, ROUTING, FRAGMENT if not fragment else ROUTING])
        payload, protocol = _extension(random, kind, protocol) + payload, kind
    if random.randint(0, 7) == 0:
        payload, protocol = _extension(random, HOP_BY_HOP, protocol) + payload, HOP_BY_HOP
    return struct.pack('!IHBB16s16s', 6 << 28, len(payload), protocol, 64, socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, destination)) + payload


def ethernet(random, mac, packet):
    """Behind up to two priority tags (VLAN 0), which a host takes off, and with bytes behind the packet."""
    kind = b'\x08\x00' if packet[0] >> 4 == 4 else b'\x86\xdd'
    tags = b''.join(random.choice([b'\x81\x00', b'\x88\xa8']) + struct.pack('!H', random.getrandbits(3) << 13)
                    for _ in range(random.choice([0, 0, 0, 1, 2])))
    return bytes.fromhex(mac.replace(':', '')) + bytes([2, 0, 0, 0, 0, 9]) + tags + kind + packet + \
        bytes(random.choice([0, 0, 6, 46]))
