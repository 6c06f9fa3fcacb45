# SPDX-License-Identifier: Apache-2.0
"""Pins that root takes from a running wall: it puts them back, and where it cannot, it says so."""
import json
import os
import shutil
import signal
import stat
import threading
from pathlib import Path

from neighbour_test import pin_a_strangers_program
from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.topology import run
from ringwall_netns.watched import AT_TC, Watched


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
