# SPDX-License-Identifier: Apache-2.0
"""Hold and move: what a re-INVITE does to media that flows."""
from ringwall_netns import sip
from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.media import Stream
from ringwall_netns.wall import DRAIN


class Hold:
    def test_music_on_hold_is_heard_and_so_is_the_call_after_resume(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.reinvite(offer=call.sdp('caller', direction='sendonly'), answer=call.sdp('callee', direction='recvonly'))
        self.assert_heard(outside, inside)
        self.wait_until(lambda: self.hole_phase(inside.endpoint) == 'held', 'the hole is held')
        call.reinvite()
        self.assert_both_hear(outside, inside)
        self.assertEqual(self.hole_phase(inside.endpoint), 'answered')

    def test_hold_by_the_inside_closes_nothing(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.reinvite('callee', offer=call.sdp('callee', direction='sendonly'),
                      answer=call.sdp('caller', direction='recvonly'))
        self.assert_both_hear(outside, inside)
        call.reinvite('callee')
        self.assert_both_hear(outside, inside)

    def test_hold_by_the_unspecified_address_keeps_the_previous_peer(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        unspecified = '0.0.0.0' if self.family == 4 else '::'
        call.reinvite(offer=sip.sdp(outside.address, outside.port, media_address=unspecified))
        self.assert_heard(outside, inside)
        call.reinvite()
        self.assert_both_hear(outside, inside)

    def test_inactive_closes_nothing(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.reinvite(offer=call.sdp('caller', direction='inactive'), answer=call.sdp('callee', direction='inactive'))
        self.assert_heard(outside, inside)
        call.reinvite()
        self.assert_both_hear(outside, inside)

    def test_music_from_another_server_named_in_the_hold_offer_is_heard(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        music = self.rtp('third')
        self.assert_refused(music, inside.endpoint, inside, RTP_REFUSED)
        call.reinvite(offer=sip.sdp(music.address, music.port, direction='sendonly'),
                      answer=call.sdp('callee', direction='recvonly'))
        self.assert_heard(music, inside)

    def test_bye_while_held_closes(self):
        call, outside, inside = self.inbound()
        call.reinvite(offer=call.sdp('caller', direction='sendonly'), answer=call.sdp('callee', direction='recvonly'))
        self.assert_heard(outside, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)


class Move:
    def test_the_inside_moves_its_media_and_the_old_hole_drains(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        new = self.rtp('pbx')
        call.reinvite('callee', offer=sip.sdp(new.address, new.port))
        self.assert_heard(outside, inside, count=3)           # make before break
        self.assert_heard(outside, new)
        self.assert_heard(new, outside)
        self.assert_closes(outside, inside, inside.endpoint, 6.0 + DRAIN)
        self.assert_heard(outside, new)

    def test_a_move_that_nobody_follows_still_drains_the_old_hole(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        new = self.rtp('pbx')
        call.reinvite('callee', offer=sip.sdp(new.address, new.port))
        self.assert_closes(outside, inside, inside.endpoint, 6.5 + DRAIN)
        self.assert_heard(outside, new)

    def test_an_answer_on_a_new_port_moves_too(self):
        call, outside, inside = self.inbound()
        new = self.rtp('pbx')
        call.reinvite(answer=sip.sdp(new.address, new.port))
        self.assert_heard(outside, new)
        self.assert_closes(outside, inside, inside.endpoint, 6.5 + DRAIN)

    def test_the_outside_moves_and_is_heard_once_the_inside_has_answered(self):
        call, outside, inside = self.inbound()
        moved = self.rtp('third')
        with Stream(outside, inside.endpoint):
            received = call.request('INVITE', body=sip.sdp(moved.address, moved.port))
            self.assert_refused(moved, inside.endpoint, reason=RTP_REFUSED)
            call.respond(received, 200, body=call.sdp('callee'))
            call.ack()
        self.assert_heard(moved, inside)

    def test_a_refused_reinvite_of_the_outside_changes_nothing(self):
        call, outside, inside = self.inbound()
        moved = self.rtp('third')
        self.assert_both_hear(outside, inside)
        call.reinvite(offer=sip.sdp(moved.address, moved.port), status=488)
        self.assert_refused(moved, inside.endpoint, inside, RTP_REFUSED)
        self.assert_open_for_good(outside, inside)

    def test_a_refused_reinvite_of_the_inside_is_rolled_back(self):
        call, outside, inside = self.inbound()
        new = self.rtp('pbx')
        self.assert_both_hear(outside, inside)
        call.reinvite('callee', offer=sip.sdp(new.address, new.port), status=488)
        self.assert_closes(outside, new, new.endpoint, DRAIN + 6.0)
        self.assert_open_for_good(outside, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)


class HoldIPv4(Hold, WallCase):
    family = 4


class HoldIPv6(Hold, WallCase):
    family = 6


class MoveIPv4(Move, WallCase):
    family = 4


class MoveIPv6(Move, WallCase):
    family = 6
