# SPDX-License-Identifier: Apache-2.0
"""What an operator does to a running wall: watch only, reload, ask, take down. And what systemd does."""
import configparser
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from ringwall_netns import janitor
from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.media import Stream
from ringwall_netns.topology import run
from ringwall_netns.wall import ROOT, CommandFailed, Wall, binary

NO_AGENT, NOT_PERMITTED, BAD_CONFIG, WRONG_USAGE = 3, 4, 5, 2


class Monitor(WallCase):
    config = {'mode': 'monitor'}

    def test_everything_passes_and_is_counted_under_the_reason_it_would_have_been_dropped_for(self):
        outside, inside = self.rtp('attacker'), self.rtp('pbx')
        before, counters = self.wall.reasons(), self.wall.counters()
        self.assert_heard(outside, inside)
        self.assert_dropped(before, 'no_pinhole', 10)
        self.assertGreaterEqual(self.wall.counters()['monitored'], counters.get('monitored', 0) + 10)

    def test_calls_are_followed_as_ever(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        before = self.wall.reasons()
        self.assert_heard(self.rtp('attacker'), inside)
        self.assert_dropped(before, RTP_REFUSED, 10)
        self.assertEqual(self.hole_phase(inside.endpoint), 'answered')
        call.bye()
        self.wait_until(lambda: self.hole_phase(inside.endpoint) in ('closed', None), 'the hole closes')
        self.assert_heard(outside, inside)

    def test_a_register_flood_passes_and_is_counted(self):
        pbx = self.phone('pbx')
        before = self.wall.reasons()
        call = self.call('attacker', 'pbx')
        for number in range(50):
            call.send('REGISTER', other_tag='', cseq=number + 1)
        self.assert_dropped(before, 'rate_limited', 40)
        self.assertEqual(pbx.count(lambda m: m.is_a('REGISTER')), 50)


class Reload(WallCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._restore)

    def _restore(self):
        self.wall.configure(self.config)
        self.wall.reload()

    def test_the_command_answers_for_the_reload_that_it_asked_for(self):
        listed = self.wall.directory / 'long.txt'
        listed.write_text(''.join(f'100.{n >> 16}.{n >> 8 & 255}.{n & 255}\n' for n in range(300_000)), encoding='utf-8')
        changes = {**self.config, 'deny': {'files': [str(listed)]}}
        self.wall.configure(changes)
        self.wall.reload()
        self.wall.write_config(self.wall.config_path.read_text(encoding='utf-8') + '# touched\n')
        os.kill(self.wall.process.pid, signal.SIGHUP)            # takes a second or so, and is good
        time.sleep(0.15)
        self.wall.write_config(self.wall.config_path.read_text(encoding='utf-8') + 'bogus: 1\n')
        refused = self.wall.invoke('reload')
        self.assertEqual(refused.returncode, BAD_CONFIG)
        self.assertIn('unknown key "bogus"', refused.stderr)
        self.wall.configure(changes)
        self.wall.reload()

    def test_a_good_file_takes_effect_at_once_and_calls_go_on(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        beyond = self.rtp('pbx', 20500)
        self.assert_heard(self.rtp('third'), beyond)
        with Stream(outside, inside.endpoint) as stream:
            self.wall.configure({'protect': {'media_ports': '10000-21000'}})
            self.wall.reload()
            self.assert_refused(self.rtp('third'), beyond.endpoint, beyond, 'no_pinhole')
            missing = set(stream.stop())
        while missing and (packet := inside.wait(lambda p: p.ssrc == outside.ssrc, 1.0)):
            missing.discard(packet.sequence)
        self.assertFalse(missing)

    def test_ports_that_a_reload_guards_no_more_are_open_and_its_calls_have_them_back_with_the_next(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.wall.configure({'protect': {'media_ports': '30000-40000'}})
        self.wall.reload()
        self.assert_open_for_good(outside, inside)
        self.assert_heard(self.rtp('third'), inside)
        self._restore()
        self.assert_both_hear(outside, inside)
        self.assert_refused(self.rtp('third'), inside.endpoint, inside, RTP_REFUSED)

    def test_a_bad_file_changes_nothing_and_says_where_it_is_wrong(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.wall.write_config('version: 1\nprotect:\n  media_ports: 10000-99999\n')
        done = self.wall.invoke('reload')
        self.assertEqual(done.returncode, BAD_CONFIG, done.stderr)
        self.assertIn(f'{self.wall.config_path.name}:3:', done.stderr + done.stdout)
        self.assert_both_hear(outside, inside)
        self.assert_refused(self.rtp('third'), self.rtp('pbx').endpoint, reason='no_pinhole')

    def test_a_changed_mode_is_obeyed(self):
        outside, inside = self.rtp('third'), self.rtp('pbx')
        self.assert_refused(outside, inside.endpoint, inside, 'no_pinhole')
        self.wall.configure({'mode': 'monitor'})
        self.wall.reload()
        self.assert_heard(outside, inside)


class Commands(WallCase):
    def setUp(self):
        super().setUp()
        self.agent_may_be_down = True

    def test_status_says_what_is_attached(self):
        status = self.wall.status()
        self.assertEqual([i['name'] for i in status['interfaces']], ['outer'])
        self.assertEqual(status['mode'], 'enforce')

    def test_check_tells_a_good_file_from_a_bad_one(self):
        self.assertEqual(self.wall.invoke('check').returncode, 0)
        good = self.wall.config_path.read_text(encoding='utf-8')
        self.addCleanup(self.wall.write_config, good)
        self.wall.write_config(good.replace('enforce', 'enfroce'))
        done = self.wall.invoke('check')
        self.assertEqual(done.returncode, BAD_CONFIG)
        self.assertRegex(done.stderr + done.stdout, r'ringwall\.yaml:2:\d+: ')

    def test_wrong_usage_has_its_own_exit_code(self):
        self.assertEqual(self.wall.invoke('fly').returncode, WRONG_USAGE)

    def test_without_an_agent_the_commands_say_so_and_the_wall_stands(self):
        other = Wall(self.topology, self.config)
        self.addCleanup(other.close)
        for command in ('status', 'calls', 'pinholes', 'reload'):
            with self.assertRaises(CommandFailed) as failed:
                other.command(command, json_output=command != 'reload')
            self.assertEqual(failed.exception.returncode, NO_AGENT, command)

    def test_who_may_not_open_the_socket_is_told_who_may(self):
        mode = os.stat(self.wall.socket).st_mode
        self.addCleanup(os.chmod, self.wall.socket, mode)
        os.chmod(self.wall.socket, 0)
        unprivileged = ['setpriv', '--bounding-set=-dac_override', str(binary())]  # root, whom modes bind
        done = subprocess.run([*unprivileged, 'status', '--socket', str(self.wall.socket)], capture_output=True, text=True,
                              check=False, timeout=30)
        self.assertEqual(done.returncode, NOT_PERMITTED, done.stderr)
        self.assertIn('be root, or in the group ringwall', done.stderr)

    def test_a_configuration_named_from_where_the_agent_was_started_is_found_from_elsewhere(self):
        whole = self.wall.config_path
        self.addCleanup(setattr, self.wall, 'config_path', whole)
        self.addCleanup(setattr, self.wall, 'launcher', [])
        self.wall.stop()
        self.wall.config_path, self.wall.launcher = Path(whole.name), ['env', '-C', str(whole.parent)]
        self.wall.start()
        self.assertEqual(self.wall.status()['config']['path'], str(whole))
        faults = json.loads(self.wall.invoke('doctor', '--json').stdout)
        self.assertNotIn('reload', [fault['check'] for fault in faults])

    def test_two_agents_on_one_pin_directory_are_refused(self):
        done = self.wall.invoke('run')
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stderr)

    def test_a_stop_in_mid_start_is_heard_at_its_end(self):
        self.wall.detach()
        self.wall.process.wait(10)
        self.addCleanup(self.wall.start)
        self.wall.begin()
        self.wait_until(self.wall.pin_path.exists, 'the start has begun')
        self.assertEqual(self.wall.stop(), 0)
        self.assertTrue(list((self.wall.pin_path / 'links').iterdir()), 'a whole wall stands')

    def test_stop_leaves_the_datapath_and_detach_takes_it_down(self):
        outside, inside = self.rtp('third'), self.rtp('pbx')
        self.assertEqual(self.wall.stop(), 0)
        outside.send(inside.endpoint, 3)
        self.assertIsNone(inside.wait(lambda p: p.ssrc == outside.ssrc, 0.3))
        self.wall.detach()
        self.assertFalse(list(self.wall.pin_path.glob('*')) if self.wall.pin_path.exists() else [])
        outside.send(inside.endpoint, 3)
        self.assertIsNotNone(inside.wait(lambda p: p.ssrc == outside.ssrc, 2.0))
        self.wall.start()
        self.assert_refused(outside, inside.endpoint, inside, 'no_pinhole')


class FewerRights(WallCase):
    """A root that is none, as in containers: it says what is missing, and attaches nothing."""

    def setUp(self):
        super().setUp()
        self.agent_may_be_down = True
        self.wall.detach()
        self.wall.process.wait(10)
        self.addCleanup(setattr, self.wall, 'launcher', [])

    def refusal(self, *launcher):
        self.wall.launcher = list(launcher)
        with self.assertRaisesRegex(RuntimeError, 'ringwall run: exit 4'):
            self.wall.start()
        self.assertFalse(self.wall.pin_path.exists(), 'a refused start has left pins')
        return self.wall.log_tail(1)

    def test_what_is_missing_is_named_before_anything_is_attached(self):
        for name in ('bpf', 'perfmon', 'net_admin', 'setuid', 'setgid', 'kill'):
            self.assertIn(f'this root has no CAP_{name.upper()}: ', self.refusal('setpriv', f'--bounding-set=-{name}'))
        self.assertIn('no CAP_BPF, CAP_KILL: ', self.refusal('setpriv', '--bounding-set=-kill,-bpf'))

    def test_capabilities_of_a_user_namespace_are_told_from_those_that_count(self):
        self.assertIn('bpf(2) is refused, though the capabilities are there', self.refusal('unshare', '--user', '--map-root-user'))


class Descriptors(WallCase):
    """As many as the hard limit allows: the soft one, of a service or a shell, is for programs that call select()."""
    config = {'outside': ['outer', 'many*']}
    most, interfaces = 128, 60

    @classmethod
    def prepare(cls):
        cls.wall.launcher = ['prlimit', f'--nofile={cls.most}:4096']

    def test_more_interfaces_than_the_soft_limit_has_room_for_are_attached(self):
        for number in range(self.interfaces):
            run('ip', '-n', self.topology.edge.name, 'link', 'add', f'many{number}', 'type', 'veth', 'peer', 'name', f'far{number}')
        self.wait_until(lambda: len(self.wall.attached()) == self.interfaces + 1, 'all of them are attached', 30.0)
        self.assertGreater(len(os.listdir(f'/proc/{self.wall.process.pid}/fd')), self.most)
        self.assertTrue(all('none' not in (i['ingress'], i['egress']) for i in self.wall.attached()))
        self.wall.reload()


class Service(WallCase):
    """As systemd runs it: with no more capabilities than the unit has, and with somebody who listens to sd_notify."""

    @classmethod
    def prepare(cls):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(ROOT / 'deploy/systemd/ringwall.service')
        bounds = [f'+{name.removeprefix("CAP_").lower()}' for name in unit['Service']['CapabilityBoundingSet'].split()]
        cls.wall.launcher = ['setpriv', f'--bounding-set=-all,{",".join(bounds)}', '--no-new-privs']
        cls.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        cls.addClassCleanup(cls.manager.close)
        path = janitor.scratch() / 'notify'
        cls.manager.bind(str(path))
        cls.manager.settimeout(20)
        os.environ.update(NOTIFY_SOCKET=str(path), WATCHDOG_USEC='30000000')
        cls.addClassCleanup(lambda: [os.environ.pop(name) for name in ('NOTIFY_SOCKET', 'WATCHDOG_USEC')])

    def heard(self, wanted):
        """The next word that is no sign of life, or the next sign of life."""
        while True:
            words = self.manager.recv(4096).decode()
            if (words == 'WATCHDOG=1') == (wanted == 'WATCHDOG=1'):
                return words

    def test_it_says_that_it_is_ready_lives_reloads_and_stops(self):
        self.agent_may_be_down = True
        self.assertEqual(self.heard('READY=1'), 'READY=1')
        for _ in range(2):
            self.assertEqual(self.heard('WATCHDOG=1'), 'WATCHDOG=1')
        before_us = time.monotonic_ns() // 1000
        os.kill(self.wall.process.pid, signal.SIGHUP)
        words = dict(line.split('=', 1) for line in self.heard('RELOADING=1').splitlines())
        self.assertEqual(words['RELOADING'], '1')
        self.assertGreaterEqual(int(words['MONOTONIC_USEC']), before_us)
        self.assertEqual([self.heard(''), self.heard('')], ['STATUS=', 'READY=1'])
        self.wall.stop()
        self.assertEqual(self.heard('STOPPING=1'), 'STOPPING=1')
        self.wall.start()
        self.assertEqual(self.heard('READY=1'), 'READY=1')

    def test_a_call_is_followed_and_a_worker_that_hangs_is_replaced(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assert_refused(self.rtp('attacker'), self.rtp('pbx').endpoint, reason='no_pinhole')
        worker = self.wall.worker()
        os.kill(worker, signal.SIGSTOP)
        self.wait_until(lambda: self.wall.worker() not in (None, worker), 'another worker', timeout=20)
        self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'the new one answers', timeout=20)
        self.assert_both_hear(outside, inside)

    def test_what_is_of_another_owner_is_read(self):
        nobody, files = 65534, [self.wall.config_path, self.wall.directory / 'deny.txt']
        self.addCleanup(lambda: (os.chown(files[0], 0, 0), self.wall.configure(self.config), self.wall.reload()))
        files[1].write_text('203.0.113.0/24\n', encoding='utf-8')
        self.wall.configure({'deny': {'files': [str(files[1])]}})
        for each in files:
            os.chown(each, nobody, nobody)
            each.chmod(0o600)
        self.wall.reload()
        self.assertEqual([(each['prefixes'], each['trouble']) for each in self.wall.status()['lists']], [(1, '')])
