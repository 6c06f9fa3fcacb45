# SPDX-License-Identifier: Apache-2.0
"""A bridge that is outside, and ports of it that are, or are not: whichever come and go, what comes by any is judged."""
import os
import signal

from bridge_test import BridgeAboveTheCard
from ringwall_netns.case import WallCase
from ringwall_netns.topology import ADDRESSES, join
from ringwall_netns.watched import Watched


class Ports(Watched):
    """`outer` is a port of br0, and not named; `second`, which is, joins and leaves."""
    shape = 'host'

    @classmethod
    def prepare(cls):
        join(cls.topology.edge, 'second', cls.topology.outside, 'far')
        BridgeAboveTheCard.prepare.__func__(cls)

    def attached(self):
        return {each['name'] for each in self.wall.status()['interfaces'] if each['ingress'] != 'none'}

    def wait_for(self, *names):
        self.wait_until(lambda: self.attached() == set(names), f'{names} are attached')

    def join_bridge(self, port):
        self.in_edge('ip', 'link', 'set', port, 'master', 'br0')
        self.addCleanup(self.in_edge, 'ip', 'link', 'set', port, 'nomaster')

    def assert_card_is_guarded(self):
        closed, attacker = self.rtp('pbx'), self.rtp('attacker')
        self.assert_refused(attacker, closed.endpoint, closed, 'no_pinhole')

    def assert_guarded_as_ports_change(self, alone, together):
        self.wait_for(*alone)
        self.assert_card_is_guarded()
        self.join_bridge('second')
        self.wait_for(*together)
        self.assert_card_is_guarded()
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.in_edge('ip', 'link', 'set', 'second', 'nomaster')
        self.wait_for(*alone)
        self.assert_card_is_guarded()


class OnePortIsNotNamed(Ports, WallCase):
    config = {'outside': ['br0', 'second'],
              'protect': {'networks': ['self', ADDRESSES['pbx'][0]], 'media_ports': '10000-20000'}}

    def test_the_bridge_stays_guarded_as_a_named_port_joins_and_leaves(self):
        self.assert_guarded_as_ports_change(('br0', 'second'), ('br0', 'second'))

    def test_doctor_and_log_say_what_counts_twice(self):
        self.join_bridge('second')
        self.wait_until(lambda: self.logged('br0 stands above second, and both are attached'), 'the log says so')
        self.assertIn('br0 and second below it are both attached', self.wall.invoke('doctor').stdout)


class AllPortsAreNamed(Ports, WallCase):
    config = {'outside': ['br0', 'outer'],
              'protect': {'networks': ['self', ADDRESSES['pbx'][0]], 'media_ports': '10000-20000'}}

    def test_the_port_alone_is_attached_until_another_one_joins(self):
        self.assert_guarded_as_ports_change(('outer',), ('br0', 'outer'))


class ThePortIsRefused(Ports, WallCase):
    """A port cannot have generic XDP while its bridge has: it was to take over from that."""
    config = {'outside': ['br0', 'named'], 'attach': 'generic',
              'protect': {'networks': ['self', ADDRESSES['pbx'][0]], 'media_ports': '10000-20000'}}

    def test_the_bridge_stays_guarded(self):
        self.wait_for('br0')
        os.kill(self.wall.process.pid, signal.SIGSTOP)
        try:
            for words in (('nomaster',), ('down',), ('name', 'named')):
                self.in_edge('ip', 'link', 'set', 'outer', *words)
            for words in (('up',), ('master', 'br0')):
                self.in_edge('ip', 'link', 'set', 'named', *words)
        finally:
            os.kill(self.wall.process.pid, signal.SIGCONT)
        self.wait_until(lambda: self.logged('attach.refused: '), 'it is refused')
        self.wait_for()
        self.assert_card_is_guarded()
