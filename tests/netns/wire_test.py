# SPDX-License-Identifier: Apache-2.0
"""What BPF_PROG_TEST_RUN cannot show of the way in, on whatever attachment RINGWALL_ATTACH names: tagged frames, whose
outer tag TC finds in metadata, and jumbo frames, which XDP gets in several buffers."""
import socket
import struct
import sys
import unittest

from ringwall_netns.case import WallCase
from ringwall_netns.topology import run

MTU = 9000
PACKET = bytes([0x80, 0, 0, 1]) + bytes(7996)


def _ipv4_udp(source, destination, sport, dport, payload):
    udp = struct.pack('!HHHH', sport, dport, 8 + len(payload), 0) + payload
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0, socket.inet_aton(source),
                         socket.inet_aton(destination))
    words = sum(struct.unpack('!10H', header))
    words = (words & 0xffff) + (words >> 16)
    return header[:10] + struct.pack('!H', ~words & 0xffff) + header[12:] + udp


class Tagged(WallCase):
    """Nobody listens behind a tag here: the verdict is what counts."""

    def send(self, tags, dport):
        mac = run('ip', '-n', self.topology.edge.name, '-o', 'link', 'show', 'outer').split('link/ether ')[1].split()[0]
        frame = bytes.fromhex(mac.replace(':', '')) + bytes([2, 0, 0, 0, 0, 9])
        for tag in tags:
            frame += struct.pack('!HH', tag, 5)
        frame += b'\x08\x00' + _ipv4_udp(self.address('attacker'), self.address('pbx'), 30000, dport, bytes(172))
        with self.topology.outside.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind(('eth0', 0))
            raw.send(frame)

    def test_guarded_ports_are_guarded_behind_one_tag_and_two(self):
        for tags in ([], [0x8100], [0x88a8, 0x8100]):
            with self.subTest(tags=tags):
                before = self.wall.reasons()
                self.send(tags, 12345)
                self.assert_dropped(before, 'no_pinhole', 1)

    def test_a_third_tag_is_malformed(self):
        before = self.wall.reasons()
        self.send([0x8100, 0x8100, 0x8100], 12345)
        self.assert_dropped(before, 'malformed', 1)


# Inside the namespace, as a tun device belongs to whoever opens it there: writes packets given in hexadecimal.
_TUN_WRITER = """
import fcntl, os, struct, sys
tun = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH', b'vpn0', 0x1001))
for line in sys.argv[1:]:
    os.write(tun, bytes.fromhex(line))
"""


class Tunnel(WallCase):
    """A device whose frames begin with IP. It appears while the agent runs."""
    config = {'outside': ['outer', 'vpn0'], 'attach': 'auto'}
    role, ingress = 'outside', ('tcx', 'clsact')

    def setUp(self):
        super().setUp()
        edge = self.topology.edge
        if 'vpn0' not in edge.run('ip', '-br', 'link'):
            edge.run('ip', 'tuntap', 'add', 'vpn0', 'mode', 'tun')
            edge.run('ip', 'link', 'set', 'vpn0', 'up')
        self.wait_until(lambda: [i for i in self.wall.status()['interfaces'] if i['name'] == 'vpn0'
                                 and i['role'] == self.role and i['ingress'] in self.ingress],
                        'vpn0 is attached', 30.0)             # two programs more for the verifier

    def arrive(self, dport, payload):
        packet = _ipv4_udp('198.51.100.7', '192.0.2.10', 5060, dport, payload)
        self.topology.edge.run(sys.executable, '-c', _TUN_WRITER, packet.hex())

    def test_what_arrives_is_judged(self):
        before = self.wall.reasons()
        self.arrive(12345, bytes(172))
        self.assert_dropped(before, 'no_pinhole', 1)

    def test_sip_is_mirrored(self):
        before = self.wall.counters().get('mirrored', 0)
        self.arrive(5060, b'OPTIONS sip:pbx@192.0.2.10 SIP/2.0\r\n\r\n')
        self.wait_until(lambda: self.wall.counters()['mirrored'] > before, 'the message is mirrored')


class WatchedTunnel(Tunnel):
    """The same device under `watch`: nothing is refused."""
    config = {'outside': ['outer'], 'watch': ['vpn0'], 'attach': 'auto'}
    role = 'watch'

    def test_what_arrives_is_judged(self):
        before = self.wall.reasons()
        self.arrive(12345, bytes(172))
        self.wait_until(lambda: self.wall.reasons().get('watched', 0) > before.get('watched', 0), 'it is counted')
        self.assertEqual(self.wall.reasons().get('no_pinhole', 0), before.get('no_pinhole', 0))


