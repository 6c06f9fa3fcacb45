# SPDX-License-Identifier: Apache-2.0
"""Programs that root takes from the interfaces of a running wall: it puts them back, and where it cannot, it says so."""
import json
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from neighbour_test import pin_a_strangers_program
from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.scrape import ask, series
from ringwall_netns.topology import run
from ringwall_netns.watched import Watched

HERE = Path(__file__).parent
XDP = ('xdp native', 'xdp generic')


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
        self.assertEqual(len(self.wall.attached()), 2)
        self.in_edge('ip', 'link', 'del', 'passing')
        self.wait_until(lambda: len(self.wall.attached()) == 1, 'it is gone')
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
