# SPDX-License-Identifier: Apache-2.0
"""Addresses that are everybody's: who listens at any address of a host hears broadcast, multicast of the link and, where
IPv6 is routed, the anycast of each of its networks; with `route_localnet` the IPv4 loopback. Guarded ports are guarded
there, too."""
import socket

from ringwall_netns.case import WallCase
from ringwall_netns.media import next_port, rtp
from ringwall_netns.topology import run

OPEN_PORT = 25000                                 # not guarded
# Linux hears the last address of each network, whatever was set for broadcast, and what was set. The last one here is the
# last to come.
ADDRESSES = ('2001:db8:9::1/64 nodad', '192.0.5.1/24', '192.0.6.1/24 brd 192.0.6.127', '192.0.7.1 peer 192.0.8.1/24',
             '192.0.9.1/24 brd +')
BROADCAST = ['192.0.5.255', '192.0.6.127', '192.0.6.255', '192.0.8.255', '192.0.9.255']


class Shared:
    shape = 'host'
    config = {'protect': {'networks': ['self']}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        edge, outside = cls.topology.edge, cls.topology.outside
        edge.run('sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.route_localnet=1')
        for address in ADDRESSES:
            run('ip', '-n', edge.name, '-batch', '-', input=f'addr add {address} dev outer')
        mac = run('ip', '-n', edge.name, '-o', 'link', 'show', 'outer').split('link/ether ')[1].split()[0]
        run('ip', '-n', outside.name, '-batch', '-', input='\n'.join(
            f'route add {to} dev eth0\nneigh add {to} lladdr {mac} dev eth0' for to in BROADCAST))

    def sender(self):
        made = self.topology.outside.udp(self.address('attacker'), 4000)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
        self.addCleanup(made.close)
        return made

    def listener(self, port):
        made = self.topology.edge.udp('::' if self.family == 6 else '0.0.0.0', port)
        made.settimeout(3.0)
        self.addCleanup(made.close)
        return made

    def test_guarded_ports_are_guarded_and_others_are_not(self):
        sender, guarded, free = self.sender(), next_port(), self.listener(OPEN_PORT)
        listener = self.listener(guarded)
        # The last address has come just now, and the wall hears of it.
        self.wait_until(lambda: self.is_refused(sender, (self.to[-1], guarded)), 'the new address is guarded')
        listener.setblocking(False)
        while self.hears(listener):
            pass
        for to in self.to:
            with self.subTest(to=to):
                self.assertTrue(self.is_refused(sender, (to, guarded)))
                self.assertFalse(self.hears(listener))
                sender.sendto(rtp(1, 1), (to, OPEN_PORT))
                self.assertTrue(free.recv(2000), 'the address is heard at all')

    def is_refused(self, sender, to):
        before = self.wall.reasons().get('no_pinhole', 0)
        sender.sendto(rtp(1, 1), to)
        return self.wall.reasons().get('no_pinhole', 0) > before

    @staticmethod
    def hears(listener):
        try:
            return bool(listener.recv(2000))
        except BlockingIOError:
            return False


class SharedIPv4(Shared, WallCase):
    family = 4
    to = ['255.255.255.255', '224.0.0.1', '127.0.0.1', *BROADCAST]


class SharedIPv6(Shared, WallCase):
    family = 6
    to = ['ff02::1', 'ff02::2', '2001:db8:9::']
