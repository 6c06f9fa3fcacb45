# SPDX-License-Identifier: Apache-2.0
"""What a host can be brought to deliver against what the wall lets through: thousands of composed frames, each of which
wants to reach a guarded port or a SIP port that its sender has no business with. None may arrive; in monitor mode, where
the same verdicts drop nothing, hundreds do, or the test would show nothing."""
import random
import socket
import struct

from ringwall_netns import frames
from ringwall_netns.case import WallCase
from ringwall_netns.topology import run

SEED, FRAMES = 20261121, 6000
GUARDED, SIP, GUARDED_TCP = 12000, 5060, 30000
MTU = 9000
ETH_P_ALL, PACKET_OUTGOING = 3, 4


class Hidden:
    shape = 'host'
    peers = [{'name': 'provider', 'networks': ['198.51.100.0/24', '2001:db8:100::/64']}]

    @classmethod
    def setUpClass(cls):
        cls.config = {'protect': {'tcp_media_ports': f'{GUARDED_TCP}'}, 'peers': cls.peers, 'zones': [],
                      **({'attach': cls.attach} if cls.attach else {})}
        super().setUpClass()
        for namespace, link in ((cls.topology.outside, 'eth0'), (cls.topology.edge, 'outer')):
            run('ip', '-n', namespace.name, 'link', 'set', link, 'mtu', str(MTU))
        cls.mac = run('ip', '-n', cls.topology.edge.name, '-o', 'link', 'show', 'outer').split('link/ether ')[1].split()[0]

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        any_address = '::' if self.family == 6 else '0.0.0.0'
        self.udp = [self.topology.edge.udp(any_address, port) for port in (GUARDED, SIP)]
        self.tcp = [self.topology.edge.socket(self.kind(), socket.SOCK_STREAM) for _ in (SIP, GUARDED_TCP)]
        for listener, port in zip(self.tcp, (SIP, GUARDED_TCP)):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((any_address, port))
            listener.listen(4096)
        self.raw = self.topology.outside.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.raw.setsockopt(263, 15, 1)           # SOL_PACKET, PACKET_VNET_HDR: says what is linear
        self.raw.bind(('eth0', 0))
        self.back = self.topology.outside.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.back.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)          # SO_RCVBUFFORCE
        self.back.bind(('eth0', ETH_P_ALL))
        for each in [*self.udp, *self.tcp, self.raw, self.back]:
            self.addCleanup(each.close)

    def kind(self):
        return socket.AF_INET6 if self.family == 6 else socket.AF_INET

    # what is sent

    def whole(self, source, destination):
        if self.random.randint(0, 3) == 0:
            protocol, payload = frames.TCP, frames.syn(self.random, source, destination, self.random.randint(1024, 65535),
                                                       self.random.choice([SIP, GUARDED_TCP]))
        else:
            protocol, payload = frames.UDP, self.datagram(source, destination, self.random.choice([20, 172, 3000]))
        compose = frames.ipv6 if self.family == 6 else frames.ipv4
        return [compose(self.random, source, destination, protocol, payload)]

    def datagram(self, source, destination, length):
        payload = (b'\x80\x08' + bytes(length - 2)) if self.random.randint(0, 1) else b'OPTIONS sip:a SIP/2.0\r\n'.ljust(length)
        return frames.udp(self.random, source, destination, 4000, self.random.choice([GUARDED, GUARDED, SIP]), payload)

    def parted(self, source, destination):
        """A datagram in fragments of any size, in any order, some twice."""
        payload = self.datagram(source, destination, self.random.choice([60, 200, 3000]))
        cuts = sorted({0, *(8 * self.random.randint(1, len(payload) // 8) for _ in range(self.random.randint(1, 3)))})
        ends = [*cuts[1:], len(payload)]
        pieces = [(a, b) for a, b in zip(cuts, ends) if a < b]
        if self.random.randint(0, 2) == 0:
            pieces += self.random.sample(pieces, 1)
        if self.random.randint(0, 1):
            self.random.shuffle(pieces)
        identification = self.random.getrandbits(32)
        return [self.fragment(source, destination, payload, a, b, identification) for a, b in pieces]

    def fragment(self, source, destination, payload, begin, end, identification):
        more = end < len(payload)
        if self.family == 6:
            return frames.ipv6(self.random, source, destination, frames.UDP, payload[begin:end], (begin, more, identification))
        return frames.ipv4(self.random, source, destination, frames.UDP, payload[begin:end], begin, more, identification)

    def storm(self):
        source, destination = self.address('attacker'), self.address('pbx')
        sent = 0
        while sent < FRAMES:
            compose = self.parted if self.random.randint(0, 2) == 0 else self.whole
            for packet in compose(source, destination):
                frame = frames.ethernet(self.random, self.mac, packet)
                if len(frame) <= MTU:
                    linear = self.random.choice([14, 54, 128, len(frame)])
                    self.raw.send(struct.pack('=BBHHHH', 0, 0, min(linear, len(frame)), 0, 0, 0) + frame)
                    sent += 1

    # what arrives

    def heard(self):
        """Datagrams that have come, and SYNs that were answered."""
        return sum(len(list(_all_of(listener))) for listener in self.udp), sum(map(self.answers, _all_of(self.back)))

    def answers(self, received):
        """Is this frame a SYN-ACK of the inside's?"""
        frame, where = received
        start = 14 + (40 if self.family == 6 else 20)
        protocol = frame[20] if self.family == 6 else frame[23]
        return where[2] != PACKET_OUTGOING and protocol == frames.TCP and frame[start + 13] & 0x12 == 0x12

    def settle(self):
        """All that was sent has been judged: packets wait in a queue of the other side's."""
        seen = -1
        while seen != (seen := sum(self.wall.reasons().values())):
            pass

    def test_nothing_arrives_that_has_no_business(self):
        self.wall.configure(self.config)
        self.wall.reload()
        self.storm()
        self.settle()
        self.assertEqual(self.heard(), (0, 0), self.wall.reasons())

    def test_past_a_wall_that_only_counts_it_does(self):
        self.wall.configure({**self.config, 'mode': 'monitor'})
        self.wall.reload()
        self.storm()
        self.settle()
        datagrams, connections = self.heard()
        self.assertGreater(datagrams, FRAMES // 10)
        self.assertGreater(connections, 100)


def _all_of(listener):
    listener.setblocking(False)
    try:
        while True:
            yield listener.recvfrom(65535)
    except BlockingIOError:
        return


class NativeIPv4(Hidden, WallCase):
    family, attach = 4, None


class NativeIPv6(Hidden, WallCase):
    family, attach = 6, None


class TcIPv4(Hidden, WallCase):
    family, attach = 4, 'tc'


class TcIPv6(Hidden, WallCase):
    family, attach = 6, 'tc'
