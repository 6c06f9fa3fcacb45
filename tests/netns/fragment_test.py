# SPDX-License-Identifier: Apache-2.0
"""Fragments through the real stacks: what may pass arrives whole, whatever the order; what may not never arrives."""
import itertools
import random

from ringwall_netns import fragments, sip
from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.media import next_port, rtp

_identifications = itertools.count(random.randrange(1, 30000))


class Fragments:
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': False}]}

    def large(self, caller, callee):
        """An INVITE of 3 kB."""
        call = self.call(caller, callee)
        return sip.request('INVITE', call.callee.uri, via=call.caller.host_port, frm=call.party('caller'),
                           to=call.party('callee', ''), call_id=call.call_id, cseq=1,
                           contact=f'{caller}@{call.caller.host_port}', extra=[f'Subject: {"x" * 3000}']).encode()

    def grown(self, before):
        now = self.wall.reasons()
        return {name: now[name] - before.get(name, 0) for name in now if now[name] != before.get(name, 0)}

    def send_cut(self, sender, to, payload, cuts, order=None):
        """Cuts one datagram by hand and sends its fragments, in order or in the one that is named."""
        whole = fragments.datagram(sender, to, payload)
        number = next(_identifications)
        places = list(zip([0, *cuts], [*cuts, len(whole)]))
        packets = [fragments.piece(sender[0], to[0], whole, start, end, number) for start, end in places]
        fragments.send(self.topology.outside, [packets[i] for i in order or range(len(packets))], to[0])

    def test_large_messages_arrive_whole_both_ways(self):
        for caller, callee, reason in (('peer', 'pbx', 'later_fragment'), ('pbx', 'peer', 'out_fragment')):
            with self.subTest(caller=caller):
                before, mirrored = self.wall.reasons(), self.wall.counters()['mirrored']
                raw = self.large(caller, callee)
                self.phone(caller).send(raw, self.phone(callee).endpoint)
                self.assertEqual(self.phone(callee).expect_bytes(lambda got, raw=raw: got == raw), raw)
                self.assertEqual(self.grown(before).get(reason), 2)
                self.assertEqual(self.wall.counters()['mirrored'], mirrored + 1)

    def test_media_in_fragments_is_heard_in_the_call_and_nowhere_else(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        big = rtp(1, outside.ssrc, payload=bytes(range(256)) * 12)
        inside.received()
        outside.send_raw(big, inside.endpoint)
        self.assertTrue(inside.wait(lambda packet: packet.raw == big))
        before = self.wall.reasons()
        self.rtp('attacker').send_raw(big, inside.endpoint)
        self.assert_dropped(before, RTP_REFUSED, 1)
        self.assertEqual(inside.received(), [])

    def test_a_closed_port_hears_no_fragmented_datagram(self):
        closed = self.rtp('pbx')
        before = self.wall.reasons()
        sender = self.rtp('attacker')
        for _ in range(20):
            sender.send_raw(rtp(1, 1, payload=bytes(3000)), closed.endpoint)
        self.assert_dropped(before, 'no_pinhole', 20)
        self.assertEqual(closed.received(), [])

    def test_sip_in_fragments_needs_admission(self):
        before, raw = self.wall.reasons(), self.large('attacker', 'pbx')
        self.phone('attacker').send(raw, self.phone('pbx').endpoint)
        self.assert_dropped(before, 'not_a_peer', 1)
        known = self.large('peer', 'pbx')
        self.phone('peer').send(known, self.phone('pbx').endpoint)
        self.assertEqual(self.phone('pbx').expect_bytes(lambda got: got in (raw, known)), known)

    def test_order_does_not_matter(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        outside.close()                                     # its port is ours to write by hand
        for order in itertools.permutations(range(3)):
            with self.subTest(order=order):
                payload = rtp(order[0], 77, payload=random.randbytes(2500))
                self.send_cut(outside.endpoint, inside.endpoint, payload, [1000, 2000], order)
                self.assertTrue(inside.wait(lambda packet, payload=payload: packet.raw == payload), self.wall.reasons())

    def test_a_hidden_header_reaches_nothing(self):
        """The UDP header of the first fragment, and a second one for a closed port laid over it."""
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        outside.close()
        closed = self.rtp('pbx', next_port())
        own, other = outside.endpoint, closed.endpoint
        for name, first, second in (('tiny', (0, 8), (8, 160)), ('over', (0, 80), (0, 80)), ('within', (0, 80), (8, 160))):
            with self.subTest(name):
                number, before = next(_identifications), self.wall.reasons()
                harmless = fragments.datagram(own, inside.endpoint, rtp(1, 77, payload=bytes(140)))
                harmful = fragments.datagram(own, other, rtp(1, 77, payload=bytes(140)))
                fragments.send(self.topology.outside, [
                    fragments.piece(own[0], other[0], harmless, *first, number),
                    fragments.piece(own[0], other[0], harmful, *second, number, more=True),
                    fragments.piece(own[0], other[0], harmful, 80, len(harmful), number)], other[0])
                self.assert_dropped(before, ['fragment_tiny', 'fragment_overlap', 'no_pinhole'], 1)
                self.assertEqual(closed.received(), [])


class EdgeIPv4(Fragments, WallCase):
    family = 4


class EdgeIPv6(Fragments, WallCase):
    family = 6


class HostIPv4(Fragments, WallCase):
    shape, family = 'host', 4


class HostIPv6(Fragments, WallCase):
    shape, family = 'host', 6
