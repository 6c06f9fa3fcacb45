# SPDX-License-Identifier: Apache-2.0
"""What the log says, in each format, and that nobody waits for who reads it: a journald that restarts, hangs or is gone, a
pipe that is full."""
import json
import os
import re
import socket
import threading
import time

from ringwall_netns import janitor
from ringwall_netns.case import WallCase
from ringwall_netns.wall import Wall, endpoint_text

CREDENTIALS = 'Digest username="alice", realm="x", nonce="n0nce-of-ours", uri="sip:x", response="6629fae49393a05397450978507c4ef1"'
SECRETS = ('Digest', 'n0nce-of-ours', '6629fae49393a05397450978507c4ef1')


class LogCase:
    """The log of one start, read from its own file."""
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.config = {'log': {'level': 'debug', **cls.settings}}
        super().setUpClass()

    def log(self):
        return self.wall.log.read_text(encoding='utf-8')

    def wait_for(self, text):
        self.wait_until(lambda: text in self.log(), f'{text} in the log')

    def a_call_and_a_guess(self):
        """A call, media of somebody else on its port, a client that gives its password. The call's id."""
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.rtp('attacker').send(inside.endpoint, 5)
        guess = self.call('attacker', 'pbx')
        guess.send('REGISTER', other_tag='', extra=[f'Authorization: {CREDENTIALS}'])
        self.phone('pbx').expect('REGISTER', guess.call_id)
        self.phone('attacker').send(b'REGISTER sip:x SIP/2.0\r\nAuthorization: ' + CREDENTIALS.encode() + b'\r\n\r\n',
                                    self.phone('pbx').endpoint)
        call.bye()
        return call.call_id


class Json:
    settings = {'format': 'json'}

    def test_every_line_is_an_object_with_its_fields_and_no_credentials(self):
        call_id = self.a_call_and_a_guess()
        for event in ('call.start', 'call.end', 'media.refused', 'sip.defect'):
            self.wait_for(f'"event":"{event}"')
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith('{')]
        self.assertEqual([line for line in self.log().splitlines() if line[0] != '{' and line != 'ringwall: ready'], [])
        for line in lines:
            self.assertLessEqual({'time', 'level', 'process', 'event', 'text'}, line.keys())
        refused = next(line for line in lines if line['event'] == 'media.refused')
        self.assertEqual(refused['call_id'], call_id)
        self.assertIn(self.address('attacker'), refused['source'])
        defect = next(line for line in lines if line['event'] == 'sip.defect')
        self.assertIn(self.address('attacker'), defect['source'])
        self.assertEqual({line['call_id'] for line in lines if line['event'] == 'call.start'}, {call_id})
        for secret in SECRETS:
            self.assertNotIn(secret, self.log())


class JsonIPv4(Json, LogCase, WallCase):
    family = 4


class JsonIPv6(Json, LogCase, WallCase):
    family = 6


