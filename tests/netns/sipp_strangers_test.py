# SPDX-License-Identifier: Apache-2.0
"""sipp as a stranger: a flood of REGISTERs is cut off at its limit; who guesses slowly, within every limit, escapes
below the threshold of `guessing` and is banned at it."""
from ringwall_netns.capture import Capture
from ringwall_netns.case import WallCase
from ringwall_netns.registrar import Registrar
from ringwall_netns.sipp import Sipp
from ringwall_netns.sipp_call import SippCall

BURST = 4                                          # of REGISTER, by the hour: nothing is paid back meanwhile
THRESHOLD = 20                                     # of guessing, by default, passwords and names
REFUSALS = ('rate_limited', 'total_limited', 'rate_limit_full', 'banned')


class StrangerCase:
    def setUp(self):
        super().setUp()
        self.pbx = Registrar(self.topology.home_of('pbx'), self.address('pbx'), {'100': 'secret'})
        self.addCleanup(self.pbx.close)
        self.addCleanup(self.wall.lift_bans)

    def stranger(self, scenario, **options):
        """A sipp of the attacker that turns to the PBX."""
        made = Sipp(self.topology.home_of('attacker'), scenario, self.address('attacker'), remote=self.address('pbx'),
                    **options)
        self.addCleanup(made.stop)
        return made

    def heard(self):
        return self.pbx.heard(self.address('attacker'))

    def refused(self):
        counts = self.wall.reasons()
        return {name: counts.get(name, 0) for name in REFUSALS}


class Flood(StrangerCase, SippCall):
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True,
                         'limits': {'REGISTER': f'{BURST}/h burst {BURST}'}}]}

    def test_a_register_flood_is_cut_off_at_its_limit_while_a_peers_call_goes_on(self):
        before, free = self.refused(), self.wall.counters().get('free_registers', 0)
        mine = f'udp and src host {self.address("attacker")}'
        outside, inside = self.topology.outside, self.topology.inside
        with Capture(outside, 'eth0', mine) as outer_wire, Capture(inside, 'eth0', mine) as inner_wire:
            flood = self.stranger('register', calls=24000, rate=400) # for a minute at most
            self.assert_dropped(before, 'rate_limited', 100)
            limited = self.refused()['rate_limited']
            self.check_call('peer', 'desk', first_port=16000)
            self.assert_dropped({'rate_limited': limited}, 'rate_limited', 100)     # the flood went on meanwhile
            flood.stop()
            sent, passed = outer_wire.stop(), inner_wire.stop()
        print(f'\n  sipp: {len(passed)} of {len(sent)} REGISTERs reached the PBX, the last one after '
              f'{passed[-1].at - sent[0].at:.3f} s', flush=True)
        now = self.refused()
        grown = {name: now[name] - before[name] for name in REFUSALS if now[name] != before[name]}
        self.assertEqual(grown, {'rate_limited': len(sent) - len(passed)})
        free = self.wall.counters().get('free_registers', 0) - free
        self.assertEqual(len(passed), BURST + free)
        self.assertLessEqual(free, 2)                            # of those challenged one in 32 s, of a minute at most
        self.assertEqual(self.heard(), len(passed))
        self.assertEqual(self.wall.bans(), {})                   # it has not shown where it is


class Slow(StrangerCase):
    """With a zone's defaults, at five calls a second, which its limits let through."""
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True}]}

    def slowly(self, scenario, calls):
        return self.stranger(scenario, calls=calls, rate=5)

    def check_threshold(self, scenario, cause):
        """One guess below the threshold escapes, and the next one bans. A guess is two requests."""
        before, first = self.refused(), self.heard()
        self.slowly(scenario, THRESHOLD - 1).wait()
        self.wait_until(lambda: self.heard() == first + 2 * (THRESHOLD - 1), 'all have arrived')
        self.assertEqual((self.wall.bans(), self.refused()), ({}, before))
        guesser = self.slowly(scenario, 200)
        ban = self.wait_until(lambda: list(self.wall.bans().values()), 'the ban', 30)[0]
        self.assertEqual((ban['by'], ban['cause'], ban['count']), ('wall', cause, THRESHOLD), ban)
        self.assert_dropped(before, 'banned', 3)
        heard = self.heard()
        self.assert_dropped(before, 'banned', 6)
        self.assertEqual(self.heard(), heard)                    # it goes on, and reaches nobody
        guesser.stop()
        print(f'\n  sipp: {heard - first} requests of who guesses {cause} slowly reached the PBX', flush=True)

    def test_nineteen_wrong_passwords_escape_and_the_twentieth_bans(self):
        self.check_threshold('guess', 'passwords')

    def test_nineteen_names_that_are_not_there_escape_and_the_twentieth_bans(self):
        self.check_threshold('search', 'names')

    def test_a_slow_scan_by_options_escapes_as_it_shows_nothing(self):
        before, first = self.refused(), self.heard()
        self.slowly('options', 2 * THRESHOLD).wait()
        self.wait_until(lambda: self.heard() == first + 2 * THRESHOLD, 'all have arrived')
        self.assertEqual((self.wall.bans(), self.refused()), ({}, before))


class FloodIPv4(Flood, WallCase):
    family = 4


class FloodIPv6(Flood, WallCase):
    family = 6


class SlowIPv4(Slow, WallCase):
    family = 4


class SlowIPv6(Slow, WallCase):
    family = 6