class Jumbo:
    """Datagrams of 8,000 bytes in one frame."""

    def setUp(self):
        super().setUp()
        for namespace, link in ((self.topology.outside, 'eth0'), (self.topology.edge, 'outer'),
                                (self.topology.edge, 'inner'), (self.topology.inside, 'eth0')):
            run('ip', '-n', namespace.name, 'link', 'set', link, 'mtu', str(MTU))

    def test_sip_and_media_of_jumbo_frames_arrive_and_what_is_uninvited_does_not(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        outside.send_raw(PACKET, inside.endpoint)
        self.assertTrue(inside.wait(lambda packet: packet.raw == PACKET), 'the jumbo packet is not heard')
        before = self.wall.reasons()
        outside.send_raw(PACKET, (self.address('pbx'), 19998))
        self.assert_dropped(before, 'no_pinhole', 1)

    def test_calls_of_jumbo_invites_and_answers_have_audio(self):
        long = [f'X-Long-{number}: ' + 'x' * 500 for number in range(12)]
        for caller, callee in (('peer', 'pbx'), ('pbx', 'peer')):
            with self.subTest(caller=caller):
                call = self.call(caller, callee)
                call.invite(extra=long)
                self.assertGreater(len(call.invited.raw), 4096)
                self.assertGreater(len(call.respond(call.invited, 200, body=call.sdp('callee'), extra=long).raw), 4096)
                call.ack()
                self.assert_both_hear(call.caller_rtp, call.callee_rtp)
                self.assertEqual(len(self.wall.pinholes(call.call_id)), 2)
                call.bye()

    def test_a_jumbo_message_is_mirrored_whole(self):
        before = self.wall.counters().get('mirrored', 0)
        lines = 'MESSAGE sip:pbx@192.0.2.10 SIP/2.0\r\n' + 'Subject: ' + 'a' * 7000 + '\r\n\r\n'
        self.rtp('peer').send_raw(lines.encode(), (self.address('pbx'), 5060))
        self.wait_until(lambda: self.wall.counters().get('mirrored', 0) > before, 'the message is mirrored')
        self.assertEqual(self.wall.counters().get('lost_known', 0), 0)

    def test_a_wall_starts_on_jumbo_interfaces(self):
        self.wall.detach()
        self.wall.process.wait(10)
        self.wall.start()
        self.assertIn(self.wall.status()['interfaces'][0]['ingress'], ('xdp native', 'xdp generic', 'tcx', 'clsact'))


class NotLinear(WallCase):
    """A frame of which little but Ethernet and IP is linear, as drivers make them: at TC the rest is not read directly."""
    family = 6
    config = {'attach': 'tc'}

    def setUp(self):
        super().setUp()
        for namespace, link in ((self.topology.outside, 'eth0'), (self.topology.edge, 'outer')):
            run('ip', '-n', namespace.name, 'link', 'set', link, 'mtu', str(MTU))

    def send(self, options, protocol, transport):
        """`options` bytes of destination options, then the transport header and enough to make it more than a page."""
        mac = run('ip', '-n', self.topology.edge.name, '-o', 'link', 'show', 'outer').split('link/ether ')[1].split()[0]
        headers = bytes([protocol, options // 8 - 1]) + bytes(options - 2) if options else b''
        payload = headers + transport + bytes(5000)
        addresses = (socket.inet_pton(socket.AF_INET6, self.address(party)) for party in ('attacker', 'pbx'))
        packet = struct.pack('!IHBB16s16s', 6 << 28, len(payload), 60 if options else protocol, 64, *addresses) + payload
        frame = bytes.fromhex(mac.replace(':', '')) + bytes([2, 0, 0, 0, 0, 9]) + b'\x86\xdd' + packet
        virtio = struct.pack('=BBHHHH', 0, 0, 14 + 40, 0, 0, 0)        # hdr_len: so much of it is linear
        with self.topology.outside.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.setsockopt(263, 15, 1)                                 # SOL_PACKET, PACKET_VNET_HDR
            raw.bind(('eth0', 0))
            raw.send(virtio + frame)

    def assert_counted(self, reason, options, protocol, transport):
        before = self.wall.reasons().get(reason, 0)
        self.send(options, protocol, transport)
        self.wait_until(lambda: self.wall.reasons().get(reason, 0) > before, f'{reason}: {self.wall.reasons()}')

    def test_ports_behind_more_than_is_looked_at_are_malformed(self):
        syn = struct.pack('!HHIIBBHHH', 40000, 5060, 1, 0, 5 << 4, 2, 1000, 0, 0)
        media = struct.pack('!HHHH', 40000, 12000, 8 + 5000, 0)
        for options in (0, 64):
            self.assert_counted('sip_stream', options, socket.IPPROTO_TCP, syn)
            self.assert_counted('no_pinhole', options, socket.IPPROTO_UDP, media)
        self.assert_counted('malformed', 512, socket.IPPROTO_TCP, syn)
        self.assert_counted('malformed', 512, socket.IPPROTO_UDP, media)


class JumboIPv4(Jumbo, WallCase):
    family = 4


class JumboIPv6(Jumbo, WallCase):
    family = 6


if __name__ == '__main__':
    unittest.main()
