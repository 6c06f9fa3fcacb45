# SPDX-License-Identifier: Apache-2.0
"""Who may send into a pinhole, and what can never make one: third parties, other ports, NAT, echoes, tombstones."""
import time

from ringwall_netns import sip
from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.media import Stream, next_port, rtp
from ringwall_netns.wall import DRAIN, endpoint_text


class Sources:
    def test_rtp_from_a_third_address_is_refused_and_counted_with_the_call_it_aimed_at(self):
        call, outside, inside = self.inbound()
        attacker = self.rtp('attacker')
        with Stream(outside, inside.endpoint):
            self.assert_refused(attacker, inside.endpoint, inside, RTP_REFUSED, count=7)
        self.assertEqual(self.wall.pinhole(inside.endpoint)['refused'], 7)
        holes = [h for leg in self.wall.call(call.call_id) for h in leg['pinholes']]
        self.assertIn(7, [h['refused'] for h in holes if h['local'] == endpoint_text(*inside.endpoint)])

    def test_a_flood_from_a_third_address_costs_the_call_nothing(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        attacker = self.rtp('attacker')
        before = self.wall.reasons()
        sent = []
        for _ in range(20):
            attacker.send(inside.endpoint, 100)
            sent += outside.send(inside.endpoint)
        packets = inside.received()
        self.assertLessEqual(set(sent), {p.sequence for p in packets if p.ssrc == outside.ssrc})
        self.assertFalse([p for p in packets if p.ssrc == attacker.ssrc])
        self.assert_dropped(before, 'rtp_injection', 2000)

    def test_another_port_of_the_peer_is_heard_after_three_packets_when_the_negotiated_one_is_silent(self):
        _, outside, inside = self.inbound()
        other = self.rtp('peer')
        before = self.wall.reasons()
        other.send(inside.endpoint, 2)
        self.assert_dropped(before, 'probation', 2)
        self.assertEqual(inside.received(), [])
        self.assert_heard(other, inside)
        self.assertGreater(self.wall.reasons()['pinhole_other_source'], before.get('pinhole_other_source', 0))
        self.assert_heard(outside, inside)         # the negotiated port wins at once whenever it speaks

    def test_another_port_of_the_peer_is_refused_while_the_negotiated_one_speaks(self):
        _, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        other = self.rtp('peer')
        with Stream(outside, inside.endpoint):
            self.assert_refused(other, inside.endpoint, reason=['probation', *RTP_REFUSED], count=10)
        heard = {p.ssrc for p in inside.received()}
        self.assertNotIn(other.ssrc, heard)

    def test_another_port_is_heard_once_the_negotiated_one_has_been_silent_for_a_second(self):
        _, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        self.assert_heard(self.rtp('peer'), inside, timeout=4.0)

    def test_another_machine_of_a_declared_peer_may_stand_in(self):
        _, outside, inside = self.inbound()
        self.assert_heard(self.rtp('peer2'), inside)
        self.assert_heard(outside, inside)

    def test_another_address_never_stands_in_for_an_undeclared_party(self):
        call = self.call('roamer', 'pbx').establish()
        self.assert_refused(self.rtp('third'), call.callee_rtp.endpoint, call.callee_rtp, RTP_REFUSED, count=10)
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)

    def test_a_peer_behind_nat_has_audio_from_any_port_of_its_public_address(self):
        private = '192.168.77.5' if self.family == 4 else 'fd00:77::5'
        call = self.call('roamer', 'pbx')
        call.invite(sip.sdp(private, 4000), via=f'{sip.uri_host(private)}:5060')
        call.answer()
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)       # not port 4000
        self.assert_refused(self.rtp('third'), call.callee_rtp.endpoint, call.callee_rtp, RTP_REFUSED)
        call.bye()
        self.assert_closes(call.caller_rtp, call.callee_rtp, call.callee_rtp.endpoint, DRAIN + 1.0)

    def test_a_peer_behind_nat_that_moves_is_heard_from_where_the_inside_accepts_it(self):
        private = '192.168.77.6' if self.family == 4 else 'fd00:77::6'
        call = self.call('roamer', 'pbx')
        call.invite(sip.sdp(private, 4000), via=f'{sip.uri_host(private)}:5060')
        call.answer()
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        moved = self.rtp('third')
        call.caller = self.phone('third')
        received = call.request('INFO')
        self.assert_refused(moved, call.callee_rtp.endpoint, call.callee_rtp, RTP_REFUSED)
        call.respond(received, 200)
        self.assert_both_hear(moved, call.callee_rtp)
        self.assert_refused(call.caller_rtp, call.callee_rtp.endpoint, call.callee_rtp, RTP_REFUSED)

    def test_a_called_peer_behind_nat_has_audio(self):
        private = '10.9.8.7' if self.family == 4 else 'fd00:9::7'
        call = self.call('pbx', 'roamer')
        call.invite()
        call.answer(sip.sdp(private, 4002))
        call.ack()
        self.assert_both_hear(call.callee_rtp, call.caller_rtp)

    def test_a_live_hole_passes_media_only(self):
        _, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        before = self.wall.reasons()
        for first_byte in (0x50, 0xff, 4):         # RFC 7983: none of STUN, ZRTP, DTLS, RTP
            outside.send_raw(bytes([first_byte]) + bytes(40), inside.endpoint)
        self.assert_dropped(before, 'not_media', 3)
        self.assertEqual(inside.received(), [])

    def test_an_inside_source_from_outside_is_refused(self):
        inside = self.inbound()[2]
        spoofed = self.topology.outside.udp(self.address('desk'), 4000, transparent=True)
        self.addCleanup(spoofed.close)
        before = self.wall.reasons()
        spoofed.sendto(rtp(1, 1), inside.endpoint)
        self.assert_dropped(before, 'spoofed_inside', 1)
        self.assertEqual(inside.received(), [])