class Restart:
    def test_a_restart_says_nothing_again_that_was_refused_before_it(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        refusals = lambda: [line for line in self.log().splitlines() if 'media.refused' in line and call.call_id in line]
        self.rtp('attacker').send(inside.endpoint, 5)
        self.wait_until(refusals, 'the refusal is in the log')
        time.sleep(1.5)  # what was refused in an agent's last second may not be in its log
        self.wall.kill()
        self.wall.start()
        time.sleep(1.5)  # its first look at what was refused
        self.rtp('third').send(inside.endpoint, 5)
        self.wait_until(lambda: len(refusals()) > 1, 'the next refusal is in the log')
        self.assertEqual([self.address('third') in line for line in refusals()], [False, True])
        call.bye()


    def test_who_sends_after_the_end_is_not_named_as_the_one_expected(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.bye()
        self.wait_until(lambda: self.hole_phase(inside.endpoint) == 'closed', 'the hole closes')
        outside.send(inside.endpoint, 5)
        refused = lambda: [line for line in self.log().splitlines() if 'call_ended' in line and call.call_id in line]
        self.wait_until(refused, 'the refusal is in the log')
        self.assertIn(f'last from {endpoint_text(*outside.endpoint)} (call_ended', refused()[0])


class RestartIPv4(Restart, LogCase, WallCase):
    family = 4


class RestartIPv6(Restart, LogCase, WallCase):
    family = 6


class Privacy:
    settings = {'privacy': 'hash'}

    def users(self):
        return re.findall(r'call with sips?:(\S+?)@', self.log())

    def test_users_have_hashes_that_a_restart_does_not_change(self):
        self.a_call_and_a_guess()
        self.wait_for('call.end')
        first = set(self.users())
        self.assertEqual(len(first), 1)
        self.assertRegex(first.pop(), r'^~[0-9a-f]{10}$')
        self.assertNotIn('sip:peer@', self.log())
        self.wall.stop()
        self.wall.start()
        calls = len(self.users())
        self.a_call_and_a_guess()
        self.wait_until(lambda: len(self.users()) > calls, 'another call')
        self.assertEqual(len(set(self.users())), 1, 'the same user has the same hash')
        self.wall.configure({'log': {'level': 'debug'}})
        self.addCleanup(self.wall.reload)
        self.addCleanup(self.wall.configure, self.config)
        self.wall.reload()
        self.a_call_and_a_guess()
        self.wait_for('call with sip:peer@')


class PrivacyIPv4(Privacy, LogCase, WallCase):
    family = 4


class PrivacyIPv6(Privacy, LogCase, WallCase):
    family = 6


class Journald:
    """Somebody who listens where journald does: the agent's /run is one of its own, and this directory in it."""

    def __init__(self, directory):
        self.directory, self.entries = directory, []
        self.begin()

    @property
    def launcher(self):
        return ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && '
                f'mount --bind {self.directory} /run/systemd/journal && exec "$0" "$@"']

    def begin(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.directory / 'socket'))
        (self.directory / 'socket').chmod(0o666)
        self.work()

    def work(self):
        """Reads on, in the background: its queue takes ten entries."""
        self._socket.settimeout(0.1)
        self._is_idle = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._is_idle,), daemon=True)
        self._reader.start()

    def hang(self):
        self._is_idle.set()
        self._reader.join()

    def end(self):
        self.hang()
        self._socket.close()
        (self.directory / 'socket').unlink()

    def _read(self, is_idle):
        while not is_idle.is_set():
            try:
                datagram = self._socket.recv(65536).decode()
            except socket.timeout:
                continue
            self.entries.append(dict(line.split('=', 1) for line in datagram.splitlines()))


