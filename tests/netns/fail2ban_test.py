# SPDX-License-Identifier: Apache-2.0
"""The real fail2ban with our action: what it reads in a log is banned by the wall, and let in again."""
import os
import shutil
import signal
import subprocess

from ringwall_netns.case import WallCase
from ringwall_netns.wall import ROOT, binary

FILTER = '[Definition]\nfailregex = ^wrong password from <HOST>$\ndatepattern = {NONE}\n'
JAIL = '''[DEFAULT]
backend = polling
maxretry = 3
findtime = 600
bantime = {bantime}
ignoreself = false
usedns = no
[{name}]
enabled = true
filter = pbx
logpath = {log}
action = ringwall[ringwall="{program}", options="--socket {socket}"]
'''
SERVER = '''[Definition]
loglevel = INFO
logtarget = {home}/fail2ban.log
syslogsocket = auto
socket = {home}/fail2ban.sock
pidfile = {home}/fail2ban.pid
dbfile = None
dbpurgeage = 1d
'''


class Fail2ban:
    jail = 'a-jail-with-a-name-of-32-bytes-it'
    bantime = '600'

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.home = cls.wall.directory / 'fail2ban'
        cls.log = cls.home / 'pbx.log'
        for part in ('action.d', 'filter.d'):
            (cls.home / part).mkdir(parents=True)
        cls.log.touch()
        shutil.copy(ROOT / 'deploy/fail2ban/ringwall.conf', cls.home / 'action.d')
        (cls.home / 'filter.d/pbx.conf').write_text(FILTER, encoding='utf-8')
        (cls.home / 'fail2ban.conf').write_text(SERVER.format(home=cls.home), encoding='utf-8')
        (cls.home / 'jail.conf').write_text(
            JAIL.format(name=cls.jail, bantime=cls.bantime, log=cls.log, program=binary(), socket=cls.wall.socket),
            encoding='utf-8')

    def setUp(self):
        super().setUp()
        (self.home / 'fail2ban.log').unlink(missing_ok=True)
        self.server = subprocess.Popen(
            self.topology.edge.command('fail2ban-server', '-c', self.home, '-f', 'start'),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=os.setsid)
        self.addCleanup(self.end_server)
        self.wait_until(lambda: self.client('status', self.jail).returncode == 0, 'fail2ban is up', 20.0)

    def end_server(self):
        os.killpg(self.server.pid, signal.SIGTERM)
        self.server.wait(20)

    def client(self, *words):
        return subprocess.run(self.topology.edge.command('fail2ban-client', '-c', self.home, *words),
                              capture_output=True, text=True, check=False)

    def said(self):
        return (self.home / 'fail2ban.log').read_text(encoding='utf-8')

    def errors(self):
        """But for those of our own question whether the jail is there yet."""
        return [line for line in self.said().splitlines() if 'ERROR' in line and 'UnknownJail' not in line]

    def guess(self, party, times=3):
        with self.log.open('a', encoding='utf-8') as log:
            log.write(f'wrong password from {self.address(party)}\n' * times)

    def bans(self):
        return self.wall.bans()


class Bans(Fail2ban):
    def test_who_guesses_is_banned_for_its_time_and_let_in_when_fail2ban_says_so(self):
        address = self.address('attacker')
        self.guess('attacker', 2)
        self.assertTrue(self.is_heard('attacker'))
        self.guess('attacker', 1)
        ban = self.wait_until(lambda: self.bans().get(address), 'the ban stands', 20.0)
        self.assertTrue(590 < ban['expires_in'] <= 600, ban)
        self.assertEqual((ban['by'], ban['reason']), ('command', f'fail2ban {self.jail}'[:31]))
        self.assertFalse(self.is_heard('attacker'))
        self.assertTrue(self.is_heard('third'))
        done = self.client('set', self.jail, 'unbanip', address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.wait_until(lambda: address not in self.bans(), 'the ban is lifted')
        self.assertTrue(self.is_heard('attacker'))
        self.assertEqual(self.errors(), [])

    def test_a_ban_that_is_over_already_is_no_failure_and_a_peer_is_never_banned(self):
        address = self.address('attacker')
        self.guess('attacker')
        self.wait_until(lambda: address in self.bans(), 'the ban stands', 20.0)
        self.wall.command('bans', 'del', address, json_output=False)
        self.client('set', self.jail, 'unbanip', address)
        self.assertEqual(self.errors(), [])
        self.guess('peer')
        self.wait_until(lambda: 'which no ban overrides' in self.said(), 'the refusal is in the log', 20.0)
        self.assertTrue(self.is_heard('peer'))


class BansForGood(Fail2ban):
    bantime = '-1'
    jail = 'a-jail-of-21-bytes-2u\N{LATIN SMALL LETTER U WITH DIAERESIS}x'   # its last character in two bytes of a reason's 31

    def test_a_ban_for_good_is_one_for_a_year(self):
        self.guess('attacker')
        ban = self.wait_until(lambda: self.bans().get(self.address('attacker')), 'the ban stands', 20.0)
        self.assertGreater(ban['expires_in'], 364 * 86400)

    def test_a_reason_ends_before_the_character_that_is_cut(self):
        self.guess('attacker')
        ban = self.wait_until(lambda: self.bans().get(self.address('attacker')), 'the ban stands', 20.0)
        self.assertEqual(ban['reason'], f'fail2ban {self.jail[:21]}')


class Fail2banIPv4(Bans, WallCase):
    family = 4


class Fail2banIPv6(Bans, WallCase):
    family = 6


class Fail2banForGood(BansForGood, WallCase):
    family = 4
