# SPDX-License-Identifier: Apache-2.0
"""One call that crosses the wall twice with one Call-ID: a proxy on the edge, both phones outside, media relayed."""
import select
import threading

from ringwall_netns.call import Call
from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.wall import DRAIN


class Relay:
    """Carries media between two ports of the proxy, as rtpengine does."""

    def __init__(self, one, other, one_far, other_far):
        self._ways = {one._socket: (other._socket, other_far), other._socket: (one._socket, one_far)}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            for ready in select.select(list(self._ways), [], [], 0.05)[0]:
                out, far = self._ways[ready]
                out.sendto(ready.recv(65535), far)

    def stop(self):
        self._stop.set()
        self._thread.join(5)


class Crossing:
    shape = 'host'

    def setUp(self):
        super().setUp()
        self.left, self.right = self.rtp('pbx'), self.rtp('pbx')       # the proxy's two media ports
        proxy = self.phone('pbx')
        self.first = Call(self.phone('roamer'), proxy, callee_rtp=self.left)
        self.second = Call(proxy, self.phone('third'), caller_rtp=self.right, call_id=self.first.call_id)
        for call in (self.first, self.second):
            self.addCleanup(call.close)
        self.second.caller_tag, self.first.callee_tag = self.first.caller_tag, self.second.callee_tag
        self.alice, self.bob = self.first.caller_rtp, self.second.callee_rtp

    def establish(self):
        self.first.invite()
        self.second.invite()
        self.second.ring()
        self.first.ring()
        self.second.answer()
        self.first.answer()
        self.first.ack()
        self.second.ack()
        relay = Relay(self.left, self.right, self.alice.endpoint, self.bob.endpoint)
        self.addCleanup(relay.stop)

    def bye(self):
        received = self.first.request('BYE')
        passed_on = self.second.request('BYE')
        self.second.respond(passed_on, 200)
        self.first.respond(received, 200)

    def test_both_phones_hear_each_other_and_each_leg_has_its_own_holes(self):
        self.establish()
        self.assert_heard(self.alice, self.bob, to=self.left.endpoint)
        self.assert_heard(self.bob, self.alice, to=self.right.endpoint)
        legs = self.wall.call(self.first.call_id)
        self.assertEqual(len(legs), 2, legs)
        self.assert_refused(self.alice, self.right.endpoint, reason=RTP_REFUSED)
        self.assert_refused(self.bob, self.left.endpoint, reason=RTP_REFUSED)

    def test_the_bye_ends_both_legs(self):
        self.establish()
        self.assert_heard(self.alice, self.bob, to=self.left.endpoint)
        self.bye()
        for sender, hole in ((self.alice, self.left), (self.bob, self.right)):
            self.wait_until(lambda hole=hole: self.hole_phase(hole.endpoint) in ('closed', None), 'the hole closes',
                            DRAIN + 1.5)
            self.assert_refused(sender, hole.endpoint, reason='call_ended')

    def test_the_end_of_one_leg_leaves_the_other(self):
        self.establish()
        self.assert_heard(self.alice, self.bob, to=self.left.endpoint)
        received = self.second.request('BYE', 'callee')                 # the proxy keeps the first leg for itself
        self.second.respond(received, 200, side='caller')
        self.wait_until(lambda: self.hole_phase(self.right.endpoint) in ('closed', None), 'the second leg closes',
                        DRAIN + 1.5)
        self.assertEqual(self.hole_phase(self.left.endpoint), 'answered')
        before = self.wall.reasons()['pinhole_rtp']
        self.alice.send(self.left.endpoint, 10)
        self.wait_until(lambda: self.wall.reasons()['pinhole_rtp'] >= before + 10, 'the first leg still passes')

    def test_a_refusal_of_the_second_leg_ends_both(self):
        self.first.invite()
        self.second.invite()
        self.second.refuse(486)
        self.first.refuse(486)
        self.assert_refused(self.alice, self.left.endpoint, reason='no_pinhole')
        self.wait_until(lambda: self.hole_phase(self.right.endpoint) in ('closed', None), 'the offer closes', DRAIN + 1.5)


class IPv4(Crossing, WallCase):
    family = 4


class IPv6(Crossing, WallCase):
    family = 6
