# SPDX-License-Identifier: Apache-2.0
"""ICE through the wall: checks with our fragment from anywhere, media from the pair that the inside's agent uses."""
from ringwall_netns import sip, stun
from ringwall_netns.case import RTP_REFUSED, WallCase

OURS, THEIRS = '8hhY', '9uB6'


class Ice:
    def established(self):
        """A call of a roamer whose SDP names a server elsewhere; the PBX has a second candidate, the desk's address.
        (its own socket, the PBX's, the second one)"""
        call, second = self.call('roamer', 'pbx'), self.rtp('desk')
        roamer, pbx = call.caller_rtp, call.callee_rtp
        call.invite(sip.sdp(self.address('third'), 30000, mux=True, lines=stun.lines(THEIRS, roamer.endpoint)))
        call.answer(sip.sdp(pbx.address, pbx.port, mux=True, lines=stun.lines(OURS, pbx.endpoint, second.endpoint)))
        call.ack()
        return roamer, pbx, second

    def checked(self, outside, inside):
        """A check of the outside that the inside answers."""
        outside.send_raw(stun.check(f'{OURS}:{THEIRS}'), inside.endpoint)
        asked = inside.wait(lambda p: stun.is_request(p.raw))
        self.assertIsNotNone(asked, 'the check did not arrive')
        inside.send_raw(stun.success(asked.raw), asked.source)
        self.assertIsNotNone(outside.wait(lambda p: stun.is_success(p.raw)), 'the answer did not arrive')

    def test_a_check_that_the_inside_answers_makes_the_pair(self):
        roamer, pbx, _ = self.established()
        self.wait_until(lambda: self.hole_phase(pbx.endpoint) == 'answered', 'the call is up')
        self.assert_refused(roamer, pbx.endpoint, pbx, RTP_REFUSED)
        self.checked(roamer, pbx)
        self.assert_both_hear(roamer, pbx)
        self.assertGreater(self.wall.reasons()['pinhole_stun'], 0)
        self.assert_refused(self.rtp('attacker'), pbx.endpoint, pbx, RTP_REFUSED)

    def test_each_host_candidate_has_a_hole(self):
        roamer, _, second = self.established()
        self.wait_until(lambda: self.hole_phase(second.endpoint) == 'answered', 'the call is up')
        self.checked(roamer, second)
        self.assert_both_hear(roamer, second)

    def test_a_check_without_our_fragment_is_refused(self):
        roamer, pbx, _ = self.established()
        self.wait_until(lambda: self.hole_phase(pbx.endpoint) == 'answered', 'the call is up')
        before = self.wall.reasons()
        for username in (f'{THEIRS}:{OURS}', f'{OURS}x:{THEIRS}', OURS[:-1] + f':{THEIRS}'):
            roamer.send_raw(stun.check(username), pbx.endpoint)
        self.assert_dropped(before, 'no_ufrag', 3)
        self.assertEqual(pbx.received(), [])

    def test_a_check_that_the_inside_does_not_answer_makes_nobody_a_peer(self):
        _, pbx, _ = self.established()
        self.wait_until(lambda: self.hole_phase(pbx.endpoint) == 'answered', 'the call is up')
        attacker = self.rtp('attacker')
        attacker.send_raw(stun.check(f'{OURS}:evil'), pbx.endpoint)
        self.assertIsNotNone(pbx.wait(lambda p: stun.is_request(p.raw)))
        self.assert_refused(attacker, pbx.endpoint, pbx, RTP_REFUSED)

    def test_the_inside_may_check_first(self):
        roamer, pbx, _ = self.established()
        self.wait_until(lambda: self.hole_phase(pbx.endpoint) == 'answered', 'the call is up')
        pbx.send_raw(stun.check(f'{THEIRS}:{OURS}'), roamer.endpoint)
        asked = roamer.wait(lambda p: stun.is_request(p.raw))
        roamer.send_raw(stun.success(asked.raw), asked.source)
        self.assertIsNotNone(pbx.wait(lambda p: stun.is_success(p.raw)), 'the answer did not arrive')
        self.assert_both_hear(roamer, pbx)


class IceIPv4(Ice, WallCase):
    family = 4


class IceIPv6(Ice, WallCase):
    family = 6
