# SPDX-License-Identifier: Apache-2.0
"""`ringwall doctor`: nothing to say of a healthy wall; each fault that is seeded is found, with a mend, and gone once mended.
Pins of another version are refused by every command that would touch them, and nothing is dropped silently."""
import fcntl
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys

from ringwall_netns.case import WallCase
from ringwall_netns.topology import run
from ringwall_netns.wall import Wall, endpoint_text

GOOD, FAILED = 0, 1
TUNSETIFF, TUNSETLINK = 0x400454ca, 0x400454cd             # linux/if_tun.h
ARPHRD_INFINIBAND = 32                                     # linux/if_arp.h


def make_tun(namespace, name, link_type):
    """A device whose frames say that they begin in that way; it goes with the descriptor."""
    with namespace.inside():
        tun = os.open('/dev/net/tun', os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack('16sH22x', name.encode(), 0x1001))    # IFF_TUN, IFF_NO_PI
    fcntl.ioctl(tun, TUNSETLINK, link_type)
    return tun


class Doctor:
    shape = 'host'

    def faults(self):
        """Every fault by its check, with exit code and both forms held against each other."""
        done = self.wall.invoke('doctor', '--json')
        found = json.loads(done.stdout)
        wrong = [fault for fault in found if not fault['hint']]
        self.assertEqual(done.returncode, FAILED if wrong else GOOD, done.stderr)
        words = self.wall.invoke('doctor').stdout
        self.assertEqual('nothing wrong' in words, not wrong, words)
        for fault in found:
            self.assertTrue(fault['what'] and fault['mend'], fault)
        return {fault['check']: fault for fault in found if fault['check'] not in ('card', 'clock', 'sip_helper')}

    def listens(self, kind, port, address=None):
        """A service beside the wall, at the PBX's address."""
        family = socket.AF_INET6 if self.family == 6 else socket.AF_INET
        made = self.topology.edge.socket(family, kind)
        self.addCleanup(made.close)
        made.bind((address or self.address('pbx'), port))
        if kind == socket.SOCK_STREAM:
            made.listen()
        return made

    def assert_seeded(self, check, words, mend):
        """`mend` is called once the fault has been seen with these words."""
        fault = self.wait_until(lambda: self.faults().get(check), f'{check} is found', 30)
        self.assertIn(words, fault['what'])
        mend()
        self.wait_until(lambda: check not in self.faults(), f'{check} is mended', 30)

    def reconfigure(self, **changes):
        self.wall.configure(changes)
        self.wall.reload()


