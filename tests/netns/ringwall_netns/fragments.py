# SPDX-License-Identifier: Apache-2.0
"""IP packets made by hand, for what no honest stack sends: UDP datagrams cut into fragments, in any order; TCP segments of
no connection."""
import socket
import struct

IPV6_HDRINCL = 36
FRAGMENT_HEADER = 44
UDP = 17
TCP = 6


def datagram(source, destination, payload):
    """The IP payload of a UDP datagram between two (address, port), with its checksum."""
    family = _family(source[0])
    addresses = socket.inet_pton(family, source[0]) + socket.inet_pton(family, destination[0])
    head = struct.pack('!HHH', source[1], destination[1], 8 + len(payload))
    pseudo = addresses + struct.pack('!HH', UDP, 8 + len(payload))
    return head + struct.pack('!H', _checksum(pseudo + head + bytes(2) + payload) or 0xffff) + payload


def piece(source, destination, whole, start, end, identification, more=None):
    """One fragment: bytes start to end of an IP payload; says that more follow where they do, unless told otherwise."""
    more = end < len(whole) if more is None else more
    part = whole[start:end]
    if _family(source) == socket.AF_INET:
        return struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(part), identification & 0xffff, more << 13 | start // 8, 64, UDP, 0,
                           socket.inet_aton(source), socket.inet_aton(destination)) + part
    fragment = struct.pack('!BBHI', UDP, 0, start | more, identification)
    return struct.pack('!IHBB16s16s', 6 << 28, 8 + len(part), FRAGMENT_HEADER, 64, socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, destination)) + fragment + part


def segment(source, destination, sequence, acknowledgement, payload):
    """A whole IP packet: a TCP segment of no connection that we have."""
    family = _family(source[0])
    addresses = socket.inet_pton(family, source[0]) + socket.inet_pton(family, destination[0])
    length = 20 + len(payload)
    head = struct.pack('!HHIIBBH', source[1], destination[1], sequence, acknowledgement, 5 << 4, 0x18, 65535)
    checksum = _checksum(addresses + struct.pack('!HH', TCP, length) + head + bytes(4) + payload)
    whole = head + struct.pack('!HH', checksum, 0) + payload
    if family == socket.AF_INET:
        return struct.pack('!BBHHHBBH', 0x45, 0, 20 + length, 0, 0, 64, TCP, 0) + addresses + whole
    return struct.pack('!IHBB', 6 << 28, length, TCP, 64) + addresses + whole


def send(namespace, packets, destination):
    """Sends whole IP packets, as they are, from a namespace."""
    family = _family(destination)
    with namespace.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        if family == socket.AF_INET6:
            raw.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
        for packet in packets:
            raw.sendto(packet, (destination, 0))


def _family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def _checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
