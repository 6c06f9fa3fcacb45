# SPDX-License-Identifier: Apache-2.0
"""A real soft phone outside that signals over TLS (baresip), a proxy inside, and a phone that signals over UDP. Its media
comes in as opaque media; or, where that is off, as the proxy tells the wall by `ringwall pinholes`."""
import hashlib

from ringwall_netns import sip
from ringwall_netns.baresip import tls_phone
from ringwall_netns.case import WallCase
from ringwall_netns.proxy_wall import RelayWall


class Phones:
    """A phone that signals over TLS, which the wall cannot read, beside one that does not."""
    tls = True
    config = {'sip': {'tls': [5061]}}
    reason = 'opaque_media'                       # why the media of the first passes

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.soft_phone = tls_phone(cls.topology, cls.address(cls, 'roamer'), cls.proxy.endpoint[0])
        cls.addClassCleanup(cls.soft_phone.stop)

    def setUp(self):
        super().setUp()
        self.wait_until(self.soft_phone.is_ready, 'baresip takes commands', 20.0)
        self.addCleanup(self.soft_phone.command, 'hangup')

    def answered(self):
        """baresip has called the peer: (call, the peer's media, where it sends)."""
        peer, media = self.phone('peer'), self.rtp('peer')
        self.soft_phone.command('dial', peer.uri)
        invite = peer.expect('INVITE', timeout=10.0)
        self.respond(invite, media)
        peer.expect('ACK', invite['call-id'])
        return invite, media, self.relayed(invite)

    def respond(self, invite, media, **changes):
        peer = self.phone('peer')
        peer.send(sip.response(200, invite, tag='callee', contact=f'peer@{peer.host_port}',
                               body=sip.sdp(media.address, media.port, payloads=(0,), **changes)), invite.source)

    def assert_talking(self, media, to):
        """The phone over TLS is heard, and hears."""
        before = self.wall.reasons()
        media.received()
        self.wait_until(lambda: media.wait(lambda packet: packet.source == to, 0.05), 'baresip is heard', 10.0)
        heard = self.soft_phone.packets_received()

        def speaks():
            media.send(to)
            return self.soft_phone.packets_received() > heard + 5
        self.wait_until(speaks, 'baresip hears', 10.0)
        after = self.wall.reasons()
        self.assertGreater(after.get(self.reason, 0), before.get(self.reason, 0))

    def hang_up(self, invite):
        self.soft_phone.command('hangup')
        bye = self.phone('peer').expect('BYE', invite['call-id'])
        self.phone('peer').send(sip.response(200, bye), bye.source)


class TlsPhone(Phones):
    def test_a_tls_phone_and_a_udp_phone_hear_each_other(self):
        invite, media, to = self.answered()
        self.assert_talking(media, to)
        self.hang_up(invite)
        self.wait_until(lambda: self.hole_phase(to) in (None, 'closed'), "the peer's port closes")
        self.assert_refused(media, to)

    def test_hold_of_the_tls_phone_and_its_end(self):
        invite, media, to = self.answered()
        self.assert_talking(media, to)
        self.soft_phone.command('hold')
        held = self.phone('peer').expect('INVITE', invite['call-id'])
        self.assertIn('a=sendonly', held.body)
        self.respond(held, media, direction='recvonly')
        self.phone('peer').expect('ACK', invite['call-id'])
        self.soft_phone.command('resume')
        self.respond(self.phone('peer').expect('INVITE', invite['call-id']), media)
        self.phone('peer').expect('ACK', invite['call-id'])
        self.assert_talking(media, to)

    def test_the_tls_phone_transfers_its_call(self):
        invite, media, to = self.answered()
        self.assert_talking(media, to)
        target = self.phone('peer2')
        self.soft_phone.command('transfer', target.uri)
        refer = self.phone('peer').expect('REFER', invite['call-id'])
        self.assertIn(target.host_port, refer['refer-to'])
        self.phone('peer').send(sip.response(202, refer), refer.source)
        call, for_caller, for_callee = self.established('peer', 'peer2')
        self.assert_relayed(call, for_caller, for_callee)


class IPv4(TlsPhone, RelayWall, WallCase):
    family = 4


class IPv6(TlsPhone, RelayWall, WallCase):
    family = 6


class Told(Phones):
    """Kamailio's recipe of docs/opaque-signalling.md, where no connection speaks for its calls."""
    config = {'sip': {'tls': [5061]},
              'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True, 'opaque': False}]}
    reason = 'pinhole_rtp'
    tells = True

    def test_the_proxy_opens_the_ports_of_the_tls_phone_and_closes_them_with_the_call(self):
        invite, media, to = self.answered()
        name = hashlib.md5(invite['call-id'].encode()).hexdigest()

        def opened():
            return [hole for hole in self.wall.command('pinholes') for hand in hole.get('by_hand', ()) if hand['name'] == name]
        self.wait_until(lambda: len(opened()) == 2, 'RTP and RTCP of the phone are open')
        self.assert_talking(media, to)
        self.assertEqual(self.wall.reasons().get('opaque_media', 0), 0)
        self.hang_up(invite)
        self.wait_until(lambda: not opened(), 'the proxy has closed them')


class ToldIPv4(Told, RelayWall, WallCase):
    family = 4


class ToldIPv6(Told, RelayWall, WallCase):
    family = 6
