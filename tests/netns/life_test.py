# SPDX-License-Identifier: Apache-2.0
"""A hundred calls that talk, 50 packets a second each way, while the agent is stopped, killed, upgraded, reloaded, and
crashes again and again: not one packet is lost, counted where it arrives, and the BYEs that follow close everything."""
import copy
import os
import pathlib
import shutil
import signal
import subprocess
import types

from ringwall_netns import PATIENCE, wall as wall_module
from ringwall_netns.case import TEST_SECONDS, WallCase
from ringwall_netns.media import next_port
from ringwall_netns.streams import Streams
from ringwall_netns.wall import Wall, _descendants

CALLS = 100
BAD_CONFIG = 5


def port_of(address):
    """Where one side of a call has its media: rtp_streams binds it."""
    return types.SimpleNamespace(address=address, port=next_port(), close=lambda: None)


class Life:
    def setUp(self):
        super().setUp()
        signal.alarm(3 * TEST_SECONDS)
        if not self.wall.is_alive():
            self.wall.start()
        self.calls = [self.call(caller_rtp=port_of(self.address('peer')), callee_rtp=port_of(self.address('pbx'))).establish()
                      for _ in range(CALLS)]
        ends = [(self.at(c.caller_rtp), self.at(c.callee_rtp)) for c in self.calls]
        self.streams = Streams(self.topology.outside, self.topology.inside, ends)
        self.addCleanup(self.streams.close)
        # The first packets only open the way: a call's media may be there before the agent has read its answer.
        self.streams.go()
        self.wait_until(lambda: self.all_have_sent(3), 'every call talks')
        self.streams.stop()
        self.wait_until(self.are_known, 'the agent knows them all')
        self.settle()
        self.streams.forget()
        self.streams.go()

    @staticmethod
    def at(side):
        return side.address, side.port

    def are_known(self):
        confirmed = {call['call_id'] for call in self.wall.calls() if call['state'] == 'confirmed'}
        return confirmed >= {call.call_id for call in self.calls}

    def all_have_sent(self, packets):
        return self.streams.sent() >= packets

    def settle(self):
        """What was under way has arrived: three looks alike."""
        seen = []

        def is_still():
            seen.append(self.streams.received())
            return len(seen) > 20 and len(set(seen[-20:])) == 1
        self.wait_until(is_still, 'the streams stand still', timeout=20)

    def assert_nothing_lost(self):
        """Of all that was sent since the last time, and a second of talk after it."""
        sent = self.streams.sent()
        self.wait_until(lambda: self.all_have_sent(sent + 50), 'a second more', timeout=20)
        self.streams.stop()
        try:
            self.wait_until(lambda: not self.streams.lost()[0], 'all arrive')
        except AssertionError:
            lost, total = self.streams.lost()
            links = self.topology.edge.run('ip', '-s', '-s', 'link', 'show', 'dev', 'outer')
            self.fail(f'lost {sum(lost.values())} of {total} packets: {lost}\n{self.wall.reasons()}\n{links}')
        print(f'{self.streams.lost()[1]} packets, none lost ', end='', flush=True)
        self.streams.go()

    def hang_up(self):
        """The next BYEs close all: nothing of what is sent after them arrives."""
        for call in self.calls:
            call.bye()
        ports = {wall_module.endpoint_text(*self.at(c.callee_rtp)) for c in self.calls}

        def is_shut():
            return not [h for h in self.wall.pinholes() if h['local'] in ports and h['phase'] != 'closed']
        self.wait_until(is_shut, 'every pinhole is closed', timeout=20)
        self.streams.stop()
        self.settle()
        inwards = sum(received for _, received in self.streams.ends[1].counts())
        before = self.wall.reasons()
        self.streams.go()
        self.assert_dropped(before, None, CALLS)
        self.streams.stop()
        self.settle()
        self.assertEqual(sum(received for _, received in self.streams.ends[1].counts()), inwards)

    # what happens to the agent

    def test_a_stop_and_a_start(self):
        self.assertEqual(self.wall.stop(), 0)
        self.assert_nothing_lost()
        self.wall.start()
        self.assert_nothing_lost()
        self.hang_up()

    def test_a_kill_and_a_start(self):
        self.wall.kill()
        self.assert_nothing_lost()
        self.wall.start()
        self.assert_nothing_lost()
        self.hang_up()

    def test_an_upgrade_to_another_build_and_back(self):
        before = self.programs()
        other = self.other_build()
        for build in (other, None):
            self.wall.stop()
            self.wall.build = build
            self.wall.start()
            self.assert_nothing_lost()
            after = self.programs()
            self.assertEqual(before.keys(), after.keys(), 'the links are the same ones')
            self.assertFalse(set(before.values()) & set(after.values()), 'and have other programs')
            before = after
        self.hang_up()

    def test_reloads_good_bad_and_of_another_policy(self):
        self.addCleanup(self.restore_config)
        self.wall.reload()
        self.assert_nothing_lost()
        self.wall.write_config('version: 1\nmode: enfroce\n')
        self.assertEqual(self.wall.invoke('reload').returncode, BAD_CONFIG)
        self.assert_nothing_lost()
        changes = copy.deepcopy(self.config)
        changes.update({'protect': {'media_ports': '10000-21000'}, 'deny': {'networks': [self.address('attacker')]},
                        'rules': [{'allow': 'udp', 'to': [self.address('desk')], 'ports': '12000-12002', 'from': 'any'}]})
        changes['peers'] = [{'name': 'another', 'networks': [self.address('peer')], 'expectation': 'networks'}]
        self.wall.configure(changes)
        self.wall.reload()
        self.assert_nothing_lost()
        self.hang_up()

    def test_crashes_over_and_over(self):
        before = self.programs()
        worker = None
        for _ in range(4):
            worker = self.wait_until(lambda gone=worker: self.another_worker(gone), 'a worker', timeout=30)
            os.kill(worker, signal.SIGKILL)
        self.wait_until(lambda: self.another_worker(worker), 'a worker', timeout=30)
        self.assertEqual(self.programs(), before, 'a worker that dies changes no program')
        self.assert_nothing_lost()
        for patience in (0.0, 0.05, 0.1, 0.2, 0.4):
            self.wall.kill()
            self.die_while_starting(patience)
        good = self.wall.config_path.read_text(encoding='utf-8')
        self.wall.write_config('version: 1\nmode: enfroce\n')
        for _ in range(3):
            self.assertEqual(self.wall.invoke('run').returncode, BAD_CONFIG)
        self.wall.write_config(good)
        self.assertEqual(self.programs().keys(), before.keys(), 'the datapath stands')
        self.assert_nothing_lost()
        stranger, inside = self.rtp('attacker'), self.rtp('pbx')
        stranger.send(inside.endpoint, 5)
        self.assertIsNone(inside.wait(timeout=0.3), 'and refuses strangers')
        self.wall.start()
        self.assert_nothing_lost()
        self.hang_up()

    # how

    def restore_config(self):
        self.wall.configure(self.config)
        self.wall.reload()

    def programs(self):
        """{pinned link: id of its program}."""
        found = {}
        for pin in sorted((self.wall.pin_path / 'links').iterdir()):
            shown = subprocess.run(['bpftool', '-j', 'link', 'show', 'pinned', pin], capture_output=True, text=True, check=True)
            found[pin.name] = wall_module.json.loads(shown.stdout)['prog_id']
        self.assertTrue(found)
        return found

    def other_build(self):
        """The same program with another version in it, and another name: what an upgrade brings."""
        original = wall_module.binary()
        version = subprocess.run([original, 'version'], capture_output=True, text=True, check=True).stdout.split()[1]
        other = pathlib.Path(self.wall.directory) / 'other' / 'ringwall'
        other.parent.mkdir(exist_ok=True)
        later = version[:-1] + chr(ord(version[-1]) + 1)
        shutil.copy(original, other)
        other.write_bytes(other.read_bytes().replace(f'ringwall {version} ('.encode(), f'ringwall {later} ('.encode()))
        shown = subprocess.run([other, 'version'], capture_output=True, text=True, check=True).stdout
        self.assertIn(later, shown)
        return other

    def another_worker(self, gone):
        children = [pid for pid in _descendants(self.wall.process.pid) if pid != gone]
        return next((pid for pid in children if self.is_ready(pid)), None)

    @staticmethod
    def is_ready(pid):
        """A worker that has given up its rights: only then has it read the maps."""
        try:
            return 'NoNewPrivs:\t1' in pathlib.Path(f'/proc/{pid}/status').read_text(encoding='ascii')
        except FileNotFoundError:
            return False

    def die_while_starting(self, patience):
        """An agent that is killed at some moment of its start."""
        process = self.wall.begin()
        try:
            process.wait(patience * PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        self.wall.kill()


class LifeIPv4(Life, WallCase):
    family = 4


class LifeIPv6(Life, WallCase):
    family = 6
