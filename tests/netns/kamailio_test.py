# SPDX-License-Identifier: Apache-2.0
"""A real proxy: Kamailio inside, which records its route, forks and bridges TCP to UDP, alone and with rtpengine."""
from ringwall_netns import sip, tcp
from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.proxy_wall import ProxyWall, RelayWall
from ringwall_netns.wall import DRAIN


class Proxy:
    """Phones beside the proxy: their media does not pass through it."""

    def test_calls_either_way_have_audio_until_their_bye(self):
        for caller, callee in (('peer', 'desk'), ('desk', 'peer')):
            call = self.proxied(self.phone(caller), self.phone(callee)).establish()
            outside, inside = (call.caller_rtp, call.callee_rtp)[::1 if caller == 'peer' else -1]
            self.assert_both_hear(outside, inside)
            call.bye()
            self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def test_hold_with_music_and_the_way_back(self):
        call = self.proxied(self.phone('desk'), self.phone('peer')).establish()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        music = self.rtp('peer2')
        call.reinvite('callee', offer=sip.sdp(music.address, music.port, direction='sendonly'),
                      answer=call.sdp('caller', direction='recvonly'))
        self.assert_heard(music, call.caller_rtp)
        call.reinvite('callee')
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)

    def test_a_fork_outwards_hears_both_until_one_answers(self):
        call = self.proxied(self.phone('desk'), self.phone('peer'))
        early, late = self.rtp('peer'), self.rtp('peer2')
        first, second = self.fork(call, self.phone('peer2'), early, late)
        for branch in (first, second):
            branch.respond(183)
            self.assert_heard(branch.rtp, call.caller_rtp)
        second.respond(200)
        first.give_up()
        self.assert_both_hear(late, call.caller_rtp)
        with Stream(late, call.caller_rtp.endpoint):           # else another of its peer's addresses may stand in
            self.assert_closes(early, call.caller_rtp, call.caller_rtp.endpoint, DRAIN + 1.0)

    def test_a_fork_inwards_opens_both_phones_ports_until_one_answers(self):
        call = self.proxied(self.phone('peer'), self.phone('desk'))
        ours, theirs = self.rtp('desk'), self.rtp('desk')
        first, second = self.fork(call, self.phone('desk', 5070), ours, theirs)
        for branch in (first, second):
            branch.respond(183)
            self.assert_heard(call.caller_rtp, branch.rtp)
        first.respond(200)
        second.give_up()
        self.assert_both_hear(call.caller_rtp, ours)
        self.assert_closes(call.caller_rtp, theirs, theirs.endpoint, DRAIN + 1.0)

    def test_a_caller_over_tcp_reaches_a_phone_over_udp(self):
        home, address = self.topology.home_of('peer'), self.address('peer')
        connection = tcp.connect(home, address, self.proxy.endpoint)
        self.addCleanup(connection.close)
        caller = tcp.StreamPhone(home, connection, user='peer')
        call = self.proxied(caller, self.phone('desk'))
        call.establish()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        call.bye()
        self.assert_closes(call.caller_rtp, call.callee_rtp, call.callee_rtp.endpoint, DRAIN + 1.0)


class EdgeIPv4(Proxy, ProxyWall, WallCase):
    shape, family = 'edge', 4


class EdgeIPv6(Proxy, ProxyWall, WallCase):
    shape, family = 'edge', 6


class Relay:
    """Both phones signal over UDP."""

    def test_two_phones_outside_hear_each_other_until_the_bye(self):
        call, for_caller, for_callee = self.established('peer', 'roamer')
        self.assertNotEqual(for_caller, for_callee)
        self.assert_relayed(call, for_caller, for_callee)
        call.bye()
        self.wait_until(lambda: self.hole_phase(for_caller) in (None, 'closed'), 'the caller\'s port closes')
        self.assert_refused(call.caller_rtp, for_caller)
        self.assert_refused(call.callee_rtp, for_callee)

    def test_a_phone_behind_nat_is_heard_where_its_packets_come_from(self):
        call = self.proxied(self.phone('roamer'), self.phone('peer'))
        private = '192.168.77.5' if self.family == 4 else 'fd77::5'
        for_callee = self.relayed(call.invite(body=sip.sdp(private, 4444)))
        call.ring()
        for_caller = self.relayed(call.answer())
        call.ack()
        self.assert_relayed(call, for_caller, for_callee)

    def test_a_stranger_reaches_no_port_of_the_relay(self):
        call, for_caller, _ = self.established('peer', 'roamer')
        self.assert_refused(self.rtp('attacker'), for_caller)
        call.bye()


class RelayIPv4(Relay, RelayWall, WallCase):
    family = 4


class RelayIPv6(Relay, RelayWall, WallCase):
    family = 6
