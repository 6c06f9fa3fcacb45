# SPDX-License-Identifier: Apache-2.0
"""What a peer may do by its `expectation`, and who may talk SIP to us at all."""
from ringwall_netns import sip
from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.media import Stream
from ringwall_netns.topology import PROVIDER_NETWORKS


def peers(expectation, latch=0):
    return [{'name': 'provider', 'networks': PROVIDER_NETWORKS, 'expectation': expectation, 'latch': latch}]


class Networks:
    config = {'peers': peers('networks')}

    def test_media_comes_from_any_machine_of_the_peer_at_once(self):
        _, outside, inside = self.inbound()
        other = self.rtp('peer2')
        self.assert_heard(outside, inside)
        self.assert_heard(other, inside)
        self.assert_heard(outside, inside)

    def test_media_from_elsewhere_is_refused(self):
        _, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        self.assert_refused(self.rtp('third'), inside.endpoint, inside, RTP_REFUSED)

    def test_an_address_in_the_sdp_outside_the_peers_networks_gains_nothing(self):
        call, elsewhere = self.call(), self.rtp('third')
        call.invite(sip.sdp(elsewhere.address, elsewhere.port))
        call.answer()
        call.ack()
        self.assert_heard(call.caller_rtp, call.callee_rtp)
        self.assert_refused(elsewhere, call.callee_rtp.endpoint, call.callee_rtp, RTP_REFUSED)


class Latched:
    config = {'peers': peers('networks', latch=3)}

    def test_the_first_machine_has_the_port_until_it_has_been_silent_for_a_second(self):
        _, outside, inside = self.inbound()
        other = self.rtp('peer2')
        self.assert_heard(outside, inside)
        with Stream(outside, inside.endpoint):
            self.assert_refused(other, inside.endpoint, inside, 'wrong_source', count=10)
        self.assert_heard(other, inside, timeout=4.0)
        with Stream(other, inside.endpoint):
            self.assert_refused(outside, inside.endpoint, inside, 'wrong_source', count=10)

    def test_an_offer_that_names_another_machine_lets_it_in(self):
        call, outside, inside = self.inbound()
        other = self.rtp('peer2')
        self.assert_heard(outside, inside)
        with Stream(outside, inside.endpoint) as stream:
            self.assert_refused(other, inside.endpoint, inside, 'wrong_source', count=10)
            call.reinvite(offer=sip.sdp(other.address, other.port))
            stream.stop()
        self.assert_heard(other, inside)


class Any:
    config = {'peers': peers('any')}

    def test_media_comes_from_anywhere(self):
        _, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        self.assert_heard(self.rtp('third'), inside)

    def test_a_port_without_a_call_is_still_shut(self):
        inside = self.rtp('pbx')
        self.assert_refused(self.rtp('third'), inside.endpoint, inside, 'no_pinhole')


class Strict:
    config = {'peers': peers('strict')}

    def register(self):
        """The PBX registers with the peer, so that its calls come from there."""
        pbx, peer = self.phone('pbx'), self.phone('peer')
        call_id = sip.new_call_id()
        pbx.send(sip.request('REGISTER', f'sip:{peer.host_port}', via=pbx.host_port, frm=f'<{pbx.uri}>;tag={sip.new_tag()}',
                             to=f'<{pbx.uri}>', call_id=call_id, cseq=1, contact=f'pbx@{pbx.host_port}',
                             extra=['Expires: 300']), peer.endpoint)
        received = peer.expect('REGISTER', call_id)
        peer.send(sip.response(200, received, tag=sip.new_tag(), extra=[f'Contact: <sip:pbx@{pbx.host_port}>;expires=300']),
                  received.source)
        pbx.expect(200, call_id)

    def test_calls_come_only_from_the_registrar(self):
        stranger = self.call('peer2', 'pbx')
        before = self.wall.reasons()
        stranger.send('INVITE', body=stranger.sdp('caller'), other_tag='', cseq=1)
        self.assert_dropped(before, 'not_registrar', 1)
        self.register()
        self.wait_until(self.invite_passes, 'the registrar may call')
        before = self.wall.reasons()
        stranger.send('INVITE', body=stranger.sdp('caller'), other_tag='', cseq=2)
        self.assert_dropped(before, 'not_registrar', 1)

    def test_media_comes_only_from_the_signalling_address(self):
        self.register()
        self.wait_until(self.invite_passes, 'the registrar may call')
        call = self.call()
        call.invite(sip.sdp(self.address('peer2'), 40000))
        call.answer()
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.assert_refused(self.rtp('peer2'), call.callee_rtp.endpoint, call.callee_rtp, 'wrong_source')

    def invite_passes(self):
        probe = self.call()
        probe.send('INVITE', body=probe.sdp('caller'), other_tag='', cseq=1)
        try:
            probe.invited = probe.callee.expect('INVITE', probe.call_id, timeout=0.2)
        except TimeoutError:
            return False
        probe.refuse(486)
        return True


class NoStrangers:
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': False}]}

    def test_sip_from_no_peer_is_refused_and_that_of_a_peer_is_not(self):
        pbx = self.phone('pbx')
        evil = self.call('attacker', 'pbx')
        before = self.wall.reasons()
        for method in ('INVITE', 'REGISTER', 'OPTIONS'):
            evil.send(method, other_tag='', cseq=1)
        self.assert_dropped(before, 'not_a_peer', 3)
        self.assertEqual(pbx.count(lambda m: m['call-id'] == evil.call_id), 0)
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)

    def test_an_answer_to_a_call_of_the_inside_is_no_strangers_sip(self):
        call = self.call('pbx', 'roamer').establish()
        self.assert_both_hear(call.callee_rtp, call.caller_rtp)
        call.bye('callee')
        self.assert_closes(call.callee_rtp, call.caller_rtp, call.caller_rtp.endpoint, 2.0)


class NoPeersDeclared:
    config = {'peers': [], 'zones': []}

    def test_without_peers_every_network_may_call(self):
        call = self.call('roamer', 'pbx').establish()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)


class NetworksIPv4(Networks, WallCase):
    family = 4


class NetworksIPv6(Networks, WallCase):
    family = 6


class LatchedIPv4(Latched, WallCase):
    family = 4


class LatchedIPv6(Latched, WallCase):
    family = 6


class LatchedToAnyoneIPv4(WallCase):
    family = 4
    config = {'peers': peers('any', latch=3)}

    def test_the_first_source_has_the_port(self):
        _, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        with Stream(outside, inside.endpoint):
            self.assert_refused(self.rtp('third'), inside.endpoint, inside, RTP_REFUSED, count=10)


class AnyIPv4(Any, WallCase):
    family = 4


class StrictIPv4(Strict, WallCase):
    family = 4


class StrictIPv6(Strict, WallCase):
    family = 6


class NoStrangersIPv4(NoStrangers, WallCase):
    family = 4


class NoStrangersIPv6(NoStrangers, WallCase):
    family = 6


class NoPeersDeclaredIPv4(NoPeersDeclared, WallCase):
    family = 4
