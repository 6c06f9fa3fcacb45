# SPDX-License-Identifier: Apache-2.0
"""A REGISTER flood is cut at the limit while a call goes on, and nobody else pays for it."""
from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream

BURST = 4                                          # of REGISTER, wall.DEFAULT


class Flood:
    def register(self, party, port, count):
        """`count` different REGISTERs from one source; returns their Call-ID."""
        phone, pbx = self.phone(party, port), self.phone('pbx')
        call_id = sip.new_call_id()
        for number in range(count):
            phone.send(sip.request('REGISTER', f'sip:{pbx.host_port}', via=phone.host_port, frm=f'<{phone.uri}>;tag=1',
                                   to=f'<{phone.uri}>', call_id=call_id, cseq=number + 1), pbx.endpoint)
        return call_id

    def passed(self, call_id):
        return self.phone('pbx').count(lambda m: m['call-id'] == call_id)

    def test_a_register_flood_is_cut_at_the_limit_while_a_call_goes_on_and_others_may_register(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        before = self.wall.reasons()
        with Stream(outside, inside.endpoint) as towards:
            flood = self.register('attacker', 5060, 1000)
            self.assert_dropped(before, 'rate_limited', 1000 - BURST - 2)
            other = self.register('third', 5060, 2)
            second, outside2, inside2 = self.inbound()
            self.assert_both_hear(outside2, inside2)
            missing = set(towards.stop())
        while missing and (packet := inside.wait(lambda p: p.ssrc == outside.ssrc, 1.0)):
            missing.discard(packet.sequence)
        self.assertFalse(missing, 'the call lost packets')
        passed = self.passed(flood)
        self.assertTrue(BURST <= passed <= BURST + 2, passed)
        self.assertEqual(self.passed(other), 2)
        call.bye()
        second.bye()

    def test_other_source_ports_share_their_address_limit(self):
        before = self.wall.reasons()
        call_ids = [self.register('roamer', 20000 + n, 1) for n in range(40)]
        self.assert_dropped(before, 'rate_limited', 40 - BURST - 2)
        self.assertLessEqual(sum(self.passed(i) for i in call_ids), BURST + 2)


class IPv4(Flood, WallCase):
    family = 4


class IPv6(Flood, WallCase):
    family = 6
