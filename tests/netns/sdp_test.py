# SPDX-License-Identifier: Apache-2.0
"""Which ports an SDP opens: RTCP beside, elsewhere or muxed, several m-lines, c= at media level, a rejected m-line."""
from ringwall_netns import sip
from ringwall_netns.call import Call
from ringwall_netns.case import WallCase
from ringwall_netns.media import next_port, rtcp_receiver_report


class Sdp:
    def assert_rtcp_heard(self, sender, receiver):
        def arrives():
            sender.send_raw(rtcp_receiver_report(sender.ssrc), receiver.endpoint)
            return receiver.wait(timeout=0.05)
        self.wait_until(arrives, f'RTCP from {sender.endpoint} reaches {receiver.endpoint}', 3.0)

    def test_rtcp_goes_where_the_attribute_says_and_not_to_the_port_above(self):
        call = self.call()
        control_outside, control_inside = self.rtp('peer'), self.rtp('pbx')
        call.invite(call.sdp('caller', rtcp=control_outside.port))
        call.answer(call.sdp('callee', rtcp=control_inside.port))
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.assert_rtcp_heard(control_outside, control_inside)
        above = (call.callee_rtp.address, call.callee_rtp.port + 1)
        self.assert_refused(control_outside, above, reason='no_pinhole')

    def test_with_rtcp_mux_agreed_the_port_above_is_shut(self):
        call = self.call()
        call.invite(call.sdp('caller', mux=True))
        call.answer(call.sdp('callee', mux=True))
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.assert_rtcp_heard(call.caller_rtp, call.callee_rtp)
        above = (call.callee_rtp.address, call.callee_rtp.port + 1)
        self.wait_until(lambda: self.hole_phase(above) in (None, 'closed'), 'the port above shuts')
        self.assert_refused(call.caller_rtp, above)

    def test_with_rtcp_mux_offered_and_not_answered_the_port_above_is_open(self):
        call = self.call('pbx', 'peer')
        call.invite(call.sdp('caller', mux=True))
        call.answer(call.sdp('callee', mux=False))
        call.ack()
        control_outside, control_inside = (self.rtp('peer', call.callee_rtp.port + 1),
                                           self.rtp('pbx', call.caller_rtp.port + 1))
        self.assert_rtcp_heard(control_outside, control_inside)

    def test_two_media_lines_open_two_pairs(self):
        video_outside, video_inside = self.rtp('peer'), self.rtp('pbx')
        call = self.call()
        call.invite(call.sdp('caller', ports=[call.caller_rtp.port, video_outside.port]))
        call.answer(call.sdp('callee', ports=[call.callee_rtp.port, video_inside.port]))
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.assert_both_hear(video_outside, video_inside)
        indexes = {h['local']: h.get('media') for h in self.wall.pinholes(call.call_id)}
        self.assertEqual(len(indexes), 4, indexes)

    def test_a_rejected_media_line_opens_nothing(self):
        video_outside, video_inside = self.rtp('peer'), self.rtp('pbx')
        call = self.call('pbx', 'peer')
        call.invite(call.sdp('caller', ports=[call.caller_rtp.port, video_inside.port]))
        call.answer(call.sdp('callee', ports=[call.callee_rtp.port, 0]))
        call.ack()
        self.assert_both_hear(call.callee_rtp, call.caller_rtp)
        self.assert_closes(video_outside, video_inside, video_inside.endpoint, 6.0)

    def test_a_connection_at_media_level_counts(self):
        call = self.call()
        rtp_outside, rtp_inside = call.caller_rtp, call.callee_rtp
        call.invite(sip.sdp(rtp_outside.address, rtp_outside.port, media_address=rtp_outside.address))
        call.answer(sip.sdp(rtp_inside.address, rtp_inside.port, media_address=rtp_inside.address))
        call.ack()
        self.assert_both_hear(rtp_outside, rtp_inside)

    def test_an_odd_port_is_a_port(self):
        odd = self.rtp('pbx', next_port() + 1)
        call = Call(self.phone('peer'), self.phone('pbx'), callee_rtp=odd).establish()
        self.addCleanup(call.close)
        self.assert_both_hear(call.caller_rtp, odd)

    def test_compact_headers_and_bare_lf_in_the_sdp_open_too(self):
        call = self.call()
        call.invite()
        text = sip.response(200, call.invited, tag=call.callee_tag, contact=f'pbx@{call.callee.host_port}',
                            body=call.sdp('callee').replace('\r\n', '\n'))
        for name, compact in (('Via', 'v'), ('From', 'f'), ('To', 't'), ('Call-ID', 'i'), ('Contact', 'm'),
                              ('Content-Type', 'c'), ('Content-Length', 'l')):
            text = text.replace(f'\r\n{name}: ', f'\r\n{compact}: ')
        call.callee.send(text, call.caller.endpoint)
        call.caller.expect(200)
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)


class IPv4(Sdp, WallCase):
    family = 4


class IPv6(Sdp, WallCase):
    family = 6
