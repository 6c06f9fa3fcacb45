# SPDX-License-Identifier: Apache-2.0
"""What root takes away from a running wall: programs of its interface, pins, the control socket. It puts them back, and where
it cannot, it says so."""
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

from metrics_test import ask, series
from neighbour_test import pin_a_strangers_program
from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.topology import run
from ringwall_netns.wall import _descendants

HERE = Path(__file__).parent
NO_AGENT = 3
XDP = ('xdp native', 'xdp generic')
AT_TC = ('tcx', 'clsact')


class Watched:
    def attachment(self):
        (only,) = self.wall.status()['interfaces']
        return only

    def lost(self):
        return self.wall.counters()['attachments_lost']

    def logged(self, pattern):
        return len(re.findall(pattern, self.wall.log.read_text(encoding='utf-8')))

    def in_edge(self, *command):
        return run('nsenter', f'--net={self.topology.edge.path}', *command)

    def pin(self, hook):
        return self.wall.pin_path / 'links' / f'outer-{hook}'

    def link_id(self, hook):
        return json.loads(run('bpftool', '-j', 'link', 'show', 'pinned', self.pin(hook)))['id']

    def worker(self):
        return next(iter(_descendants(self.wall.process.pid)), None)

    def readiness(self):
        return ask(self.topology.edge, '/readyz')

    def assert_stays(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assertTrue(condition())
            time.sleep(0.01)

    def assert_guards(self):
        self.assert_refused(self.rtp('third'), self.rtp('pbx').endpoint, reason='no_pinhole')


class Attachments:
    """By whatever way they are attached: as `bpftool link detach` and `tc filter del` do it."""

    def take_away(self, hook):
        """The program of that pin's name. A clsact filter has none."""
        if self.pin(hook).exists():
            run('bpftool', 'link', 'detach', 'pinned', self.pin(hook))
        else:
            self.in_edge('tc', 'filter', 'del', 'dev', 'outer', hook)

    def test_what_is_detached_is_attached_again_and_a_call_goes_on(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        before = self.attachment()
        inwards = 'xdp' if before['ingress'] in XDP else 'ingress'
        for hook in (inwards, 'egress'):
            with self.subTest(hook=hook), Stream(outside, inside.endpoint):
                lost, said = self.lost(), self.logged(rf'attach\.lost: outer: .* {hook} program')
                self.take_away(hook)
                self.wait_until(lambda lost=lost: self.lost() == lost + 1, 'the loss is counted')
                self.assertEqual(self.logged(rf'attach\.lost: outer: .* {hook} program'), said + 1)
                self.assertEqual(self.attachment(), before)
                self.assertEqual(self.readiness(), (200, 'ready\n'))
                self.assert_guards()
        self.assert_both_hear(outside, inside)
        other, over_there, in_here = self.outbound()             # which egress has to see
        self.assert_both_hear(over_there, in_here)
        for each in (call, other):
            each.bye()

    def test_a_reload_puts_it_back_at_once_and_tells(self):
        lost, before = self.lost(), self.attachment()
        self.take_away('egress')
        self.wall.reload()
        self.assertEqual((self.attachment(), self.lost()), (before, lost + 1))

    def test_an_interface_that_vanishes_is_no_loss(self):
        lost = self.lost()
        self.in_edge('ip', 'link', 'add', 'passing', 'type', 'veth', 'peer', 'name', 'passing-end')
        self.addCleanup(lambda: (self.wall.configure(self.config), self.wall.reload()))
        self.wall.configure({**self.config, 'outside': ['outer', 'passing']})
        self.wall.reload()
        self.assertEqual(len(self.wall.status()['interfaces']), 2)
        self.in_edge('ip', 'link', 'del', 'passing')
        self.wait_until(lambda: len(self.wall.status()['interfaces']) == 1, 'it is gone')
        self.take_away('egress')
        self.wait_until(lambda: self.lost() == lost + 1, 'the other one is counted')


class AttachmentsIPv4(Attachments, Watched, WallCase):
    family = 4


class AttachmentsIPv6(Attachments, Watched, WallCase):
    shape, family = 'host', 6


class AttachmentsTc(Attachments, Watched, WallCase):
    config = {'attach': 'tc'}


# Holds the XDP slot of `outer` by a link, which tells nobody of it, until its standard input ends.
BY_LINK = '''
import os, socket, struct, sys
from neighbour_test import _bpf
from ctypes import addressof, create_string_buffer
OBJ_GET, LINK_CREATE, XDP, DRIVER = 7, 28, 37, 4
path = create_string_buffer(os.fsencode(sys.argv[1]))
program = _bpf(OBJ_GET, struct.pack("=QII", addressof(path), 0, 0))
link = _bpf(LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex("outer"), XDP, DRIVER))
print("there", flush=True)
sys.stdin.read()
'''


class Taken(Watched, WallCase):
    """The slot goes to somebody else, and there is no other way."""
    config = {'attach': 'native'}

    def stranger(self):
        pin = self.wall.directory / 'bpf' / 'stranger'
        pin.unlink(missing_ok=True)
        pin_a_strangers_program(pin)
        made = subprocess.Popen(self.topology.edge.command(sys.executable, '-B', '-c', BY_LINK, pin), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True, cwd=HERE)
        self.addCleanup(made.kill)
        self.assertEqual(made.stdout.readline(), 'there\n')
        return made

    def setUp(self):
        super().setUp()
        if os.environ.get('RINGWALL_ATTACH', 'native') != 'native':
            raise unittest.SkipTest('an interface with native XDP')
        self.before = self.attachment()

    def taken(self):
        """By whom; the wall knows."""
        os.kill(self.wall.process.pid, signal.SIGSTOP)           # who comes second finds the slot empty
        run('bpftool', 'link', 'detach', 'pinned', self.pin('xdp'))
        stranger = self.stranger()
        os.kill(self.wall.process.pid, signal.SIGCONT)
        self.wait_until(lambda: self.attachment() != self.before, 'it shows')
        return stranger

    def is_attached(self):
        return self.attachment() == self.before

    def test_it_says_that_the_interface_is_open_until_it_is_not(self):
        before, refused = self.before, self.logged(r'attach\.refused: .* outer')
        stranger = self.taken()
        found = self.attachment()
        self.wait_until(lambda: 'left alone' in self.attachment()['why'], 'it says why')
        self.assertEqual((found['ingress'], found['egress']), ('none', 'tcx'))
        self.assertEqual(self.readiness(), (503, 'outer: not attached\n'))
        _, text = ask(self.topology.edge, '/metrics')
        self.assertIn(0, [value for name, value in series(text).items() if name.startswith('ringwall_interface_attached{')])
        self.assertEqual(self.logged(r'attach\.refused: .* outer'), refused + 1)
        stranger.communicate('')
        self.wait_until(self.is_attached, 'it is attached again', 35.0)
        self.assertEqual(self.attachment(), before)
        self.assertEqual(self.readiness(), (200, 'ready\n'))
        self.assert_guards()
        self.assertEqual(self.logged(r'attach\.refused: .* outer'), refused + 1, 'once, not with each try')

    def test_it_is_tried_more_and_more_rarely_and_at_once_where_there_is_news(self):
        for news in (lambda: self.in_edge('ip', 'link', 'set', 'outer', 'alias', 'free'), self.wall.reload):
            with self.subTest(news=news):
                stranger = self.taken()
                self.assert_stays(lambda: not self.is_attached(), 8.0)   # tried after one, three, seven seconds
                stranger.communicate('')                                 # which tells nobody
                self.assert_stays(lambda: not self.is_attached(), 3.0)
                news()
                self.wait_until(self.is_attached, 'it is attached again', 2.5)


class Pins:
    def pins(self):
        return sorted(str(path.relative_to(self.wall.pin_path)) for path in self.wall.pin_path.rglob('*'))

    def setUp(self):
        super().setUp()
        self.there = self.pins()
        self.maps = {path.name: self.map_id(path) for path in (self.wall.pin_path / 'maps').iterdir()}

    @staticmethod
    def map_id(path):
        return json.loads(run('bpftool', '-j', 'map', 'show', 'pinned', path))['id']

    def assert_pinned_again(self):
        self.wait_until(lambda: self.pins() == self.there, 'all pins are there again')
        again = {path.name: self.map_id(path) for path in (self.wall.pin_path / 'maps').iterdir()}
        again.pop('names', None), self.maps.pop('names', None)   # it is written anew, from what the agent knows
        self.assertEqual(again, self.maps)

    def test_pins_that_are_deleted_open_nothing_and_are_there_again(self):
        links = {hook: self.link_id(hook) for hook in ('egress',)}
        for what in ('links', 'maps', 'programs', '.'):
            with self.subTest(what=what):
                _, outside, inside = self.inbound()
                self.assert_both_hear(outside, inside)
                shut, attacker = self.rtp('pbx'), self.rtp('attacker')
                with Stream(outside, inside.endpoint) as stream, Stream(attacker, shut.endpoint):
                    shutil.rmtree(self.wall.pin_path / what)
                    self.assert_pinned_again()
                    missing = set(stream.stop())
                    while missing and (packet := inside.wait(lambda p, o=outside: p.ssrc == o.ssrc, 1.0)):
                        missing.discard(packet.sequence)
                self.assertFalse(missing)
                self.assertFalse([p for p in shut.received() if p.ssrc == attacker.ssrc], 'nothing was open meanwhile')
                self.assertEqual({hook: self.link_id(hook) for hook in links}, links, 'nothing was attached anew')
                self.assertRegex(self.wall.log_tail(), r'pins\.lost: \d+ pins below .* they are there again')
        self.assertEqual(self.wall.invoke('run').returncode, 1, 'the lock is there again')

    def test_a_restart_after_it_finds_them(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        shutil.rmtree(self.wall.pin_path)
        self.assert_pinned_again()
        self.wall.kill()
        self.wall.start()
        self.assert_both_hear(outside, inside)
        self.assertEqual([leg['state'] for leg in self.wall.call(call.call_id)], ['confirmed'])

    def directories(self, pid):
        """Those that a process has open, as (device, inode)."""
        found = [os.stat(path) for path in Path(f'/proc/{pid}/fd').iterdir()]
        return {(each.st_dev, each.st_ino) for each in found if stat.S_ISDIR(each.st_mode)}

    def test_a_root_that_is_made_anew_is_locked_by_the_worker_too(self):
        for _ in range(2):
            shutil.rmtree(self.wall.pin_path)
            self.assert_pinned_again()
            there = self.wall.pin_path.stat()
            self.wait_until(lambda t=there: self.directories(self.worker()) == {(t.st_dev, t.st_ino)},
                            'the worker holds the new lock, and no other')

    def test_pins_that_are_deleted_while_interfaces_come_leave_nothing_open(self):
        before, is_over = self.attachment(), threading.Event()

        def delete():
            while not is_over.is_set():
                shutil.rmtree(self.wall.pin_path / 'links', ignore_errors=True)

        deleting = threading.Thread(target=delete)
        deleting.start()
        try:
            for _ in range(40):
                self.in_edge('ip', 'link', 'add', 'passing', 'type', 'veth', 'peer', 'name', 'passing-end')
                self.in_edge('ip', 'link', 'del', 'passing')
        finally:
            is_over.set()
            deleting.join()
        self.assert_pinned_again()
        self.wait_until(lambda: self.attachment() == before, 'all is attached as before')
        _, outside, inside = self.outbound()                     # which egress has to see
        self.assert_both_hear(outside, inside)
        self.assert_guards()

    def test_a_stop_right_after_it_leaves_the_datapath(self):
        shutil.rmtree(self.wall.pin_path)
        self.wall.stop()
        self.assertEqual(self.pins(), self.there)
        shut, attacker = self.rtp('pbx'), self.rtp('attacker')
        attacker.send(shut.endpoint, 5)
        self.assertIsNone(shut.wait(lambda p: p.ssrc == attacker.ssrc, 0.3))
        self.wall.start()

    def test_reloads_and_workers_go_on_without_them(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        shutil.rmtree(self.wall.pin_path)
        self.assertEqual(self.wall.invoke('reload').returncode, 0)
        worker = self.worker()
        shutil.rmtree(self.wall.pin_path)
        os.kill(worker, signal.SIGKILL)
        self.wait_until(lambda: self.worker() not in (None, worker), 'another worker')
        self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'it answers')
        self.assert_both_hear(outside, inside)
        self.assert_pinned_again()


class PinsIPv4(Pins, Watched, WallCase):
    family, config = 4, {'outside': ['outer', 'passing']}


class PinsIPv6(Pins, Watched, WallCase):
    shape, family = 'host', 6


class InTheWay(Watched, WallCase):
    """Pins are deleted, and something else is where one was."""
    config = {'watch': ['passing']}

    def test_it_says_so_starts_no_worker_and_goes_on_once_the_way_is_clear(self):
        pin = self.wall.pin_path / 'maps' / 'pinholes'
        os.kill(self.wall.process.pid, signal.SIGSTOP)
        pin.unlink()
        pin_a_strangers_program(pin)
        os.kill(self.wall.process.pid, signal.SIGCONT)
        self.wait_until(lambda: self.wall.status()['pins']['error'], 'the status says so')
        self.assertIn(f'{pin} is none of this wall', self.wall.status()['pins']['error'])
        status, body = self.readiness()
        self.assertEqual(status, 503)
        self.assertIn('pins are missing: ', body)
        self.assertIn('pins are missing', self.wall.command('status', json_output=False))
        self.assert_guards()
        self.assertEqual(self.wall.invoke('reload').returncode, 0, 'it needs none')
        self.in_edge('ip', 'link', 'add', 'passing', 'type', 'veth', 'peer', 'name', 'passing-end')
        self.wait_until(lambda: [each['ingress'] for each in self.wall.status()['interfaces'][1:]] in [[way] for way in AT_TC],
                        'a new interface is attached, with the maps that the agent has')
        self.in_edge('ip', 'link', 'del', 'passing')
        ended = self.logged(r'agent\.ended')
        os.kill(self.worker(), signal.SIGKILL)
        self.wait_until(lambda: self.worker() is None, 'the worker is gone')
        self.assert_stays(lambda: self.worker() is None, 2.5)
        self.assertIn('cannot be made again', self.wall.log_tail())
        pin.unlink()
        self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'another worker answers')
        self.assertEqual(self.logged(r'agent\.ended'), ended + 1, 'none was started in vain')
        self.assertEqual(self.wall.status()['pins'], {'path': str(self.wall.pin_path), 'error': ''})
        self.assertEqual(self.readiness(), (200, 'ready\n'))
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.bye()


class ControlSocket(Watched, WallCase):
    def answers(self):
        return self.wall.invoke('status').returncode == 0

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.worker()}/fd'))

    def test_one_that_is_deleted_is_there_again(self):
        self.assertTrue(self.answers())
        before = self.wait_until(self.descriptors, 'the worker is there')
        worker = self.worker()
        for take_away in (self.wall.socket.unlink, lambda: self.wall.socket.rename(self.wall.directory / 'moved')):
            take_away()
            self.wait_until(self.answers, 'the agent answers again')
            self.assertIn('control.lost: ', self.wall.log_tail())
            self.assertEqual(self.wall.socket.stat().st_mode & 0o777, 0o660)
        self.wait_until(lambda: self.descriptors() == before, 'the worker has closed the old ones')
        self.assertTrue(self.answers())
        self.assertEqual(self.worker(), worker, 'by the same worker')
        os.kill(worker, signal.SIGKILL)
        self.wait_until(lambda: self.worker() not in (None, worker), 'another worker')
        self.assertTrue(self.answers())

    def test_what_somebody_else_has_put_there_stays_until_he_takes_it_away(self):
        os.kill(self.wall.process.pid, signal.SIGSTOP)
        self.wall.socket.unlink()
        others = socket.socket(socket.AF_UNIX)
        self.addCleanup(others.close)
        others.bind(str(self.wall.socket))
        others.listen()
        os.kill(self.wall.process.pid, signal.SIGCONT)
        self.wait_until(lambda: self.logged('cannot be made anew: another agent answers'), 'it says so')
        others.close()                                           # its file stays, and nobody answers
        self.wait_until(self.answers, 'the agent answers again')
        self.assertEqual(self.logged('cannot be made anew: another agent answers'), 1)


class Workers(Watched, WallCase):
    config = {'protect': {'networks': ['192.0.2.0/24', 'self']}}

    @classmethod
    def prepare(cls):
        with cls.wall.config_path.open('a', encoding='utf-8') as file:
            file.write('# as long as what the package installs\n' * 300)

    def next_worker(self, killed):
        os.kill(killed, signal.SIGKILL)
        return self.wait_until(lambda: self.worker() not in (None, killed) and self.worker(), 'another worker', 15.0)

    def test_what_the_parent_says_while_a_worker_starts_is_heard(self):
        for number in range(5):
            killed = self.worker()
            os.kill(killed, signal.SIGKILL)
            while (worker := self.worker()) in (None, killed):
                pass                                             # stopped before it has read its first word
            os.kill(worker, signal.SIGSTOP)
            said = self.logged('is protected from now on')
            self.in_edge('ip', 'addr', 'add', f'203.0.113.{number}/32', 'dev', 'outer')
            self.wait_until(lambda s=said: self.logged('is protected from now on') > s, 'the parent has more to say')
            os.kill(worker, signal.SIGCONT)
            self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'it answers')
            self.assertEqual(self.wall.invoke('reload').returncode, 0)

    def test_a_worker_that_ends_again_and_again_keeps_nobody_from_looking(self):
        for _ in range(6):
            self.next_worker(self.worker())
        os.kill(self.worker(), signal.SIGKILL)                   # the next one comes after seconds
        said = self.logged(r'attach\.lost: outer: .* egress program')
        run('bpftool', 'link', 'detach', 'pinned', self.pin('egress'))
        self.wait_until(lambda: self.logged(r'attach\.lost: outer: .* egress program') > said, 'the loss is seen')
        self.assertIsNone(self.worker())
        self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'a worker answers', 15.0)