class Journal(LogCase, WallCase):
    """By itself: JOURNAL_STREAM says that standard error is the journal's."""

    @classmethod
    def prepare(cls):
        directory = janitor.scratch() / 'journal'
        directory.mkdir()
        cls.journald = Journald(directory)
        cls.wall.launcher = cls.journald.launcher
        cls.wall.log.touch()
        about = cls.wall.log.stat()
        os.environ['JOURNAL_STREAM'] = f'{about.st_dev}:{about.st_ino}'
        cls.addClassCleanup(lambda: os.environ.pop('JOURNAL_STREAM'))

    def entries(self, **fields):
        return [e for e in list(self.journald.entries) if all(e.get(k) == v for k, v in fields.items())]

    def wait_for_entry(self, **fields):
        return self.wait_until(lambda: self.entries(**fields), f'{fields} in the journal')[0]

    def test_a_call_is_found_by_its_id(self):
        call_id = self.a_call_and_a_guess()
        for event in ('call.start', 'media.refused', 'call.end'):
            self.wait_for_entry(RINGWALL_CALL_ID=call_id, RINGWALL_EVENT=event)
        started = self.wait_for_entry(RINGWALL_CALL_ID=call_id, RINGWALL_EVENT='call.start')
        self.assertEqual((started['PRIORITY'], started['SYSLOG_IDENTIFIER'], started['RINGWALL_PROCESS']), ('7', 'ringwall', 'worker'))
        self.assertTrue(started['MESSAGE'].startswith('call.start: call with sip:peer@'))
        self.assertEqual(self.wait_for_entry(RINGWALL_EVENT='attach')['RINGWALL_INTERFACE'], 'outer')
        self.assertNotIn('call.start', self.log(), 'and not on standard error too')
        self.assertFalse([e for e in self.journald.entries for secret in SECRETS if secret in e['MESSAGE']])

    def on_standard_error(self, *words):
        return [line for line in self.log().splitlines() if all(word in line for word in words)]

    def a_call(self):
        call, outside, inside = self.inbound()
        self.assert_heard(outside, inside, count=1)
        call.bye()
        return call.call_id

    def test_a_journald_that_is_gone_comes_back_or_hangs_holds_nobody_up(self):
        self.journald.end()
        meanwhile = self.a_call()
        self.wait_until(lambda: self.on_standard_error('call.end', meanwhile), 'standard error has what nobody listens for')
        self.assertTrue(self.on_standard_error('log.journal', 'no journald listens'))
        self.journald.begin()
        after = self.a_call()
        self.wait_for_entry(RINGWALL_CALL_ID=after, RINGWALL_EVENT='call.end')
        self.assertFalse(self.on_standard_error('call', after))
        self.journald.hang()
        for _ in range(30):                                # its queue takes ten entries
            self.a_call()
        self.journald.work()
        self.wait_until(lambda: self.a_call() and self.entries(RINGWALL_EVENT='log.lost', PRIORITY='4'),
                        'what it lost while it hung, and while its reader is slow')
        self.wait_for_entry(RINGWALL_CALL_ID=self.a_call(), RINGWALL_EVENT='call.end')


class NoJournald(LogCase, WallCase):
    """`journal` where none listens, as in a container: standard error has it, the reason of a start that failed too."""
    settings = {'format': 'journal'}

    @classmethod
    def prepare(cls):
        cls.wall.launcher = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /run && exec "$0" "$@"']

    def test_a_line_is_on_standard_error_and_so_is_why_a_start_failed(self):
        self.a_call_and_a_guess()
        self.wait_for(' worker call.end: ')
        self.assertEqual(self.log().count('log.journal: no journald listens'), 1)
        second = Wall(self.topology, {'log': {'format': 'journal'}})
        self.addCleanup(second.close)
        second.pin_path, second.launcher = self.wall.pin_path, self.wall.launcher
        self.assertNotEqual(second.begin().wait(30), 0)
        self.assertIn(' error parent start: ', second.log.read_text(encoding='utf-8'))


class FullPipe(LogCase, WallCase):
    """Standard error is a pipe that nobody reads."""

    @classmethod
    def prepare(cls):
        path = janitor.scratch() / 'pipe'
        os.mkfifo(path)
        cls.pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        cls.addClassCleanup(os.close, cls.pipe)
        cls.fill()
        cls.wall.launcher = ['sh', '-c', f'exec "$0" "$@" 2>{path}']

    @classmethod
    def fill(cls):
        try:
            while True:
                os.write(cls.pipe, b'\n')
        except BlockingIOError:
            pass

    def said(self):
        try:
            return os.read(self.pipe, 1 << 20).decode()
        except BlockingIOError:
            return ''

    def test_it_starts_follows_calls_and_reloads_and_tells_later_what_it_lost(self):
        self.a_call_and_a_guess()
        self.wall.reload()
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assertNotIn('call.start', self.said())        # empties it
        call.bye()
        lines = []

        def has_told():
            lines.append(self.said())
            return 'log.lost' in ''.join(lines) and 'call.end' in ''.join(lines)
        self.wait_until(has_told, 'the lost lines are told, and the call that ended since')
