# SPDX-License-Identifier: Apache-2.0
"""The tools that scan the internet (Debian's sipvicious) against a PBX behind the wall: each is cut off, and counted."""
import subprocess
import time

from ringwall_netns.case import WallCase
from ringwall_netns.registrar import Registrar, Telephone
from ringwall_netns.topology import ADDRESSES

PATIENCE_OF_A_TOOL = 30


class ToolCase:
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True,
                         'limits': {'REGISTER': '1000/s burst 1000', 'INVITE': '1000/s burst 1000',
                                    'OPTIONS': '10/min burst 4'}}]}

    @classmethod
    def prepare(cls):
        # svwar and svcrack bind to no address, whatever they are told.
        cls.topology.outside.run('ip', 'route', 'add', ADDRESSES['pbx'][0], 'via', '169.254.0.1', 'dev', 'eth0', 'onlink',
                                 'src', ADDRESSES['attacker'][0])

    def setUp(self):
        super().setUp()
        self.pbx = Registrar(self.topology.home_of('pbx'), self.address('pbx'), {'100': 'secret'})
        self.addCleanup(self.pbx.close)
        self.addCleanup(lambda: self.wall.invoke('bans', 'del', self.address('attacker')))

    def run_tool(self, *words):
        """Runs a tool from the attacker's address until nothing of it reaches the PBX any more; how many packets did."""
        began = time.monotonic()
        running = subprocess.Popen(
            self.topology.outside.command(*words, '-b', self.address('attacker'), '-x', self.address('attacker')),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        first, last_number, last_heard = self.pbx.heard(self.address('attacker')), 0, began
        while running.poll() is None and time.monotonic() - began < PATIENCE_OF_A_TOOL:
            if (number := self.pbx.heard(self.address('attacker')) - first) != last_number:
                began = began if last_number else time.monotonic()
                last_number, last_heard = number, time.monotonic()
            if time.monotonic() - last_heard > 2 and (last_number or self.refused()):
                break
            time.sleep(0.005)
        print(f'\n  {words[0]}: {last_number} packets reached the PBX, the last one after {last_heard - began:.3f} s',
              flush=True)
        return last_number

    def refused(self):
        return self.wall.reasons().get('attack_tool', 0)

    def assert_others_go_on(self):
        self.assertEqual(Telephone(self.phone('third', 6400), self.pbx, '100', 'secret').register(), 200)

    def banned(self):
        return {ban['source']: ban['cause'] for ban in self.wall.command('bans')}

    def crack(self):
        return self.run_tool('svcrack', '-u', '100', '-r', '1000-9999', self.address('pbx'))

    def search_names(self):
        return self.run_tool('svwar', '-m', 'INVITE', '--force', '-e', '1000-9999', self.address('pbx'))


class Named(ToolCase, WallCase):
    """As they come, with the name that they give themselves: the PBX never hears of them."""

    def test_svwar_reaches_nobody(self):
        self.assert_refused(self.search_names)

    def test_svcrack_reaches_nobody(self):
        self.assert_refused(self.crack)

    def assert_refused(self, run):
        before = self.refused()
        self.assertEqual(run(), 0)
        self.assertGreater(self.refused(), before)
        self.assertEqual(self.banned(), {})                      # nobody has shown that he is there
        self.assert_others_go_on()


class Nameless(ToolCase, WallCase):
    """Without the list of names: what they do gives them away."""
    config = {**ToolCase.config, 'deny': {'user_agents': []}}

    def test_svwar_is_banned_for_the_names_that_are_not_there(self):
        self.search_names()
        self.assertEqual(self.banned(), {self.address('attacker'): 'names'})
        self.assert_others_go_on()

    def test_svcrack_is_banned_for_its_wrong_passwords(self):
        self.crack()
        self.assertEqual(self.banned(), {self.address('attacker'): 'passwords'})
        self.assert_others_go_on()


class Unproven(ToolCase, WallCase):
    def test_svmap_is_limited_packet_by_packet_as_it_proves_nothing(self):
        before = self.wall.reasons()
        for _ in range(8):
            self.run_tool('svmap', self.address('pbx'))
        self.assert_dropped(before, 'rate_limited', 1)
        self.assertEqual(self.banned(), {})
        self.assertGreater(self.refused(), 0)
        self.assert_others_go_on()
