# SPDX-License-Identifier: Apache-2.0
"""Calls over TLS: nobody reads them, and a live connection lets its party's media in. What is on it does not matter."""
import socket

from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.media import next_port
from ringwall_netns.topology import PROVIDER_NETWORKS

TLS = 5061
ANYTHING = b'\x17\x03\x03\x00\x40' + bytes(64)      # as an application data record looks


class Connections:
    """Real TCP connections to a listener of the PBX."""

    def connect(self, party, speak=True):
        """(inside's end, outside's end) of an accepted connection; with `speak` both have sent something."""
        kind = (socket.AF_INET if self.family == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        listener = self.topology.inside.socket(*kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.address('pbx'), TLS))
        listener.listen()
        outside = self.topology.home_of(party).socket(*kind)
        outside.bind((self.address(party), 0))
        outside.settimeout(10)
        listener.settimeout(10)
        outside.connect((self.address('pbx'), TLS))
        inside, _ = listener.accept()
        listener.close()
        for end in (inside, outside):
            self.addCleanup(end.close)
            end.settimeout(10)
        if speak:
            outside.sendall(ANYTHING)
            inside.recv(1000)
            inside.sendall(ANYTHING)
            outside.recv(1000)
        return inside, outside


class Opaque(Connections):
    config = {'sip': {'tls': [TLS]}}

    def test_a_live_connection_admits_its_source_to_that_address_and_no_one_else(self):
        inside, outside = self.rtp('pbx'), self.rtp('third')
        self.assert_refused(outside, inside.endpoint, inside, 'no_pinhole')
        self.connect('third')
        self.assert_heard(outside, inside)
        self.assertGreater(self.wall.reasons()['opaque_media'], 0)
        self.assert_both_hear(inside, outside)
        desk = self.rtp('desk')
        self.assert_refused(outside, desk.endpoint, desk, 'no_pinhole')
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside, 'no_pinhole')

    def test_a_connection_that_the_inside_never_spoke_on_admits_nobody(self):
        self.connect('attacker', speak=False)[1].sendall(ANYTHING)
        inside = self.rtp('pbx')
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside, 'no_pinhole')

    def test_a_declared_peers_connection_admits_its_networks(self):
        self.connect('peer')
        inside = self.rtp('pbx')
        self.assert_heard(self.rtp('peer2'), inside)
        self.assert_heard(self.rtp('peer'), inside)

    def test_only_media_comes_in(self):
        self.connect('roamer')
        inside, outside = self.rtp('pbx'), self.rtp('roamer')
        self.assert_heard(outside, inside)
        before = self.wall.reasons()
        for first_byte in (0x50, 0xff, 4):
            outside.send_raw(bytes([first_byte]) + bytes(40), inside.endpoint)
        self.assert_dropped(before, 'no_pinhole', 3)
        self.assertEqual(inside.received(), [])

    def test_a_port_that_another_call_has_stays_that_calls(self):
        self.connect('roamer')
        _, outside, inside = self.inbound()
        self.assert_refused(self.rtp('roamer'), inside.endpoint, inside, RTP_REFUSED)
        self.assert_heard(outside, inside)


class OpaqueIPv4(Opaque, WallCase):
    family = 4

    def test_it_ends_soon_after_the_connection_has_been_closed(self):
        kept, _ = self.connect('roamer')
        inside, outside = self.rtp('pbx', next_port()), self.rtp('roamer')
        self.assert_heard(outside, inside)
        kept.close()
        self.assert_closes(outside, inside, inside.endpoint, 40.0)


class OpaqueIPv6(Opaque, WallCase):
    family = 6


class OffByZone(Connections, WallCase):
    config = {'sip': {'tls': [TLS]},
              'peers': [{'name': 'provider', 'networks': PROVIDER_NETWORKS, 'opaque': False}],
              'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True, 'opaque': False}]}

    def test_a_connection_of_a_zone_or_peer_that_says_no_admits_nobody(self):
        inside = self.rtp('pbx')
        for party in ('roamer', 'peer'):
            self.connect(party)
            self.assert_refused(self.rtp(party), inside.endpoint, inside, 'no_pinhole')

    def test_check_says_that_such_calls_have_no_media(self):
        said = self.wall.invoke('check')
        self.assertEqual(said.returncode, 0)
        for place in ('peers[0].opaque', 'zones[0].opaque'):
            self.assertIn(place, said.stdout + said.stderr)
