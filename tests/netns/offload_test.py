# SPDX-License-Identifier: Apache-2.0
"""Buffers of many datagrams (UDP_SEGMENT, UDP GRO) across a veth: XDP sees each datagram by itself, TC the whole buffer.
Either way each is judged, counted and mirrored; at TC one that is refused takes its buffer along. To generic XDP a buffer
is one datagram (docs/limits.md)."""
from ringwall_netns.case import WallCase
from ringwall_netns.media import rtp

MANY = 20


class Offload:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        on = ['rx', 'on', 'tx', 'on', 'gso', 'on', 'gro', 'on', 'tx-udp-segmentation', 'on', 'rx-udp-gro-forwarding', 'on']
        links = [(cls.topology.outside, 'eth0'), (cls.topology.edge, 'outer')]
        if cls.shape == 'edge':
            links += [(cls.topology.edge, 'inner'), (cls.topology.inside, 'eth0')]
        for namespace, link in links:
            namespace.run('ethtool', '-K', link, *on)

    def grown(self, before, name):
        return self.wall.reasons().get(name, 0) - before.get(name, 0)

    def together(self):
        return self.wall.counters().get('refused_together', 0)

    def media(self, ssrc, count=MANY):
        return [rtp(number, ssrc) for number in range(count)]

    def assert_all_heard(self, sender, receiver):
        receiver.received()
        sender.send_together(self.media(sender.ssrc) + [rtp(MANY, sender.ssrc, payload=b'short')], receiver.endpoint)
        missing = set(range(MANY + 1))
        while missing and (packet := receiver.wait(lambda p: p.ssrc == sender.ssrc, 2.0)):
            missing.discard(packet.sequence)
        self.assertFalse(missing, f'lost {sorted(missing)}; {self.wall.reasons()}')

    def test_media_in_buffers_is_heard_and_counted_one_by_one_both_ways(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        before = self.wall.reasons()
        self.assert_all_heard(outside, inside)
        self.assertEqual(self.grown(before, 'pinhole_rtp'), self.judged(MANY + 1))
        self.assert_all_heard(inside, outside)
        self.assertEqual(self.grown(before, 'out_media'), MANY + 1)

    def test_a_receiver_of_buffers_gets_them(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        inside.received()
        inside.receive_together()
        outside.send_together(self.media(outside.ssrc), inside.endpoint)
        whole, came = b''.join(self.media(outside.ssrc)), b''
        while len(came) < len(whole) and (packet := inside.wait(timeout=2.0)):
            came += packet.raw
        self.assertEqual(came, whole)

    def test_nothing_of_a_buffer_reaches_a_port_that_no_call_has_opened(self):
        attacker, inside = self.rtp('attacker'), self.rtp('pbx')
        before, together = self.wall.reasons(), self.together()
        attacker.send_together(self.media(attacker.ssrc), inside.endpoint)
        all_of_them = self.judged(MANY)
        self.wait_until(lambda: self.grown(before, 'no_pinhole') + self.together() - together == all_of_them, 'the counters')
        self.assertEqual(self.together() - together, MANY - 1 if self.ingress() in ('tcx', 'clsact') else 0)
        self.assertEqual(inside.received(), [])

    def test_each_message_of_a_buffer_is_mirrored(self):
        phone = self.rtp('peer')
        before = self.wall.counters()['mirrored']
        messages = [f'OPTIONS sip:pbx@example.com SIP/2.0\r\nCSeq: {n} OPTIONS\r\n\r\n'.encode() for n in range(10, 15)]
        phone.send_together(messages, (self.address('pbx'), 5060))
        count = self.judged(len(messages))
        self.wait_until(lambda: self.wall.counters()['mirrored'] - before == count, f'{count} messages are mirrored')

    def test_calls_have_audio_with_every_offload_on(self):
        for call in (self.call('peer', 'pbx').establish(), self.call('pbx', 'peer').establish()):
            self.assert_both_hear(call.caller_rtp, call.callee_rtp)
            call.bye()

    def ingress(self):
        return self.wall.status()['interfaces'][0]['ingress']

    def judged(self, count):
        """How many packets a buffer of `count` datagrams is on the way in."""
        return 1 if self.ingress() == 'xdp generic' else count


class NativeIPv4(Offload, WallCase):
    family = 4


class NativeIPv6(Offload, WallCase):
    family = 6
    shape = 'host'


class TcIPv4(Offload, WallCase):
    family = 4
    config = {'attach': 'tc'}


class TcIPv6(Offload, WallCase):
    family = 6
    shape = 'host'
    config = {'attach': 'tc'}
