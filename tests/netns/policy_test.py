# SPDX-License-Identifier: Apache-2.0
"""What the configuration says beside calls: static rules, the deny list under live calls, the agent's absence; and two
walls on one kernel that know nothing of each other."""
import time

from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.topology import Topology
from ringwall_netns.wall import Wall

SILENT = 1.0                                      # on_agent_loss.after


class Rules:
    def tearDown(self):
        super().tearDown()
        self.wall.configure(self.config)
        self.wall.reload()

    def reload(self, changes):
        self.wall.configure(changes)
        self.wall.reload()

    def rule(self, **changes):
        return {'rules': [{'allow': 'udp', 'to': [self.address('pbx')], 'ports': '12000-12002',
                           'from': [self.address('third')], **changes}]}

    def test_a_rule_opens_its_ports_to_its_sources_for_as_long_as_it_stands(self):
        third, attacker, inside = self.rtp('third'), self.rtp('attacker'), self.rtp('pbx', 12002)
        self.assert_refused(third, inside.endpoint, inside, 'no_pinhole')
        self.reload(self.rule())
        self.assert_heard(third, inside)
        self.assert_refused(attacker, inside.endpoint, inside, 'no_pinhole')
        self.assert_refused(third, (inside.address, 12003), reason='no_pinhole')
        self.assert_refused(third, (self.address('desk'), 12002), reason='no_pinhole')
        self.reload({})
        self.assert_refused(third, inside.endpoint, inside, 'no_pinhole')

    def test_a_rule_ends_with_its_date_though_the_agent_be_dead(self):
        third, inside = self.rtp('third'), self.rtp('pbx', 12000)
        end = time.time() + 4.0
        self.reload(self.rule(until=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(end))))
        self.assert_heard(third, inside)
        self.wall.kill()
        self.assert_closes(third, inside, inside.endpoint, 6.0)
        self.wall.start()
        self.assert_refused(third, inside.endpoint, inside, 'no_pinhole')
        self.assertIn('rules[0].until: past', self.wall.log_tail())

    def test_a_denied_peer_of_a_live_call_falls_silent_and_is_heard_again_when_the_list_lets_it(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.reload({'deny': {'networks': [self.address('peer')]}})
        self.assert_refused(outside, inside.endpoint, inside)
        self.reload({'deny': {'networks': [self.address('peer')]}, 'allow': [self.address('peer')]})
        self.assert_heard(outside, inside)
        self.reload({'deny': {'networks': [self.address('peer')]}})
        self.assert_refused(outside, inside.endpoint, inside)
        self.reload({})
        self.assert_heard(outside, inside)

    def test_denied_everything_means_every_port(self):
        third, inside = self.rtp('third'), self.rtp('pbx', 25000)   # not guarded
        self.assert_heard(third, inside)
        self.reload({'deny': {'networks': [self.address('third')]}})
        self.assert_heard(third, inside)
        self.reload({'deny': {'networks': [self.address('third')], 'scope': 'all'}})
        self.assert_refused(third, inside.endpoint, inside, 'denied')

    def test_bypass_reaches_a_guarded_port_that_no_call_has_opened(self):
        third, inside = self.rtp('third'), self.rtp('pbx')
        self.reload({'allow': [self.address('third')]})
        self.assert_refused(third, inside.endpoint, inside, 'no_pinhole')
        self.reload({'allow': [{'network': self.address('third'), 'bypass': 'all'}]})
        self.assert_heard(third, inside)


class RulesIPv4(Rules, WallCase):
    family = 4


class RulesIPv6(Rules, WallCase):
    family = 6


class AgentLoss:
    def lose(self, mode):
        """A live call, then the mode, then no agent for longer than it may be away."""
        self.wall.configure({'on_agent_loss': {'after': f'{SILENT:.0f}s', 'do': mode}})
        self.wall.reload()
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.addCleanup(self._agent_back)
        self.wall.kill()
        return call, outside, inside

    def _agent_back(self):
        if not self.wall.is_alive():
            self.wall.start()

    def is_heard_within(self, sender, receiver, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sender.send(receiver.endpoint)
            if receiver.wait(lambda p: p.ssrc == sender.ssrc, 0.02):
                return True
        return False

    def test_peers_may_reach_guarded_ports_and_nobody_else_until_the_agent_is_back(self):
        _, outside, inside = self.lose('peers')
        peer, third, free = self.rtp('peer2'), self.rtp('third'), self.rtp('pbx')
        self.assertTrue(self.is_heard_within(peer, free, SILENT + 5.0))
        self.assertFalse(self.is_heard_within(third, free, 0.5))
        self.assert_heard(outside, inside)
        self.wall.start()
        self.assert_refused(peer, free.endpoint, free, 'no_pinhole')
        self.assert_heard(outside, inside)

    def test_closed_shuts_live_calls_until_the_agent_is_back(self):
        _, outside, inside = self.lose('closed')
        self.assert_closes(outside, inside, inside.endpoint, SILENT + 5.0)
        self.wall.start()
        self.assert_heard(outside, inside)

    def test_open_lets_anyone_reach_guarded_ports_and_leaves_the_live_call_its_own(self):
        _, outside, inside = self.lose('open')
        third, free = self.rtp('third'), self.rtp('pbx')
        self.assertTrue(self.is_heard_within(third, free, SILENT + 5.0))
        self.assert_heard(outside, inside)
        self.assertFalse(self.is_heard_within(self.rtp('third'), inside, 0.5))
        self.wall.start()
        self.assert_refused(third, free.endpoint, free, 'no_pinhole')

    def test_keep_opens_nothing_and_closes_nothing(self):
        _, outside, inside = self.lose('keep')
        self.assertFalse(self.is_heard_within(self.rtp('peer2'), self.rtp('pbx'), SILENT + 1.0))
        self.assert_heard(outside, inside)
        self.wall.start()
        self.assert_heard(outside, inside)


class AgentLossIPv4(AgentLoss, WallCase):
    family = 4


class AgentLossIPv6(AgentLoss, WallCase):
    family = 6


class TwoWalls(WallCase):
    """Two topologies, two walls with pins of their own, on one kernel. The addresses are the same on purpose."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_topology = Topology('edge')
        cls.addClassCleanup(cls.other_topology.close)
        cls.other_wall = Wall(cls.other_topology, cls.config)
        cls.addClassCleanup(cls.other_wall.close)
        cls.other_wall.start()

    def swap(self):
        """From here on this test's parties and claims are those of the other wall."""
        self._close_phones()
        self._phones = {}
        cls = type(self)
        cls.topology, cls.other_topology = cls.other_topology, cls.topology
        cls.wall, cls.other_wall = cls.other_wall, cls.wall

    def test_both_enforce_and_a_call_of_one_opens_nothing_at_the_other(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assertTrue(self.wall.pinhole(inside.endpoint))
        self.assertIsNone(self.other_wall.pinhole(inside.endpoint))
        def counted():                            # without what hosts say of themselves now and then (MLD)
            return {label: count for label, count in self.other_wall.reasons().items()
                    if label not in ('out_other', 'out_of_scope')}
        before = counted()
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside, RTP_REFUSED)
        self.assertEqual(counted(), before)
        self.swap()
        there = self.rtp('pbx', inside.port)
        self.assert_refused(self.rtp('peer', outside.port), there.endpoint, there, 'no_pinhole')
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)

    def test_taking_one_down_leaves_the_other_as_it_was(self):
        self.agent_may_be_down = True
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.other_wall.kill()
        self.assert_both_hear(outside, inside)
        self.other_wall.start()
        self.other_wall.detach()
        self.assert_both_hear(outside, inside)
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside, RTP_REFUSED)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, 2.0)
        self.other_wall.start()
        self.swap()
        there = self.rtp('pbx')
        self.assert_refused(self.rtp('attacker'), there.endpoint, there, 'no_pinhole')

