# SPDX-License-Identifier: Apache-2.0
"""An outside interface that is moved to another network namespace takes the wall's links along, with its index; the one that
comes in its place, of the same index, is guarded by links of its own."""
import json
import os
import signal

from ringwall_netns.case import WallCase
from ringwall_netns.topology import run
from ringwall_netns.wall import DRAIN


class Moved:
    shape = 'host'

    def assert_guards(self):
        """Nobody is heard but for a call, while it lasts."""
        self.wait_until(self.is_shut, 'the new interface is guarded')
        self.assert_refused(self.rtp('third'), self.rtp('pbx').endpoint, reason='no_pinhole')
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def is_shut(self):
        sender, receiver = self.rtp('third'), self.rtp('pbx')
        before = self.wall.reasons().get('no_pinhole', 0)
        sender.send(receiver.endpoint)
        return self.wall.reasons().get('no_pinhole', 0) > before

    def links(self):
        """The ids of what is pinned: before Linux 6.6 none at TC."""
        pins = (self.wall.pin_path / 'links').iterdir()
        return {json.loads(run('bpftool', '-j', 'link', 'show', 'pinned', pin))['id'] for pin in pins}

    @staticmethod
    def all_links():
        return {link['id'] for link in json.loads(run('bpftool', '-j', 'link', 'show'))}

    def test_the_one_in_its_place_is_guarded_where_no_agent_saw_it_come(self):
        self.agent_may_be_down = True
        before = self.links()
        self.wall.stop()
        self.topology.replace_outer()
        self.assertLessEqual(before, self.all_links())
        self.wall.start()
        self.assert_guards()
        self.assertFalse(before & self.all_links(), 'nothing of ours is left on the other one')

    def test_the_one_in_its_place_is_guarded_where_the_agent_looked_too_late(self):
        before = self.links()
        os.kill(self.wall.process.pid, signal.SIGSTOP)
        try:
            self.topology.replace_outer()
        finally:
            os.kill(self.wall.process.pid, signal.SIGCONT)
        self.assert_guards()
        self.assertFalse(before & self.all_links(), 'nothing of ours is left on the other one')


class MovedFromXdp(Moved, WallCase):
    config = {'attach': 'native'}


class MovedFromTc(Moved, WallCase):
    family = 6
    config = {'attach': 'tc'}