class NothingOpens:
    def test_an_outsiders_sdp_that_names_an_inside_address_opens_nothing(self):
        aimed = self.rtp('desk')
        call = self.call()
        call.invite(sip.sdp(aimed.address, aimed.port))
        call.answer()
        call.ack()
        self.assert_refused(call.caller_rtp, aimed.endpoint, aimed, 'no_pinhole')
        self.assertIsNone(self.wall.pinhole(aimed.endpoint))

    def test_an_outsiders_answer_that_names_an_inside_address_opens_nothing(self):
        aimed = self.rtp('desk')
        call = self.call('pbx', 'peer')
        call.invite()
        call.answer(sip.sdp(aimed.address, aimed.port))
        call.ack()
        self.assert_refused(call.callee_rtp, aimed.endpoint, aimed, 'no_pinhole')

    def test_sdp_that_an_inside_proxy_echoes_opens_nothing(self):
        aimed = self.rtp('desk')
        evil = self.call('attacker', 'pbx')
        evil.invite(sip.sdp(aimed.address, aimed.port))
        echo = self.call('pbx', 'peer')             # the proxy passes the offer on, under a Call-ID of its own
        echo.invite(evil.invited.body)
        echo.answer()
        echo.ack()
        self.assert_refused(self.rtp('attacker'), aimed.endpoint, aimed, 'no_pinhole')
        self.assert_refused(echo.callee_rtp, aimed.endpoint, aimed, 'no_pinhole')
        self.assertIsNone(self.wall.pinhole(aimed.endpoint))
        self.wait_until(lambda: any('echo' in label and count for label, count in self.wall.counters().items()),
                        'the echo is counted')

    def test_sdp_that_the_inside_answers_with_the_outsiders_own_words_opens_nothing(self):
        aimed = self.rtp('pbx')
        call = self.call()
        call.invite(sip.sdp(aimed.address, aimed.port))
        call.answer(call.invited.body)
        call.ack()
        self.assert_refused(call.caller_rtp, aimed.endpoint, aimed, 'no_pinhole')

    def test_sdp_of_the_inside_at_an_address_outside_opens_nothing_and_is_no_error(self):
        call = self.call('pbx', 'peer')
        call.invite(sip.sdp(self.address('third'), 30000))
        call.answer()
        call.ack()
        self.assertEqual(self.wall.pinholes(call.call_id), [])

    def test_an_invite_that_nobody_answers_opens_nothing_inside(self):
        call = self.call()
        call.invite()
        self.assert_refused(call.caller_rtp, call.callee_rtp.endpoint, call.callee_rtp, 'no_pinhole')

    def test_a_call_that_ended_stays_shut_while_the_inside_keeps_sending(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        with Stream(inside, outside.endpoint):
            call.bye()
            self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)
            end = time.monotonic() + 2.0
            while time.monotonic() < end:
                self.assert_refused(outside, inside.endpoint, reason=['call_ended', 'return_path_ended'])
        self.assertIn(self.hole_phase(inside.endpoint), ('closed', None))

    def test_a_new_call_on_the_port_of_an_ended_one_has_audio_at_once(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)
        again = self.call(caller_rtp=self.rtp('peer'), callee_rtp=inside).establish()
        self.assert_both_hear(again.caller_rtp, inside)

    def test_a_flow_that_the_inside_starts_is_answered_and_no_other(self):
        inside, outside = self.rtp('pbx'), self.rtp('third', next_port())
        self.assert_refused(outside, inside.endpoint, inside, 'no_pinhole')
        self.assert_both_hear(inside, outside)
        self.assert_refused(self.rtp('third'), inside.endpoint, inside, 'no_pinhole')


class SourcesIPv4(Sources, WallCase):
    family = 4


class SourcesIPv6(Sources, WallCase):
    family = 6


class NothingOpensIPv4(NothingOpens, WallCase):
    family = 4


class NothingOpensIPv6(NothingOpens, WallCase):
    family = 6
