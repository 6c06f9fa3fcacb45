# SPDX-License-Identifier: Apache-2.0
"""protect.external: auto, behind a real NAT: a soft phone (baresip) asks a STUN server (coturn) and names what it is told."""
from ringwall_netns import sip
from ringwall_netns.baresip import phone_behind_nat
from ringwall_netns.case import WallCase
from ringwall_netns.nat import SERVER, STUN_PORT, Nat, StunServer

PORTS = range(10000, 10010)
SHIFT = 51000
SEEN, SEEN_NEXT_DAY = '203.0.113.77', '203.0.113.78'


class ExternalTest(WallCase):
    config = {'protect': {'external': 'auto'}}

    @classmethod
    def prepare(cls):
        cls.nat = Nat(cls.topology, cls.address(cls, 'pbx'), PORTS, SHIFT, SEEN)
        server = StunServer(cls.topology)
        cls.addClassCleanup(server.stop)

    def setUp(self):
        super().setUp()
        self.soft_phone = phone_behind_nat(self.topology, self.address('pbx'), f'{SERVER}:{STUN_PORT}', PORTS)
        self.addCleanup(self.soft_phone.stop)
        self.wait_until(self.soft_phone.is_ready, 'baresip takes commands', 20.0)

    def called(self):
        """baresip has called the peer, who answers: (the INVITE, the peer's media, where that sends to)."""
        peer, media = self.phone('peer'), self.rtp('peer')
        self.soft_phone.command('dial', peer.uri)
        invite = peer.expect('INVITE', timeout=15.0)
        self.answer(invite, media)
        of_session, of_media = invite.body.split('m=audio ')
        address = next(part for part in (of_media, of_session) if 'c=' in part).split('c=IN IP4 ')[1].split()[0]
        return invite, media, (address, int(of_media.split()[0]))

    def answer(self, invite, media):
        peer = self.phone('peer')
        peer.send(sip.response(200, invite, tag='callee', contact=f'peer@{peer.host_port}',
                               body=sip.sdp(media.address, media.port, payloads=(0,))), invite.source)
        peer.expect('ACK', invite['call-id'])

    def hang_up(self, invite):
        self.soft_phone.command('hangup')
        bye = self.phone('peer').expect('BYE', invite['call-id'])
        self.phone('peer').send(sip.response(200, bye), bye.source)

    def assert_talking(self, media, to):
        """Both hear each other, and what comes in comes through the call's pinhole."""
        before = self.wall.reasons()
        media.received()
        self.wait_until(lambda: media.wait(lambda packet: packet.source == to, 0.05), 'baresip is heard', 10.0)
        heard = self.soft_phone.packets_received()

        def hears():
            media.send(to)
            return self.soft_phone.packets_received() > heard + 5
        self.wait_until(hears, 'baresip hears', 10.0)
        after = self.wall.reasons()
        self.assertGreater(after.get('pinhole_rtp', 0), before.get('pinhole_rtp', 0) + 4)

    def test_a_phone_that_asks_a_stun_server_is_heard_and_hears_over_a_restart_and_a_new_address(self):
        invite, media, to = self.called()
        self.assertEqual(to[0], SEEN, invite.body)
        self.assertIn(to[1] - SHIFT, PORTS)
        self.assert_talking(media, to)
        self.assertEqual(self.hole_phase((self.address('pbx'), to[1] - SHIFT)), 'answered')
        self.wall.kill()
        self.wall.start()
        self.soft_phone.command('hold')           # a re-INVITE that names what nobody has asked the server for again
        again = self.phone('peer').expect('INVITE', invite['call-id'], timeout=10.0)
        self.answer(again, media)
        self.soft_phone.command('resume')
        self.answer(self.phone('peer').expect('INVITE', invite['call-id'], timeout=10.0), media)
        self.assert_talking(media, to)
        self.hang_up(invite)
        self.wait_until(lambda: self.hole_phase((self.address('pbx'), to[1] - SHIFT)) in (None, 'closed'), 'the port closes')

        self.nat.moves(SEEN_NEXT_DAY)
        invite, media, to = self.called()
        self.assertEqual(to[0], SEEN_NEXT_DAY)
        self.assert_talking(media, to)
        self.hang_up(invite)
        self.assertIn('seen as 203.0.113.78', self.wall.log.read_text(encoding='utf-8'))