class Machine(Doctor):
    def test_a_healthy_wall_has_nothing_wrong(self):
        self.assertEqual(self.faults(), {})

    def test_a_service_in_the_media_range(self):
        stranger = self.listens(socket.SOCK_DGRAM, 10053)
        self.assert_seeded('media_ports', ':10053', stranger.close)

    def test_a_rule_covers_it(self):
        self.listens(socket.SOCK_DGRAM, 10054)
        self.assertIn('media_ports', self.faults())
        self.reconfigure(rules=[{'allow': 'udp', 'to': 'any', 'ports': 10054, 'from': 'any'}])
        self.addCleanup(self.reconfigure)
        self.assertNotIn('media_ports', self.faults())

    def test_a_pbx_whose_telephone_rings_is_no_stranger(self):
        self.phone('pbx')                         # serves SIP at 5060, in this process
        self.listens(socket.SOCK_DGRAM, 10058)    # and has bound the port that its 200 will name
        self.assertNotIn('media_ports', self.faults())

    def test_another_program_than_the_pbx_is_named(self):
        self.phone('pbx')
        bind = f'import socket, sys; s = socket.socket(socket.AF_INET{"6" if self.family == 6 else ""}, socket.SOCK_DGRAM); ' \
               f's.bind(({self.address("pbx")!r}, 10059)); print(flush=True); sys.stdin.read()'
        stranger = subprocess.Popen(self.topology.edge.command(sys.executable, '-c', bind), stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.communicate)     # ends it
        stranger.stdout.readline()
        self.assertIn(':10059 is bound in the media range by ', self.faults()['media_ports']['what'])
        self.assertIn(f'(process {stranger.pid})', self.faults()['media_ports']['what'])

    def test_a_socket_of_the_kernel_is_said_to_be_one(self):
        def device(*words):
            run('ip', '-n', self.topology.edge.name, 'link', *words)
        device('add', 'tunnel', 'type', 'vxlan', 'id', '5', 'dstport', '10070')
        self.addCleanup(device, 'del', 'tunnel')
        device('set', 'tunnel', 'up')
        fault = self.wait_until(lambda: self.faults().get('media_ports'), 'its socket is found')
        self.assertIn(':10070 is bound in the media range by the kernel itself', fault['what'])
        self.assertFalse(fault['hint'])

    def test_media_of_a_call_is_no_stranger(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assertNotIn('media_ports', self.faults())

    def test_sip_at_a_port_that_is_not_declared(self):
        pbx = self.listens(socket.SOCK_DGRAM, 5080)
        self.assert_seeded('sip_ports', ':5080', pbx.close)

    def test_tls_that_is_not_declared(self):
        pbx = self.listens(socket.SOCK_STREAM, 5061)
        self.assert_seeded('opaque_ports', ':5061', pbx.close)

    def test_sip_at_an_address_that_is_not_protected(self):
        self.listens(socket.SOCK_DGRAM, 5060)
        self.reconfigure(protect={'networks': ['192.0.2.200/32', '2001:db8:1:9::/64'], 'media_ports': '10000-20000'})
        self.assert_seeded('protect', self.address('pbx'), self.reconfigure)


class Configuration(Doctor):
    def setUp(self):
        super().setUp()
        self.agent_may_be_down = True
        self.addCleanup(self.restore)

    def restore(self):
        self.wall.configure(self.config)
        if not self.wall.is_alive():
            self.wall.start()
        self.wall.reload()

    def test_a_file_that_is_not_in_force(self):
        self.wall.write_config('# another\n' + self.wall.config_path.read_text(encoding='utf-8'))
        self.assert_seeded('reload', 'has changed since it was loaded', self.wall.reload)

    def test_a_file_of_conf_d_that_is_not_in_force(self):
        fragment = self.wall.config_path.parent / 'conf.d' / '50-office.yaml'
        fragment.parent.mkdir(exist_ok=True)
        fragment.write_text('# nothing yet\n', encoding='utf-8')
        self.addCleanup(fragment.unlink)
        self.assert_seeded('reload', f'{fragment} has changed', self.wall.reload)

    def test_a_reload_that_was_refused(self):
        good = self.wall.config_path.read_text(encoding='utf-8')
        self.wall.write_config(good.replace('enforce', 'enfroce'))
        self.wall.invoke('reload')

        def mend():
            self.wall.write_config(good)
            self.wall.reload()
        self.assert_seeded('reload', 'refused', mend)

    def test_an_interface_that_is_not_there(self):
        self.reconfigure(outside=['outer', 'eth9'])
        self.assert_seeded('interfaces', 'eth9', self.reconfigure)

    def ip(self, *words):
        run('ip', '-n', self.topology.edge.name, *words)

    def test_what_is_watched_below_an_outside_interface(self):
        self.ip('link', 'add', 'name', 'br9', 'type', 'bridge')
        self.addCleanup(self.ip, 'link', 'del', 'br9')
        self.ip('link', 'add', 'name', 'port9', 'master', 'br9', 'type', 'veth', 'peer', 'name', 'far9')
        self.addCleanup(self.ip, 'link', 'del', 'port9')
        self.reconfigure(outside=['outer', 'br9'], watch=['port9'])
        fault = self.faults()['interfaces']
        self.assertIn('port9 is not watched: br9, which is outside, stands above it', fault['what'])
        roles = {each['name']: each['role'] for each in self.wall.status()['interfaces']}
        self.assertEqual(roles, {'outer': 'outside', 'br9': 'outside'})
        self.reconfigure()
        self.assertNotIn('interfaces', self.faults())

    def test_an_interface_whose_frames_are_not_read(self):
        self.addCleanup(os.close, make_tun(self.topology.edge, 'odd9', ARPHRD_INFINIBAND))
        self.reconfigure(outside=['outer', 'odd9'])
        self.assert_seeded('interfaces', 'odd9 is not attached, and nothing is filtered there', self.reconfigure)

    def test_a_list_that_cannot_be_read(self):
        path = self.wall.directory / 'deny.txt'
        path.write_text('203.0.113.0/24\nno prefix\n', encoding='utf-8')
        self.reconfigure(deny={'files': [str(path)]})
        self.assert_seeded('lists', str(path), self.reconfigure)

    def test_no_agent(self):
        self.wall.kill()
        self.assert_seeded('agent', 'no agent answers', self.wall.start)

    def test_no_wall_at_all(self):
        other = Wall(self.topology, self.config)
        self.addCleanup(other.close)
        done = other.invoke('doctor', '--json')
        self.assertEqual(done.returncode, FAILED, done.stderr)
        found = {fault['check']: fault['what'] for fault in json.loads(done.stdout)}
        self.assertIn('no wall is pinned', found['pins'])
        self.assertIn('agent', found)

    def test_tables_that_the_wall_was_not_made_with(self):
        good = self.wall.config_path.read_text(encoding='utf-8')
        self.wall.write_config(good + 'tables: { pinholes: 65536 }\n')
        self.assert_seeded('pins', 'tables.pinholes is 65536', lambda: self.wall.write_config(good))

    def test_a_mistake_in_the_file_without_an_agent(self):
        self.wall.kill()
        good = self.wall.config_path.read_text(encoding='utf-8')
        self.wall.write_config(good.replace('enforce', 'enfroce'))

        def mend():
            self.wall.write_config(good)
            self.wall.start()
        self.assert_seeded('config', 'enfroce', mend)

    def test_media_outside_the_range(self):
        self.reconfigure(protect={'networks': ['192.0.2.0/24', '2001:db8:1::/64'], 'media_ports': '19990-20000'})
        before = self.wall.counters().get('media_port_unguarded', 0)
        call, _, _ = self.inbound()
        self.addCleanup(call.close)
        self.wait_until(lambda: self.wall.counters().get('media_port_unguarded', 0) > before, 'the SDP has been read')
        self.assertIn('media_ports', self.faults()['rtp_range']['mend'])
        self.reconfigure()
        self.assertNotIn('rtp_range', self.faults(), 'the mend is in force')


    def test_media_at_an_address_that_is_not_ours(self):
        call = self.call('pbx', 'peer')
        call.invite(call.sdp('caller', address='2001:db8:77::9' if self.family == 6 else '203.0.113.9'))
        fault = self.wait_until(lambda: self.faults().get('external'), 'the SDP has been read')
        self.assertTrue(fault['hint'], 'media that goes another way is none of ours')
        self.assertIn('protect.external', fault['mend'])
        scanner, to = self.rtp('attacker'), (self.address('pbx'), call.caller_rtp.port)
        scanner.send(to, 3)
        self.assert_stays_a_hint()
        self.rtp('peer').send(to, 3)
        fault = self.wait_until(lambda: not self.faults()['external']['hint'] and self.faults()['external'], 'it is a fault')
        self.assertIn('is refused', fault['what'])
        self.assertIn('protect.external', fault['mend'])

    def assert_stays_a_hint(self):
        self.wait_until(lambda: self.wall.command('drops', '--source', self.address('attacker')), 'the drop has been read')
        self.assertTrue(self.faults()['external']['hint'])


class WaysBack(Doctor):
    def begin_flows(self, count):
        inside = self.rtp('pbx')
        for port in range(20001, 20001 + count):
            inside.send_raw(b'no RTP', (self.address('attacker'), port))

    def test_too_many_are_a_hint_until_the_next_reload_or_start(self):
        self.agent_may_be_down = True
        self.begin_flows(1300)
        fault = self.wait_until(lambda: self.faults().get('ways_back'), 'the quota is spent')
        self.assertTrue(fault['hint'])
        self.assertIn('ip_local_reserved_ports=10000-20000', fault['mend'])
        self.wall.reload()
        self.assertNotIn('ways_back', self.faults())
        self.begin_flows(100)
        self.wait_until(lambda: self.faults().get('ways_back'), 'it is spent still')
        self.wall.kill()
        self.wall.start()
        self.assertNotIn('ways_back', self.faults())


class OtherVersion(Doctor):
    def meta(self):
        return pathlib.Path(self.wall.pin_path) / 'maps' / 'meta'

    def write_version(self, change):
        """Rewrites the first word of the pinned `meta`; returns what it was."""
        dump = json.loads(run('bpftool', '-j', 'map', 'dump', 'pinned', self.meta()))
        value = bytes(int(byte, 16) for byte in dump[0]['value'])
        version = struct.unpack('=I', value[:4])[0]
        changed = struct.pack('=I', version + change) + value[4:]
        run('bpftool', 'map', 'update', 'pinned', self.meta(), 'key', *('0',) * 4, 'value', *map(str, changed))
        return version

    def test_it_is_refused_with_instructions_and_nothing_changes(self):
        self.agent_may_be_down = True
        outside, inside = self.rtp('third'), self.rtp('pbx')
        self.wall.kill()
        version = self.write_version(-1)
        links = sorted((self.wall.pin_path / 'links').iterdir())
        for words in (['run'], ['why', self.address('peer'), self.address('pbx')]):
            done = self.wall.invoke(*words)
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertIn(f'map version {version - 1}, and this ringwall has {version}', done.stderr)
            self.assertIn('ringwall detach --pin-path', done.stderr)
        self.assertIn(f'map version {version - 1}', self.faults()['pins']['what'])
        self.assertEqual(sorted((self.wall.pin_path / 'links').iterdir()), links)
        outside.send(inside.endpoint, 3)
        self.assertIsNone(inside.wait(lambda p: p.ssrc == outside.ssrc, 0.3), 'the old wall still guards')
        self.write_version(1)
        self.wall.start()
        self.assert_refused(outside, inside.endpoint, inside, 'no_pinhole')

    def test_detach_as_it_says_makes_room(self):
        self.agent_may_be_down = True
        self.wall.kill()
        self.write_version(7)
        self.wall.detach()
        self.wall.start()
        self.assertEqual(self.wall.status()['interfaces'][0]['name'], 'outer')


class MachineIPv4(Machine, WallCase):
    pass


class MachineIPv6(Machine, WallCase):
    family = 6


class ConfigurationIPv4(Configuration, WallCase):
    pass


class ConfigurationIPv6(Configuration, WallCase):
    family = 6


class WaysBackIPv4(WaysBack, WallCase):
    pass


class WaysBackIPv6(WaysBack, WallCase):
    family = 6


class OtherVersionIPv4(OtherVersion, WallCase):
    pass


class OtherVersionIPv6(OtherVersion, WallCase):
    family = 6
