# SPDX-License-Identifier: Apache-2.0
"""The pod of the chart's DaemonSet, on a node where a PBX has the node's network: calls, a ConfigMap that changes, a rolling update,
an agent that is killed or hangs, the end of it all; and what is said where the node or the manifest lacks something."""
import copy
import json
import os
import pathlib
import signal
import stat
import unittest

import yaml

import manifests
from pod import Pod
from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.topology import Topology
from ringwall_netns.wall import DRAIN
from ringwall_netns.xdp import has_freplace

WORKERS_USER = 10560                              # the Containerfile's


class Life:
    shape, wall_kind = 'host', Pod
    config = {'auto_reload': True}

    def setUp(self):
        super().setUp()
        if not self.wall.is_alive():
            self.wall.start()

    def pbx_guarded(self):
        """A stranger is not heard at a media port of the PBX."""
        inside = self.rtp('pbx')
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside, 'no_pinhole')

    def is_through(self, sender, receiver):
        sender.send(receiver.endpoint)
        return receiver.wait(lambda p: p.ssrc == sender.ssrc, 0.2) is not None

    def test_a_call_has_audio_and_its_end_and_nobody_else_has(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.pbx_guarded()
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def test_its_worker_is_a_user_of_its_own_without_any_right(self):
        status = dict(line.split(':\t', 1) for line in pathlib.Path(f'/proc/{self.wall.worker()}/status').read_text(encoding='ascii').splitlines())
        self.assertEqual(set(status['Uid'].split() + status['Gid'].split()), {str(WORKERS_USER)})
        self.assertEqual({int(status[f'Cap{which}'], 16) for which in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb')}, {0})
        self.assertEqual(status['NoNewPrivs'], '1')

    def test_its_socket_is_for_root_and_its_group(self):
        about = (self.wall.empty / 'ringwall.sock').stat()
        self.assertEqual((about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)), (0, WORKERS_USER, 0o660))

    def test_a_changed_configmap_is_in_force_by_itself_and_a_bad_one_is_not(self):
        call, outside, inside = self.inbound()
        stranger, other = self.rtp('attacker'), self.rtp('pbx')
        self.wall.configure({**self.config, 'mode': 'monitor'})
        self.wait_until(lambda: self.is_through(stranger, other), 'monitor mode drops nothing', 15)
        self.wall.write_config('version: 2\n')
        self.wait_until(lambda: self.wall.status()['config']['error'], 'the bad one is shown', 15)
        self.assertEqual(self.wall.status()['mode'], 'monitor')
        self.wall.configure(self.config)
        self.wait_until(lambda: not self.is_through(stranger, other), 'the wall drops again', 15)
        self.assert_both_hear(outside, inside)
        call.bye()

    def test_a_rolling_update_in_mid_call_costs_no_packet(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        with Stream(outside, inside.endpoint) as towards, Stream(inside, outside.endpoint) as back:
            self.assertEqual(self.wall.stop(), 0)
            self.pbx_still_guarded()
            self.wall.start()
            counts = self.assert_no_loss(towards, inside), self.assert_no_loss(back, outside)
        print(f'{counts[0]} packets in, {counts[1]} out, none lost ', end='')
        self.assertIn('took over the wall', self.wall.log_tail())
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def pbx_still_guarded(self):
        """Likewise, with nobody there to say under which reason."""
        stranger, inside = self.rtp('attacker'), self.rtp('pbx')
        self.assertFalse(self.is_through(stranger, inside))

    def test_killed_in_mid_call_it_is_taken_over_by_the_next_one(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        with Stream(outside, inside.endpoint) as towards:
            self.wall.kill()
            self.pbx_still_guarded()
            self.wall.start()
            self.assert_no_loss(towards, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def test_a_worker_that_hangs_is_dead_by_the_probe_until_another_one_lives(self):
        self.wait_until(lambda: self.wall.is_good('livenessProbe') and self.wall.is_good('readinessProbe'), 'it lives', 10)
        hung = self.wall.worker()
        os.kill(hung, signal.SIGSTOP)
        self.assertFalse(self.wall.is_good('livenessProbe'))
        self.wait_until(lambda: self.wall.is_good('livenessProbe'), 'another worker answers', 20)
        self.assertNotEqual(self.wall.worker(), hung)
        self.pbx_guarded()

    def test_detach_takes_the_wall_down_pod_by_pod_and_not_beneath_an_agent(self):
        self.agent_may_be_down = True
        stranger, inside = self.rtp('attacker'), self.rtp('pbx')
        refused = self.wall.execute('ringwall', 'detach')
        self.assertEqual(refused.returncode, 1)
        self.assertIn('another agent runs with these pins', refused.stderr)
        self.assertFalse(self.is_through(stranger, inside))
        agents = self.wall.template
        self.addCleanup(setattr, self.wall, 'template', agents)
        self.wall.update(manifests.template(manifests.render({'detach': True})))
        self.wait_until(lambda: self.wall.is_good('readinessProbe'), 'the wall is down', 15)
        self.assertFalse(self.wall.pin_path.exists())
        self.assertTrue(self.is_through(stranger, inside))
        self.wall.stop()


class LifeIPv4(Life, WallCase):
    family = 4


class LifeIPv6(Life, WallCase):
    family = 6


class Shipped(unittest.TestCase):
    """As it is applied: with the configuration that it brings, on a node whose interface comes later."""

    def test_it_drops_nothing_and_is_ready_when_its_interface_is_there(self):
        topology = Topology('host')
        self.addCleanup(topology.close)
        wall = Pod(topology)
        self.addCleanup(wall.close)
        wall.write_config(wall.template.files['ringwall.yaml'])
        wall.start()
        self.assertTrue(wall.is_good('startupProbe'))
        self.assertTrue(wall.is_good('livenessProbe'))
        self.assertFalse(wall.is_good('readinessProbe'))
        for words in ('link add eth0 type veth peer name far', 'address add 198.18.0.1/24 dev eth0', 'link set far up', 'link set eth0 up'):
            topology.edge.run('ip', *words.split())
        WallCase.wait_until(self, lambda: wall.is_good('readinessProbe'), 'eth0 is attached', 15)
        self.assertEqual(wall.status()['mode'], 'monitor')
        lines = [line for line in wall.log.read_text(encoding='utf-8').splitlines() if line != 'ringwall: ready']
        self.assertIn('attach', [json.loads(line)['event'] for line in lines])


class Configured(unittest.TestCase):
    """Its manifest follows its configuration."""

    def pod(self, changes):
        topology = Topology('host')
        self.addCleanup(topology.close)
        wall = Pod(topology, changes)
        self.addCleanup(wall.close)
        wall.template = manifests.template(manifests.render({'config': yaml.safe_dump(wall.config)}))
        return wall.start()

    def test_the_probes_ask_where_it_listens(self):
        for listen in ('127.0.0.1:10561', '0.0.0.0:10562', '[::1]:10563', '[::]:10564'):
            wall = self.pod({'http': {'listen': listen}})
            for probe in ('startupProbe', 'livenessProbe', 'readinessProbe'):
                self.assertTrue(wall.is_good(probe), f'{listen} {probe}')

    def test_a_list_beside_it_is_taken_with_it_and_when_it_alone_changes(self):
        wall = self.pod({'auto_reload': True})
        wall.beside = {'deny.txt': '203.0.113.0/24\n'}
        wall.configure({'auto_reload': True, 'deny': {'files': ['/etc/ringwall/deny.txt']}})
        WallCase.wait_until(self, lambda: 'deny.txt' in wall.invoke('lists', '203.0.113.9').stdout, 'the list is there', 15)
        wall.beside = {'deny.txt': '198.18.7.0/24\n'}
        wall.configure(wall.config)
        WallCase.wait_until(self, lambda: 'deny.txt' in wall.invoke('lists', '198.18.7.1').stdout, 'the changed list is there', 15)
        self.assertNotIn('deny.txt', wall.invoke('lists', '203.0.113.9').stdout)

    def test_in_the_dispatcher_where_the_kernel_has_it(self):
        wall = self.pod({'attach': 'dispatcher'})
        (outer,) = wall.status()['interfaces']
        if has_freplace():
            self.assertEqual(outer['ingress'], 'xdp dispatcher')
        else:
            self.assertIn('cannot replace a function of a loaded program', outer['why'])


class Stopped(unittest.TestCase):
    def test_in_mid_start_it_ends_in_peace(self):
        """A signal that process 1 of a container does not wait for is none, and kubelet would kill it in the end."""
        topology = Topology('host')
        self.addCleanup(topology.close)
        wall = Pod(topology)
        self.addCleanup(wall.close)
        wall.begin()
        WallCase.wait_until(self, wall.pin_path.exists, 'the start has begun', 30)
        self.assertEqual(wall.stop(), 0)


class Refusals(unittest.TestCase):
    """What the node or the manifest lacks, said in the pod's log; and nothing stands then."""

    def setUp(self):
        topology = Topology('host')
        self.addCleanup(topology.close)
        self.pod = Pod(topology)
        self.addCleanup(self.pod.close)
        self.pod.template = copy.deepcopy(self.pod.template)

    def refusal(self, code):
        with self.assertRaisesRegex(RuntimeError, f'ringwall run: exit {code}'):
            self.pod.start()
        self.assertFalse(self.pod.pin_path.exists())
        return self.pod.log_tail(1)

    def test_a_capability_is_missing(self):
        for name in ('BPF', 'PERFMON', 'NET_ADMIN', 'SETUID', 'SETGID', 'KILL'):
            self.pod.template = copy.deepcopy(self.pod.template)
            capabilities = self.pod.template.container['securityContext']['capabilities']
            everything = capabilities['add']
            capabilities['add'] = [one for one in everything if one != name]
            self.assertIn(f'this root has no CAP_{name}: add what is missing to the container', self.refusal(4))
            capabilities['add'] = everything

    def test_the_seccomp_profile_lets_no_bpf_through(self):
        self.pod.seccomp = None                   # podman's own, of Debian 12
        self.assertIn('bpf(2) is refused, though the capabilities are there: by the seccomp profile', self.refusal(4))

    def test_the_node_has_no_bpf_file_system(self):
        self.pod.host_path = self.pod.directory / 'plain'
        self.pod.host_path.mkdir()
        self.assertIn('is not on a BPF file system', self.refusal(1))
        self.assertIn('or a hostPath', self.pod.log_tail(1))
