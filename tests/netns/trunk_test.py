# SPDX-License-Identifier: Apache-2.0
"""Many calls on one signalling 5-tuple: each has its own holes and its own end, and nobody else can end it."""
from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.wall import DRAIN

CALLS = 50


class Trunk:
    def test_fifty_calls_answered_before_any_rtp_all_have_audio_and_the_bye_of_one_leaves_the_others(self):
        calls = [self.call().establish() for _ in range(CALLS)]
        for call in calls:
            self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        gone, left = calls[CALLS // 2], [c for c in calls if c is not calls[CALLS // 2]]
        gone.bye()
        self.assert_closes(gone.caller_rtp, gone.callee_rtp, gone.callee_rtp.endpoint, DRAIN + 1.0)
        for call in left:
            self.assert_heard(call.caller_rtp, call.callee_rtp, count=3)
            self.assert_heard(call.callee_rtp, call.caller_rtp, count=3)

    def test_the_bye_of_another_dialog_closes_nothing(self):
        call, outside, inside = self.inbound()
        other, *_ = self.inbound()
        self.assert_both_hear(outside, inside)
        other.bye()
        self.assert_open_for_good(outside, inside)

    def test_a_bye_with_another_call_id_closes_nothing_even_if_it_is_answered(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        received = call.request('BYE', call_id=sip.new_call_id())
        self.phone('pbx').send(sip.response(200, received), received.source)
        self.assert_open_for_good(outside, inside)

    def test_a_bye_with_wrong_tags_closes_nothing(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        for tags in ({'own_tag': 'wrong'}, {'other_tag': 'wrong'}, {'own_tag': 'wrong', 'other_tag': 'wrong'}):
            received = call.request('BYE', **tags)
            call.respond(received, 481)
        self.assert_open_for_good(outside, inside)

    def test_a_spoofed_bye_without_its_answer_closes_nothing(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.request('BYE')                        # from the peer's own address, with the right tags; nobody answers
        self.assert_open_for_good(outside, inside)
        self.assert_heard(inside, outside)

    def test_a_bye_that_the_inside_refuses_closes_nothing(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        received = call.request('BYE')
        call.respond(received, 401)
        self.assert_open_for_good(outside, inside)

    def test_a_200_that_belongs_to_no_transaction_closes_nothing(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        forged = sip.Message(sip.request('BYE', call.caller.uri, via=call.callee.host_port, frm=call.party('callee'),
                                         to=call.party('caller'), call_id=call.call_id, cseq=7).encode(), ('', 0))
        self.phone('peer').send(sip.response(200, forged), self.phone('pbx').endpoint)
        self.phone('pbx').expect(200, call.call_id)
        self.assert_open_for_good(outside, inside)

    def test_retransmissions_of_every_message_change_nothing(self):
        call = self.call()
        invite = call.send('INVITE', body=call.sdp('caller'), other_tag='', cseq=1, branch='z9hG4bK-same')
        call.caller.send(invite, call.callee.endpoint)
        call.invited = call.callee.expect('INVITE', call.call_id)
        for _ in range(3):
            call.answer()
        call.cseq['caller'] = 1
        call.ack()
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        call.bye()
        self.assert_closes(call.caller_rtp, call.callee_rtp, call.callee_rtp.endpoint, DRAIN + 1.0)
        call.respond(call.invited, 200, body=call.sdp('callee'))    # a late copy of the answer opens nothing again
        self.assert_refused(call.caller_rtp, call.callee_rtp.endpoint, call.callee_rtp, 'call_ended')


class IPv4(Trunk, WallCase):
    family = 4


class IPv6(Trunk, WallCase):
    family = 6
