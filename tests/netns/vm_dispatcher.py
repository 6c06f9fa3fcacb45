# SPDX-License-Identifier: Apache-2.0
"""The wall in libxdp's dispatcher, beside others: run in vm-tests, as it wants a kernel with freplace."""
import signal
import time
import unittest

from attach_test import AT_TC, Stranger
from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.wall import DRAIN
from ringwall_netns.xdp import Slot, has_freplace

BEFORE, AFTER = 5, 90
OURS = 'ringwall_xdp'
# A start takes a minute here, and a packet that XDP has seen fills 4 kB of a socket that nobody reads meanwhile.
INTERVAL = 0.05


class InDispatcher(WallCase):
    config = {'attach': 'dispatcher'}

    @classmethod
    def setUpClass(cls):
        if not has_freplace():
            raise unittest.SkipTest('a kernel with freplace (BPF_PROG_TYPE_EXT)')
        super().setUpClass()

    def attachment(self):
        (only,) = self.wall.status()['interfaces']
        return only

    def assert_no_loss(self, stream, receiver):
        missing = set(stream.stop())

        def is_all_here():
            missing.difference_update(p.sequence for p in receiver.received() if p.ssrc == stream.sender.ssrc)
            return not missing
        self.wait_until(is_all_here, f'all {len(stream.sent)} packets arrive')
        return len(stream.sent)

    def change_to(self, attach, ingress):
        """By a signal: a reload may take longer than the command waits."""
        self.wall.configure({'attach': attach})
        self.wall.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self.attachment()['ingress'] in ingress, f'the way in is {ingress}', 60)

    def assert_ends(self, call, outside, inside):
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)


class Beside(InDispatcher):
    """One neighbour was there first and runs first; the other one came after the wall, and runs after it."""

    @classmethod
    def prepare(cls):
        cls.slot = Slot(cls.topology.edge, 'outer')
        cls.slot.load(BEFORE)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(cls.slot.clear)
        cls.slot.load(AFTER)

    def setUp(self):
        super().setUp()
        if not self.wall.is_alive():
            self.wall.start()

    def verdicts(self):
        """All that came in and was judged."""
        return sum(n for name, n in self.wall.reasons().items() if not name.startswith('out_'))

    def test_calls_have_audio_and_all_three_see_it(self):
        self.assertEqual((self.attachment()['ingress'], self.attachment()['why']), ('xdp dispatcher', ''))
        self.assertEqual([name for _, name, _ in self.slot.programs()], ['neighbour', OURS, 'neighbour'])
        self.assertEqual([priority for priority, _, _ in self.slot.programs()], [BEFORE, 10, AFTER])
        before = self.slot.seen(BEFORE), self.slot.seen(AFTER), self.verdicts()
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assert_ends(call, outside, inside)
        after = self.slot.seen(BEFORE), self.slot.seen(AFTER), self.verdicts()
        for old, new in zip(before, after):
            self.assertGreater(new, old + 10)

    def test_what_the_wall_refuses_never_comes_to_those_behind_it(self):
        first, last = self.slot.seen(BEFORE), self.slot.seen(AFTER)
        self.assert_refused(self.rtp('third'), self.rtp('pbx').endpoint, reason='no_pinhole', count=20)
        self.assertGreaterEqual(self.slot.seen(BEFORE), first + 20)
        self.assertLess(self.slot.seen(AFTER), last + 20)

    def test_a_restart_costs_no_packet_and_lets_none_pass_unjudged(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        shut, attacker = self.rtp('pbx'), self.rtp('attacker')
        judged = self.verdicts()
        with Stream(outside, inside.endpoint, INTERVAL) as towards, Stream(inside, outside.endpoint, INTERVAL) as back, \
                Stream(attacker, shut.endpoint, INTERVAL / 5) as refused:
            self.wall.kill()
            time.sleep(0.3)
            self.wall.start()
            time.sleep(0.3)
            count = len(refused.stop()) + self.assert_no_loss(towards, inside)
            self.assert_no_loss(back, outside)
        self.assertFalse([p for p in shut.received() if p.ssrc == attacker.ssrc])
        self.wait_until(lambda: self.verdicts() >= judged + count, 'every packet has its verdict')
        # But for those under way in the instant of the change, one a processor, each was judged once.
        self.assertIn(self.verdicts() - judged, range(count, count + 3))
        print(f'{count} packets, each judged once ', end='')
        self.assertEqual(self.slot.names(), ['neighbour', OURS, 'neighbour'])
        self.assertEqual(self.attachment()['ingress'], 'xdp dispatcher')
        self.assert_ends(call, outside, inside)

    def test_a_reload_leaves_it_where_it_is(self):
        before = self.slot.programs()
        self.wall.reload()
        self.assertEqual(self.slot.programs(), before)

    def test_detach_takes_ours_away_and_leaves_the_others(self):
        self.agent_may_be_down = True
        self.wall.stop()
        self.wall.detach()
        self.assertEqual(self.slot.names(), ['neighbour', 'neighbour'])
        before = self.slot.seen(AFTER)
        self.assert_heard_without_a_wall()
        self.assertGreater(self.slot.seen(AFTER), before)
        self.wall.start()
        self.assertEqual(self.slot.names(), ['neighbour', OURS, 'neighbour'])

    def test_whoever_takes_all_away_does_not_take_the_wall_away(self):
        self.slot.clear()
        self.wait_until(lambda: self.slot.names() == [OURS], 'the wall is back')
        self.assertEqual(self.attachment()['ingress'], 'xdp dispatcher')
        self.assert_refused(self.rtp('third'), self.rtp('pbx').endpoint, reason='no_pinhole')
        self.slot.load(BEFORE)
        self.slot.load(AFTER)

    def test_from_tc_and_back_costs_no_packet(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.addCleanup(self.change_to, 'dispatcher', ['xdp dispatcher'])
        with Stream(outside, inside.endpoint, INTERVAL) as stream:
            self.change_to('tc', AT_TC)
            self.assertEqual(self.slot.names(), ['neighbour', 'neighbour'])
            self.change_to('dispatcher', ['xdp dispatcher'])
            self.assertEqual(self.slot.names(), ['neighbour', OURS, 'neighbour'])
            self.assert_no_loss(stream, inside)

    def assert_heard_without_a_wall(self):
        outside, inside = self.rtp('third'), self.rtp('pbx')
        outside.send(inside.endpoint, 3)
        self.assertIsNotNone(inside.wait(lambda p: p.ssrc == outside.ssrc, 2.0))


class AloneIPv6(InDispatcher):
    """Nobody else is there: a dispatcher of one, from native XDP and back."""
    shape, family = 'host', 6

    def test_native_and_dispatcher_take_turns_and_nobody_is_unjudged(self):
        slot = Slot(self.topology.edge, 'outer')
        call, outside, inside = self.inbound()
        shut, attacker = self.rtp('pbx'), self.rtp('attacker')
        with Stream(attacker, shut.endpoint, INTERVAL / 5):
            for attach, ingress, names in (('native', 'xdp native', []), ('dispatcher', 'xdp dispatcher', [OURS])):
                self.change_to(attach, [ingress])
                self.assertEqual(slot.names(), names)
                self.assert_both_hear(outside, inside)
        self.assertFalse([p for p in shut.received() if p.ssrc == attacker.ssrc])
        self.assert_ends(call, outside, inside)


__all__ = ['AloneIPv6', 'Beside', 'Stranger']
