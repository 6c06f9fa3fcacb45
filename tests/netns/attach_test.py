# SPDX-License-Identifier: Apache-2.0
"""`attach: dispatcher` where it cannot be: the wall stands at TC, says why, and leaves alone what is there."""
import os

from ringwall_netns.case import WallCase
from ringwall_netns.topology import run
from ringwall_netns.wall import DRAIN
from ringwall_netns.xdp import Slot, has_freplace

AT_TC = ('tcx', 'clsact')


class Fallback:
    config = {'attach': 'dispatcher'}

    def attachment(self):
        (only,) = self.wall.status()['interfaces']
        return only

    def assert_at_tc_because(self, why):
        found = self.attachment()
        self.assertIn(found['ingress'], AT_TC)
        self.assertIn(why, found['why'])
        self.assertIn(why, self.wall.log.read_text(encoding='utf-8'))

    def assert_guards(self):
        """A call is heard while it lasts, and nobody else ever."""
        self.assert_refused(self.rtp('third'), self.rtp('pbx').endpoint, reason='no_pinhole')
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)


class WithoutFreplace(Fallback, WallCase):
    """On a kernel with freplace, where there is nothing to fall back from, the dispatcher is what it gets."""

    def test_the_way_in_is_the_dispatcher_or_tc_and_says_why(self):
        if has_freplace():
            self.assertEqual(self.attachment()['ingress'], 'xdp dispatcher')
        else:
            self.assert_at_tc_because('cannot replace a function of a loaded program')
            self.assertIsNone(Slot(self.topology.edge, 'outer').holder())
        self.assert_guards()

    def test_auto_takes_the_whole_slot_and_the_dispatcher_gives_it_back(self):
        before = self.attachment()
        self.addCleanup(lambda: (self.wall.configure(self.config), self.wall.reload()))
        self.wall.configure({'attach': 'auto'})
        self.wall.reload()
        self.assertEqual(self.attachment()['ingress'], 'xdp native')
        self.wall.configure(self.config)
        self.wall.reload()
        self.assertEqual(self.attachment(), before)
        self.assert_guards()


class Later:
    """A bridge that comes while the wall stands."""

    def add(self, name):
        self.in_edge('ip', 'link', 'add', name, 'type', 'bridge')
        self.addCleanup(self.in_edge, 'ip', 'link', 'del', name)
        self.wait_until(lambda: len(self.wall.status()['interfaces']) == 2, 'the agent has seen it', 10)

    def in_edge(self, *command):
        return run('nsenter', f'--net={self.topology.edge.path}', *command)

    def ways(self):
        return {each['name']: each['ingress'] for each in self.wall.status()['interfaces']}


class Refused(Later, WallCase):
    config = {'outside': ['out*'], 'attach': 'native'}           # which bridges have not

    def test_it_keeps_no_agent_from_following_the_calls_of_the_others(self):
        call, outside, inside = self.inbound()
        self.add('outbridge')
        self.assertEqual(self.ways(), {'outer': 'xdp native', 'outbridge': 'none'})
        self.wall.kill()
        self.wall.start()
        self.assertEqual(self.ways(), {'outer': 'xdp native', 'outbridge': 'none'})
        self.assert_both_hear(outside, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)


class AnyName(Later, WallCase):
    config = {'outside': ['out*']}

    def test_one_that_is_no_utf8_is_told_and_changes_nothing(self):
        self.add(os.fsdecode(b'out\xff'))
        self.assertIn('out\ufffd', self.ways())
        self.wall.reload()
        self.assertEqual(self.wall.status()['config']['error'], '')


class Stranger(Fallback, WallCase):
    """A program that knows nothing of dispatchers has the slot."""
    family = 6

    @classmethod
    def prepare(cls):
        cls.slot = Slot(cls.topology.edge, 'outer')
        cls.slot.load_directly()

    def test_the_stranger_stays_and_the_wall_stands_at_tc(self):
        holder = self.slot.holder()
        self.assertIsNotNone(holder)
        self.assert_at_tc_because('another XDP program holds this interface without a dispatcher' if has_freplace()
                                  else 'cannot replace a function of a loaded program')
        self.assert_guards()
        self.wall.reload()
        self.assertEqual(self.slot.holder(), holder)
        self.agent_may_be_down = True
        self.wall.stop()
        self.wall.detach()
        self.assertEqual(self.slot.holder(), holder)
        self.wall.start()
