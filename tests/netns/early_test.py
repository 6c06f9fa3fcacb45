# SPDX-License-Identifier: Apache-2.0
"""Before the answer, and instead of it: early media, RTP that beats its 200, CANCEL, refusals, retries and forks."""
from ringwall_netns import sip
from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.wall import DRAIN


class Early:
    def test_early_media_of_a_183_is_heard(self):
        call = self.call('pbx', 'peer')
        call.invite()
        call.ring(183, body=call.sdp('callee'))
        self.assert_both_hear(call.callee_rtp, call.caller_rtp)
        call.answer()
        call.ack()
        self.assert_both_hear(call.callee_rtp, call.caller_rtp)

    def test_early_media_towards_the_inside_of_an_inbound_call_is_heard(self):
        call = self.call()
        call.invite()
        call.ring(183, body=call.sdp('callee'))
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)

    def test_rtp_that_beats_its_200_is_heard(self):
        call = self.call('pbx', 'peer')
        call.invite()
        self.assert_heard(call.callee_rtp, call.caller_rtp)
        self.assertGreater(self.wall.reasons()['pinhole_early'], 0)
        call.answer()
        call.ack()
        self.assert_both_hear(call.callee_rtp, call.caller_rtp)

    def test_an_offer_to_a_declared_peer_is_open_to_that_peer_only(self):
        call = self.call('pbx', 'peer')
        call.invite()
        self.assert_heard(call.callee_rtp, call.caller_rtp)
        self.assert_refused(self.rtp('attacker'), call.caller_rtp.endpoint, call.caller_rtp, RTP_REFUSED)
        self.assert_heard(self.rtp('peer2'), call.caller_rtp)      # the same peer's other machine

    def test_no_more_than_200_packets_a_second_pass_before_the_answer(self):
        call = self.call('pbx', 'peer')
        call.invite()
        self.assert_heard(call.callee_rtp, call.caller_rtp)
        before = self.wall.reasons()
        call.callee_rtp.send(call.caller_rtp.endpoint, 1000)
        self.assert_dropped(before, 'early_rate', 500)
        self.assertLess(len(call.caller_rtp.received()), 500)

    def test_what_is_no_media_is_refused_on_an_offer(self):
        call = self.call('pbx', 'peer')
        call.invite()
        self.assert_heard(call.callee_rtp, call.caller_rtp)
        before = self.wall.reasons()
        for _ in range(5):
            call.callee_rtp.send_raw(b'\x50' + b'hello' * 10, call.caller_rtp.endpoint)
        self.assert_dropped(before, 'not_media', 5)
        self.assertEqual(call.caller_rtp.received(), [])

    def test_cancel_closes_what_was_offered(self):
        call = self.call('pbx', 'peer')
        call.invite()
        self.assert_heard(call.callee_rtp, call.caller_rtp)
        call.cancel()
        self.assert_closes(call.callee_rtp, call.caller_rtp, call.caller_rtp.endpoint, DRAIN + 1.0)

    def test_cancel_of_an_inbound_call_closes_its_early_media(self):
        call = self.call()
        call.invite()
        call.ring(183, body=call.sdp('callee'))
        self.assert_heard(call.caller_rtp, call.callee_rtp)
        call.cancel()
        self.assert_closes(call.caller_rtp, call.callee_rtp, call.callee_rtp.endpoint, DRAIN + 1.0)

    def test_a_cancel_that_loses_against_the_200_closes_nothing(self):
        call = self.call('pbx', 'peer')
        call.invite()
        received = call.request('CANCEL', cseq=1, branch=call.invite_branch, other_tag='')
        call.answer()
        call.respond(received, 200)
        call.ack()
        self.assert_both_hear(call.callee_rtp, call.caller_rtp)
        self.assert_open_for_good(call.callee_rtp, call.caller_rtp)

    def test_busy_closes_what_was_offered(self):
        call = self.call('pbx', 'peer')
        call.invite()
        self.assert_heard(call.callee_rtp, call.caller_rtp)
        call.refuse(486)
        self.assert_closes(call.callee_rtp, call.caller_rtp, call.caller_rtp.endpoint, DRAIN + 1.0)

    def test_a_challenged_invite_is_retried_on_the_same_port_and_has_audio(self):
        for status in (401, 407):
            with self.subTest(status=status):
                call = self.call('pbx', 'peer')
                call.invite()
                self.assert_heard(call.callee_rtp, call.caller_rtp)
                call.refuse(status)
                call.callee_tag = sip.new_tag()
                call.invite(cseq=2, extra=['Authorization: Digest username="pbx"'])
                call.ring()
                call.answer()
                call.ack()
                self.assert_both_hear(call.callee_rtp, call.caller_rtp)
                self.assert_open_for_good(call.callee_rtp, call.caller_rtp, 5.5 + DRAIN)
                call.bye()
                self.assert_closes(call.callee_rtp, call.caller_rtp, call.caller_rtp.endpoint, DRAIN + 1.0)

    def test_a_challenge_that_nobody_answers_lets_go(self):
        call = self.call('pbx', 'peer')
        call.invite()
        self.assert_heard(call.callee_rtp, call.caller_rtp)
        call.refuse(401)
        self.assert_closes(call.callee_rtp, call.caller_rtp, call.caller_rtp.endpoint, 6.0 + DRAIN)

    def test_the_answer_of_an_offerless_invite_comes_with_the_ack(self):
        call = self.call()
        call.invite(body='')
        call.ring()
        call.answer(body=call.sdp('callee'))
        call.ack(body=call.sdp('caller'))
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)


class Forks:
    """The INVITE goes to a proxy outside that no peer declares; its branches answer from elsewhere."""

    def setUp(self):
        super().setUp()
        self.forked = self.call('pbx', 'roamer')
        self.inside = self.forked.caller_rtp
        self.first, self.second = self.rtp('third'), self.rtp('roamer')
        self.forked.invite()
        for tag, branch in (('first', self.first), ('second', self.second)):
            self.forked.ring(183, body=sip.sdp(branch.address, branch.port), tag=tag)

    def test_two_forks_are_both_heard_before_the_answer(self):
        self.assert_heard(self.first, self.inside)
        self.assert_heard(self.second, self.inside)
        self.assert_heard(self.first, self.inside)

    def test_the_answer_of_one_fork_ends_the_other(self):
        self.assert_heard(self.first, self.inside)
        self.assert_heard(self.second, self.inside)
        self.forked.answer(body=sip.sdp(self.second.address, self.second.port), tag='second')
        self.forked.ack()
        self.assert_heard(self.second, self.inside)
        self.assert_closes(self.first, self.inside, self.inside.endpoint, DRAIN + 1.0)
        self.assert_heard(self.second, self.inside)
        self.forked.bye()
        self.assert_closes(self.second, self.inside, self.inside.endpoint, DRAIN + 1.0)

    def test_an_answer_without_sdp_keeps_its_own_forks(self):
        self.assert_heard(self.first, self.inside)
        self.forked.answer(body='', tag='second')
        self.forked.ack()
        self.assert_heard(self.second, self.inside)


class EarlyIPv4(Early, WallCase):
    family = 4


class EarlyIPv6(Early, WallCase):
    family = 6


class ForksIPv4(Forks, WallCase):
    family = 4


class ForksIPv6(Forks, WallCase):
    family = 6
