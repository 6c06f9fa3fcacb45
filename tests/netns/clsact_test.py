# SPDX-License-Identifier: Apache-2.0
"""TC programs by filters of the clsact qdisc, as before Linux 6.6: filters outlive pins, and have neighbours."""
import shutil

from ringwall_netns.case import WallCase
from ringwall_netns.clsact import Clsact


class PinsGone(Clsact, WallCase):
    """Pins and agent go in the same second, and the filters stay."""
    config = {'attach': 'tc'}

    def setUp(self):
        super().setUp()
        self.agent_may_be_down = True
        if not self.wall.is_alive():
            self.wall.start()
        self.assertEqual(self.attachment()['ingress'], 'clsact')

    def lose_pins(self):
        self.wall.kill()
        shutil.rmtree(self.wall.pin_path)

    def is_heard(self, party, port=5060):
        sender, receiver = self.rtp(party), self.rtp('pbx')
        sender.send(receiver.endpoint)
        return receiver.wait(lambda packet: packet.ssrc == sender.ssrc, 0.3) is not None

    def test_detach_removes_what_refuses_without_pins(self):
        self.lose_pins()
        self.assertFalse(self.is_heard('third'), 'what is left refuses')
        doctor = self.wall.invoke('doctor').stdout
        self.assertIn('filters of one whose pins have gone refuse packets on outer as before', doctor)
        done = self.wall.invoke('detach')
        self.assertEqual(done.returncode, 0)
        self.assertIn('clsact filters, which were left, are removed from outer', done.stderr)
        self.assertEqual(self.ours('ingress') + self.ours('egress'), [])
        self.assertTrue(self.is_heard('third'))
        self.assertIn('nothing to take down', self.wall.invoke('detach').stderr)

    def test_the_next_start_takes_them_over(self):
        self.lose_pins()
        self.wall.start()
        self.assertEqual((len(self.ours('ingress')), len(self.ours('egress'))), (1, 1))
        self.assert_call_has_audio()
        self.assert_guards()

    def test_the_next_start_removes_them_where_it_does_not_guard(self):
        self.lose_pins()
        self.wall.configure({**self.config, 'outside': ['inner']})
        self.addCleanup(self.wall.configure, self.config)
        self.wall.start()
        self.assertEqual(self.ours('ingress') + self.ours('egress'), [])
        self.wall.stop()

    def test_those_of_a_wall_that_is_pinned_elsewhere_stay(self):
        path = self.wall.pin_path
        self.wall.stop()
        self.wall.pin_path = path.parent / 'another'
        try:
            self.assertIn('nothing to take down', self.wall.invoke('detach').stderr)
        finally:
            self.wall.pin_path = path
        self.assertEqual((len(self.ours('ingress')), len(self.ours('egress'))), (1, 1))


class IngressQdisc(Clsact, WallCase):
    """The older qdisc `ingress` has clsact's place, and no way out: SIP of the inside would not be seen."""
    config = {'attach': 'tc'}

    @classmethod
    def prepare(cls):
        cls.topology.edge.run('tc', 'qdisc', 'add', 'dev', 'outer', 'handle', 'ffff:', 'ingress')
        cls.wall.begin()
        cls.refused = cls.wall.process.wait(60)
        cls.says = cls.wall.log_tail()
        cls.filters_then = cls.topology.edge.run('tc', 'filter', 'show', 'dev', 'outer', 'ingress')
        cls.topology.edge.run('tc', 'qdisc', 'del', 'dev', 'outer', 'ingress')

    def test_a_start_is_refused_and_says_why(self):
        self.assertNotEqual(self.refused, 0)
        self.assertIn('outer: it has the qdisc ingress there', self.says)
        self.assertIn('tc qdisc add dev outer clsact', self.says)
        self.assertEqual(self.filters_then, '', 'nothing of ours is left in it')

    def test_a_running_wall_says_so_and_comes_back(self):
        self.assert_call_has_audio().bye()
        self.tc('qdisc', 'del', 'dev', 'outer', 'clsact')
        self.tc('qdisc', 'add', 'dev', 'outer', 'handle', 'ffff:', 'ingress')
        self.wait_until(lambda: 'the qdisc ingress' in self.attachment()['why'], 'status says so')
        self.assertNotEqual(self.readiness()[0], 200)
        self.tc('qdisc', 'del', 'dev', 'outer', 'ingress')
        self.wait_until(lambda: self.attachment()['egress'] == 'clsact', 'it is attached again', 15)
        self.assert_call_has_audio()
        self.assert_guards()


class Neighbours(Clsact, WallCase):
    """Others' filters that accept what they meet, as `tc` adds them."""
    config = {'attach': 'tc'}
    accepts_all = ('protocol', 'all', 'u32', 'match', 'u32', '0', '0', 'flowid', '1:1')

    @classmethod
    def prepare(cls):
        cls.topology.edge.run('tc', 'qdisc', 'add', 'dev', 'outer', 'clsact')
        for hook in ('ingress', 'egress'):
            cls.topology.edge.run('tc', 'filter', 'add', 'dev', 'outer', hook, 'pref', 10, *cls.accepts_all)

    def take_down(self):
        self.agent_may_be_down = True
        self.wall.detach()
        self.wall.process.wait(10)

    def add_others(self, prefs):
        for pref in prefs:
            self.tc('filter', 'add', 'dev', 'outer', 'ingress', 'pref', str(pref), 'protocol', 'arp', *self.accepts_all[2:])
            self.addCleanup(self.tc, 'filter', 'del', 'dev', 'outer', 'ingress', 'pref', str(pref), 'protocol', 'arp')

    def test_one_that_accepts_hides_no_sip_of_the_inside(self):
        self.assert_call_has_audio()
        self.assert_guards()
        self.assertNotIn('does not see', self.wall.invoke('doctor').stdout)

    def assert_finds_room(self, others, ours):
        self.take_down()
        self.add_others(others)
        self.wall.start()
        self.assertEqual((self.ours('ingress'), self.ours('egress')), ([ours], [2]))
        self.assert_guards()
        self.wall.reload()
        self.assertEqual((self.ours('ingress'), self.ours('egress')), ([ours], [2]))

    def test_one_that_has_our_priority_leaves_us_the_one_before(self):
        self.assert_finds_room([2], 1)

    def test_those_that_have_the_first_two_leave_us_the_third(self):
        self.assert_finds_room([1, 2], 3)

    def test_where_none_is_left_a_start_is_refused_and_says_why(self):
        self.take_down()
        self.addCleanup(self.wall.start)
        self.add_others(pref for pref in range(1, 17) if pref != 10)    # which prepare() has taken
        self.wall.begin()
        self.assertNotEqual(self.wall.process.wait(60), 0)
        self.assertIn("others' filters have every pref up to 16", self.wall.log_tail())

    def test_one_that_stands_before_ours_is_told(self):
        self.tc('filter', 'add', 'dev', 'outer', 'egress', 'pref', '1', *self.accepts_all)
        self.addCleanup(self.tc, 'filter', 'del', 'dev', 'outer', 'egress', 'pref', '1')
        self.assertIn('on outer the wall does not see what is accepted by u32 (pref 1)', self.wall.invoke('doctor').stdout)
        self.take_down()
        self.wall.start()
        self.assertTrue(self.logged('attach.order: .*u32 \\(pref 1\\) stands before ours on the way out'))