class RefusedReload(Watched, WallCase):
    """What one interface refuses changes nothing of those before it."""
    config = {'attach': 'native', 'outside': ['passing'], 'watch': ['outer']}

    @classmethod
    def prepare(cls):
        for name in ('passing', 'held'):
            run('ip', '-n', cls.topology.edge.name, 'link', 'add', name, 'type', 'veth', 'peer', 'name', f'{name}-end')
        pin = cls.wall.directory / 'bpf' / 'stranger'
        pin_a_strangers_program(pin)
        run('nsenter', f'--net={cls.topology.edge.path}', 'ip', 'link', 'set', 'dev', 'held', 'xdpdrv', 'pinned', pin)

    def test_a_refused_reload_leaves_every_program_that_was_there(self):
        before = self.wall.status()['interfaces']
        program = json.loads(run('bpftool', '-j', 'link', 'show', 'pinned', self.pin('egress')))['prog_id']
        self.wall.configure({**self.config, 'outside': ['passing', 'outer', 'held'], 'watch': []})
        done = self.wall.invoke('reload')
        self.assertIn('left alone', done.stderr)
        self.assertEqual(self.wall.status()['interfaces'], before)
        self.assertEqual(json.loads(run('bpftool', '-j', 'link', 'show', 'pinned', self.pin('egress')))['prog_id'], program)
        self.assert_stays(lambda: self.lost() == 0, 2.5)
        self.assertIn('xdp', run('ip', '-n', self.topology.edge.name, 'link', 'show', 'held'), 'the stranger stays')


class Hanging(Watched, WallCase):
    def test_commands_say_in_seconds_that_no_agent_answers(self):
        processes = [self.wall.process.pid, self.worker()]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            for command in ('status', 'calls'):
                done = self.wall.invoke(command, timeout=12)
                self.assertEqual((done.returncode, done.stdout), (NO_AGENT, ''))
                self.assertIn('has not answered for 5 s', done.stderr)
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)
        self.assertEqual(self.wall.invoke('status').returncode, 0)
