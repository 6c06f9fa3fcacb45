# SPDX-License-Identifier: Apache-2.0
"""Captures that tests compose: IP packets with a time and a direction, written in every form that replay reads."""
import ipaddress
import struct

IN, OUT = 'in', 'out'
BEGIN = 1_700_000_000 * 10**9


def udp(source, destination, payload, fragment=None):
    """An IP packet; endpoints are (address, port). `fragment`: (identification, first byte, last byte) of an IPv4 one."""
    datagram = struct.pack('!HHHH', source[1], destination[1], 8 + len(payload), 0) + payload
    return ip(source[0], destination[0], 17, datagram, fragment)


def ip(source, destination, protocol, payload, fragment=None):
    """An IP packet of any protocol."""
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    if ':' in source:
        return struct.pack('!IHBB', 6 << 28, len(payload), protocol, 64) + addresses + payload
    identification, first, last = fragment or (0, 0, len(payload))
    more = 0x2000 if last < len(payload) else 0
    return struct.pack('!BBHHHBBH', 0x45, 0, 20 + last - first, identification, more | first // 8, 64, protocol, 0) \
        + addresses + payload[first:last]


def ether_type(packet):
    return 0x86dd if packet[0] >> 4 == 6 else 0x0800


def ethernet(packet, tags=()):
    return b'\2\0\0\0\0\1\2\0\0\0\0\2' + b''.join(struct.pack('!HH', type_, 7) for type_ in tags) \
        + struct.pack('!H', ether_type(packet)) + packet


def cooked(packet, direction):
    return struct.pack('!HHH8sH', 4 if direction == OUT else 0, 1, 6, b'address', ether_type(packet)) + packet


def cooked2(packet, direction):
    return struct.pack('!HHIHBB8s', ether_type(packet), 0, 2, 1, 4 if direction == OUT else 0, 6, b'address') + packet


class Script:
    """Packets in the order of their capture. Times are nanoseconds since its begin."""

    def __init__(self):
        self.now, self.packets = 0, []

    def wait(self, seconds):
        self.now += round(seconds * 10**9)
        return self

    def add(self, direction, packet):
        self.packets.append((BEGIN + self.now, direction, packet))
        return len(self.packets)  # its number


def pcap(script, link=lambda packet, _: ethernet(packet), link_type=1, order='<', nanoseconds=True, cut=None):
    """Says no direction, but for Linux cooked links."""
    per_second = 10**9 if nanoseconds else 10**6
    file = [struct.pack(order + 'IHHiIII', 0xa1b23c4d if nanoseconds else 0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type)]
    for time, direction, packet in script.packets:
        frame = link(packet, direction)
        kept = frame[:cut]
        ticks = time * per_second // 10**9
        file.append(struct.pack(order + 'IIII', ticks // per_second, ticks % per_second, len(kept), len(frame)) + kept)
    return b''.join(file)


def block(order, kind, body):
    body += b'\0' * (-len(body) % 4)
    length = struct.pack(order + 'I', len(body) + 12)
    return struct.pack(order + 'I', kind) + length + body + length


def section(order='<'):
    return block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))


def interface(link_type, order='<', resolution=9):
    return block(order, 1, struct.pack(order + 'HHIHHB3xHH', link_type, 0, 0, 9, 1, resolution, 0, 0))


def enhanced(number, ticks, frame, order='<', options=b''):
    """A packet of that interface."""
    return block(order, 6, struct.pack(order + 'IIIII', number, ticks >> 32, ticks & 0xffffffff, len(frame), len(frame))
                 + frame + b'\0' * (-len(frame) % 4) + options)


def simple(frame, order='<'):
    """A packet of the first interface, without time."""
    return block(order, 3, struct.pack(order + 'I', len(frame)) + frame)


def pcapng(script, order='<', flags=True):
    """Two interfaces, of Ethernet in nanoseconds and of raw IP in 2^-30 s, between which the packets alternate."""
    file = [section(order), interface(1, order), interface(101, order, 0x80 | 30)]
    for number, (time, direction, packet) in enumerate(script.packets):
        is_raw = number % 2
        options = struct.pack(order + 'HHIHH', 2, 4, 2 if direction == OUT else 1, 0, 0) if flags else b''
        file.append(enhanced(is_raw, (time << 30) // 10**9 if is_raw else time, packet if is_raw else ethernet(packet),
                             order, options))
    return b''.join(file)
