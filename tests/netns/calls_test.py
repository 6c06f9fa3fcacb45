# SPDX-License-Identifier: Apache-2.0
"""A call from its first INVITE to its BYE: what is shut before, open during and shut after, both ways, in every shape."""
from ringwall_netns.case import WallCase
from ringwall_netns.media import rtcp_receiver_report
from ringwall_netns.wall import DRAIN


class Calls:
    def test_rtp_is_refused_before_any_call(self):
        outside, inside = self.rtp('peer'), self.rtp('pbx')
        self.assert_refused(outside, inside.endpoint, inside, 'no_pinhole')

    def test_an_inbound_call_has_audio_both_ways(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)

    def test_an_outbound_call_has_audio_both_ways(self):
        _, outside, inside = self.outbound()
        self.assert_both_hear(outside, inside)

    def test_the_other_side_may_speak_first(self):
        _, outside, inside = self.outbound()
        self.assert_heard(inside, outside)
        self.assert_heard(outside, inside)

    def test_rtp_to_another_port_than_the_negotiated_is_refused_during_the_call(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        for port in (inside.port - 2, inside.port + 2):
            beside = self.rtp('pbx', port)
            self.assert_refused(outside, beside.endpoint, beside, 'no_pinhole')

    def test_rtcp_reaches_the_port_above(self):
        _, outside, inside = self.inbound()
        control_outside, control_inside = self.rtp('peer', outside.port + 1), self.rtp('pbx', inside.port + 1)
        self.assert_heard(outside, inside)
        control_outside.send_raw(rtcp_receiver_report(outside.ssrc), control_inside.endpoint)
        self.assertIsNotNone(control_inside.wait(), 'the receiver report did not arrive')

    def test_an_inbound_call_is_shut_after_the_callers_bye_while_the_caller_keeps_sending(self):
        self.check_shut_after_bye(*self.inbound(), by='caller')

    def test_an_inbound_call_is_shut_after_the_callees_bye_while_the_caller_keeps_sending(self):
        self.check_shut_after_bye(*self.inbound(), by='callee')

    def test_an_outbound_call_is_shut_after_the_callers_bye_while_the_callee_keeps_sending(self):
        self.check_shut_after_bye(*self.outbound(), by='caller')

    def test_an_outbound_call_is_shut_after_the_callees_bye_while_the_callee_keeps_sending(self):
        self.check_shut_after_bye(*self.outbound(), by='callee')

    def test_a_call_is_listed_with_its_pinholes_while_it_lives(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        legs = self.wall.call(call.call_id)
        self.assertEqual([leg['state'] for leg in legs], ['confirmed'])
        hole = self.wall.pinhole(inside.endpoint)
        self.assertEqual((hole['phase'], hole['component'], hole['call_id']), ('answered', 'rtp', call.call_id))
        self.assertGreater(hole['packets'], 10)
        call.bye()
        self.wait_until(lambda: not [c for c in self.wall.call(call.call_id) if c['state'] == 'confirmed'], 'the call ends')

    def check_shut_after_bye(self, call, outside, inside, by):
        self.assert_both_hear(outside, inside)
        call.bye(by)
        open_for = self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)
        print(f'last packet passed {open_for * 1000:.0f} ms after the 200 of BYE (drain {DRAIN * 1000:.0f} ms) ', end='')
        self.assert_refused(outside, inside.endpoint, inside, 'call_ended')


class EdgeIPv4(Calls, WallCase):
    shape, family = 'edge', 4


class EdgeIPv6(Calls, WallCase):
    shape, family = 'edge', 6


class HostIPv4(Calls, WallCase):
    shape, family = 'host', 4


class HostIPv6(Calls, WallCase):
    shape, family = 'host', 6
