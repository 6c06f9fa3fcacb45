# SPDX-License-Identifier: Apache-2.0
"""Bans: by command, by list, and the wall's own; whom they reach, whom they never do, and what they survive."""
import json
import subprocess
import time

from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.registrar import Registrar, Telephone
from ringwall_netns.wall import binary

ZONE = [{'name': 'internet', 'networks': ['any'], 'sip': True,
         'limits': {'REGISTER': '1000/s burst 1000', 'OPTIONS': '1000/s burst 1000', 'INVITE': '1000/s burst 1000'},
         'guessing': {'passwords': 5, 'names': 5, 'within': '5m', 'ban': '1h'}}]


class BanCase:
    config = {'zones': ZONE}

    def setUp(self):
        super().setUp()
        self.addCleanup(self.lift_all)

    def lift_all(self):
        self.wall.lift_bans()

    def bans(self):
        return self.wall.bans()

    def add(self, source, *options):
        done = self.wall.invoke('bans', 'add', source, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def household(self, party):
        """What a ban of all of the party's address is called."""
        address = self.address(party)
        return address if self.family == 4 else ':'.join(address.split(':')[:3]) + '::/64'

    def pair(self, party, port):
        return f'{sip.uri_host(self.address(party))}:{port}'


class ByCommand:
    def test_a_ban_shuts_out_one_address_and_lifting_it_lets_it_in(self):
        self.assertTrue(self.is_heard('attacker'))
        self.add(self.address('attacker'), '--for', '10m', '--reason', 'calls at night')
        before = self.wall.reasons()
        self.assertFalse(self.is_heard('attacker'))
        self.assertFalse(self.is_heard('attacker', 5999))
        self.assert_dropped(before, 'banned', 2)
        self.assertTrue(self.is_heard('third'))
        ban = self.bans()[self.address('attacker')]
        self.assertEqual((ban['by'], ban['cause'], ban['reason'], ban['packets']), ('command', 'command', 'calls at night', 2))
        self.assertTrue(0 < ban['expires_in'] <= 600, ban)
        self.assertEqual(self.wall.invoke('bans', 'del', self.address('attacker')).returncode, 0)
        self.assertTrue(self.is_heard('attacker'))
        self.assertEqual(self.bans(), {})

    def test_a_ban_of_a_port_shuts_out_that_port(self):
        self.add(self.pair('attacker', 5999))
        self.assertFalse(self.is_heard('attacker', 5999))
        self.assertTrue(self.is_heard('attacker', 5060))

    def test_a_ban_ends_by_itself(self):
        self.add(self.address('attacker'), '--for', '1s')
        self.wait_until(lambda: self.is_heard('attacker'), 'the ban is over')
        self.assertEqual(self.bans(), {})
        self.assertEqual(self.wall.invoke('bans', 'del', self.address('attacker')).returncode, 1)

    def test_a_ban_survives_the_agent(self):
        self.add(self.address('attacker'))
        self.wall.kill()
        self.assertFalse(self.is_heard('attacker'))
        self.wall.start()
        self.assertFalse(self.is_heard('attacker'))
        self.assertIn(self.address('attacker'), self.bans())

    def test_a_banned_party_keeps_the_call_it_is_in(self):
        call = self.call('roamer', 'pbx').establish()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.add(self.address('roamer'))
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)

    def test_peers_allowed_and_inside_addresses_are_refused(self):
        for party, why in (('peer', 'peer provider'), ('pbx', 'inside')):
            done = self.wall.invoke('bans', 'add', self.address(party))
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(why, done.stderr)
        self.assertEqual(self.bans(), {})

    def test_what_is_no_source_is_refused_with_what_would_be(self):
        done = self.wall.invoke('bans', 'add', '203.0.113.0/24')
        self.assertEqual(done.returncode, 2)
        self.assertIn('deny.networks', done.stderr)
        self.assertEqual(self.wall.invoke('bans', 'add', '203.0.113.9', '--for', 'soon').returncode, 2)
        self.assertEqual(self.wall.invoke('bans', 'del', '203.0.113.9').returncode, 1)

    def test_a_list_is_taken_whole_or_not_at_all(self):
        path = self.wall.directory / 'list.txt'
        lines = ['# a list', self.address('attacker'), self.address('peer'), '198.18.0.7 # one of them']
        path.write_text('\n'.join(lines), encoding='utf-8')
        done = self.wall.invoke('bans', 'import', path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('banned 2 sources', done.stdout)
        self.assertIn('peer provider', done.stderr)
        self.assertEqual(set(self.bans()), {self.address('attacker'), '198.18.0.7'})
        self.assertFalse(self.is_heard('attacker'))
        self.lift_all()
        path.write_text('\n'.join([*lines, 'nonsense', '198.18.0.8']), encoding='utf-8')
        done = self.wall.invoke('bans', 'import', path)
        self.assertEqual(done.returncode, 1)
        self.assertIn('line 5: got "nonsense"', done.stderr)
        self.assertEqual(self.bans(), {})


class Own:
    def setUp(self):
        super().setUp()
        self.pbx = Registrar(self.topology.home_of('pbx'), self.address('pbx'), {'100': 'secret', '101': 'secret'})
        self.addCleanup(self.pbx.close)

    def telephone(self, party, port=5060, user='100'):
        return Telephone(self.phone(party, port), self.pbx, user, 'secret')

    def guess(self, telephone, most=1000):
        """Wrong passwords until nobody answers any more; how many there were: a few pass while the agent reads."""
        for number in range(most):
            if telephone.register(password=f'wrong{number}', timeout=0.5) is None:
                return number
        return most

    def test_who_guesses_passwords_is_banned(self):
        began = time.monotonic()
        guesses = self.guess(self.telephone('attacker'))
        print(f'\n  a guesser of passwords is shut out after {guesses}, {time.monotonic() - began - 0.5:.3f} s', flush=True)
        self.assertTrue(5 <= guesses < 1000, guesses)
        ban = self.bans()[self.household('attacker')]
        self.assertEqual((ban['by'], ban['cause'], ban['count']), ('wall', 'passwords', 5), ban)
        self.wait_until(lambda: 'wrong passwords' in self.wall.log_tail(), 'the log says so')
        self.assertEqual(self.telephone('third').register(), 200)

    def test_lifting_the_walls_ban_of_an_address_lifts_that_of_its_port(self):
        self.guess(self.telephone('attacker', 5999))
        self.add(self.pair('attacker', 5999))              # as the wall itself does where that port was in a call
        household, pair = self.household('attacker'), self.pair('attacker', 5999)
        self.assertEqual(sorted(self.bans()), sorted((household, pair)))
        done = self.wall.invoke('bans', 'del', household)
        self.assertEqual(done.stdout, f'lifted the ban of {household}\nlifted the ban of {pair}\n')
        self.assertEqual(self.bans(), {})
        self.assertEqual(self.telephone('attacker', 5999).register(password='wrong'), 401)   # heard, and not registered

    def test_lifting_the_ban_of_a_port_says_that_its_address_is_banned_still(self):
        self.add(self.pair('attacker', 5999))
        self.add(self.household('attacker'))
        done = self.wall.invoke('bans', 'del', self.pair('attacker', 5999))
        self.assertEqual(done.stdout, f'lifted the ban of {self.pair("attacker", 5999)}\n')
        self.assertIn(f'the ban of {self.household("attacker")} holds for it', done.stderr)
        again = self.wall.invoke('bans', 'del', self.pair('attacker', 5999))
        self.assertEqual(again.returncode, 1)
        self.assertIn(f'the ban of {self.household("attacker")} holds for it', again.stderr)

    def test_a_registered_neighbour_goes_on_behind_the_same_address(self):
        neighbour = self.telephone('roamer', 5060)
        self.assertEqual(neighbour.register(), 200)
        self.assertLess(self.guess(self.telephone('roamer', 6000, '101')), 1000)
        self.assertEqual(list(self.bans()), [self.pair('roamer', 6000)])
        self.assertEqual(neighbour.register(), 200)
        self.assertEqual(self.telephone('roamer', 6001).register(), 200)

    def test_a_telephone_that_mistypes_once_is_not_banned(self):
        telephone = self.telephone('roamer', 6002)
        self.assertEqual(telephone.register(password='wrong'), 401)
        self.assertEqual(telephone.register(), 200)
        self.assertEqual(self.bans(), {})

    def test_two_hundred_telephones_of_one_address_come_back_at_once(self):
        for number in range(200):
            self.assertEqual(self.telephone('third', 7000 + number).register(), 200)
        self.assertEqual(self.bans(), {})
        self.assertGreaterEqual(self.wall.counters()['phones_registered'], 200)

    def test_a_declared_peer_is_never_banned(self):
        self.assertEqual(self.guess(self.telephone('peer'), 50), 50)
        self.assertEqual(self.bans(), {})

    def test_spoofed_guesses_ban_nobody(self):
        spoofer = self.topology.outside.udp(self.address('third'), 6500)
        self.addCleanup(spoofer.close)
        before = self.pbx.heard(self.address('third'))
        who = f'<sip:100@{sip.uri_host(self.address("pbx"))}>'
        for number in range(50):                       # it never sees a challenge: it makes nonces up
            spoofer.sendto(sip.request(
                'REGISTER', 'sip:x', via=f'{sip.uri_host(self.address("third"))}:6500', frm=f'{who};tag=1', to=who,
                call_id=sip.new_call_id(), cseq=number + 1, extra=[
                    f'Authorization: Digest username="100", realm="ringwall.test", nonce="{number:032x}", uri="sip:x", '
                    f'response="{number:032x}"']).encode(), self.pbx.endpoint)
        self.wait_until(lambda: self.pbx.heard(self.address('third')) >= before + 50, 'the PBX has answered')
        self.assertEqual(self.telephone('third', 6501).register(), 200)
        self.assertEqual(self.bans(), {})

    def test_a_ban_of_the_walls_own_survives_the_agent(self):
        self.guess(self.telephone('attacker', 6600))
        self.wall.kill()
        self.wall.start()
        self.assertIsNone(self.telephone('attacker', 6600).register(timeout=0.5))
        self.assertIn(self.household('attacker'), self.bans())

    def test_who_is_registered_stays_known_over_a_restart(self):
        neighbour = self.telephone('roamer', 6700)
        self.assertEqual(neighbour.register(), 200)
        self.wall.kill()
        self.wall.start()
        self.assertLess(self.guess(self.telephone('roamer', 6701, '101')), 1000)
        self.assertEqual(list(self.bans()), [self.pair('roamer', 6701)])


class ByCommandIPv4(ByCommand, BanCase, WallCase):
    family = 4


class ByCommandIPv6(ByCommand, BanCase, WallCase):
    family = 6


class OwnIPv4(Own, BanCase, WallCase):
    family = 4


class OwnIPv6(Own, BanCase, WallCase):
    family = 6


class Interrupted(BanCase, WallCase):
    """An import, and somebody is killed in the middle of it."""
    lines = 200000

    def begin(self):
        """The importing command, when the first bans stand."""
        path = self.wall.directory / 'long.txt'
        path.write_text('\n'.join([self.address('attacker'), *[f'10.{n >> 16}.{n >> 8 & 255}.{n & 255}' for n in range(self.lines)]]),
                        encoding='utf-8')
        importing = subprocess.Popen(self.wall.namespace.command(binary(), 'bans', 'import', path, '--for', '2h',
                                                                 '--socket', self.wall.socket))
        self.addCleanup(importing.kill)
        self.wait_until(self.has_begun, 'the first bans stand', 30.0)
        return importing

    def has_begun(self):
        pin = self.wall.pin_path / 'maps' / 'bans'
        return subprocess.run(['bpftool', 'map', 'getnext', 'pinned', pin], capture_output=True, check=False).returncode == 0

    def import_all(self):
        done = self.wall.invoke('bans', 'import', self.wall.directory / 'long.txt', '--for', '2h', timeout=120)
        self.assertEqual((done.returncode, done.stdout), (0, f'banned {self.lines + 1:,} sources\n'.replace(',', ' ')), done.stderr)
        return self.standing()

    def standing(self):
        """Source -> for how long yet, in seconds."""
        return {ban['source']: ban['expires_in'] for ban in json.loads(self.wall.invoke('bans', '--json', timeout=120).stdout)}

    def test_of_an_agent_that_is_killed_a_part_stands_and_importing_again_takes_all(self):
        self.begin()
        self.wall.kill()
        self.wall.start()
        part = self.standing()
        print(f'\n  {len(part)} of {self.lines + 1} bans stand after kill -9', flush=True)
        self.assertGreater(min(part.values()), 7000, 'each with all of its time')
        self.assertFalse(self.is_heard('attacker'), 'the first lines are the first to stand')
        whole = self.import_all()
        self.assertEqual(len(whole), self.lines + 1)
        self.assertEqual(set(self.import_all()), set(whole), 'and once more is no other')

    def test_a_command_that_is_killed_once_the_agent_has_the_list_changes_nothing(self):
        self.begin().kill()
        self.wait_until(lambda: len(self.standing()) == self.lines + 1, 'all of it stands', 60.0)

    def tearDown(self):
        super().tearDown()
        self.wall.detach()
        self.wall.process.wait(10)
        self.wall.start()

    def lift_all(self):
        """They went with the wall."""


class Million(BanCase, WallCase):
    def test_a_million_lines_are_taken_in_seconds_while_calls_go_on(self):
        path = self.wall.directory / 'million.txt'
        path.write_text(''.join(f'10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n' for n in range(1000000))
                        + self.address('attacker'), encoding='utf-8')
        began = time.monotonic()
        done = self.wall.invoke('bans', 'import', path, timeout=300)
        took = time.monotonic() - began
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('banned 1 000 001 sources', done.stdout)
        print(f'\n  a million bans in {took:.1f} s', flush=True)
        self.assertFalse(self.is_heard('attacker'))
        self.assertTrue(self.is_heard('third'))
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assertEqual(len(json.loads(self.wall.invoke('bans', '--json', timeout=300).stdout)), 1000001)

    def lift_all(self):
        """A million are too many to lift one by one: the wall goes down with the class."""
