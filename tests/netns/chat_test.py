# SPDX-License-Identifier: Apache-2.0
"""MSRP over TCP: a guarded port takes connections of a call's peer, from the answer on, and until BYE."""
from ringwall_netns import sip, tcp
from ringwall_netns.case import WallCase

PORTS = iter(range(30000, 31000))


class Chat:
    config = {'protect': {'tcp_media_ports': '30000-30999'}}

    def sdp(self, party, port, setup):
        lines = [f'm=message {port} TCP/MSRP *', f'a=setup:{setup}', 'a=accept-types:text/plain',
                 f'a=path:msrp://{sip.uri_host(self.address(party))}:{port}/s1;tcp']
        return sip.sdp(self.address(party)) + '\r\n'.join(lines) + '\r\n'

    def listener(self, party):
        made = tcp.listen(self.topology.home_of(party), self.address(party), next(PORTS))
        self.addCleanup(made.close)
        return made

    def connect(self, party, listener):
        made = tcp.connect(self.topology.home_of(party), self.address(party), listener.getsockname()[:2])
        self.addCleanup(made.close)
        far, _ = listener.accept()
        self.addCleanup(far.close)
        return made, far

    def assert_no_way_in(self, party, listener, reason):
        before = self.wall.reasons()
        refused = tcp.begin(self.topology.home_of(party), self.address(party), listener.getsockname()[:2])
        with refused:                                      # closed at once: its next SYN might find the pinhole open
            self.assert_dropped(before, reason, 1)
            self.assertFalse(tcp.is_connected(refused))

    def assert_talk(self, one, other):
        for near, far in ((one, other), (other, one)):
            near.sendall(b'MSRP d93kswow SEND\r\n')
            self.assertEqual(tcp.receive(far, 20), b'MSRP d93kswow SEND\r\n')

    def check_end(self, call, outside, inside, listener):
        local = listener.getsockname()[:2]
        call.bye()
        self.wait_until(lambda: self.hole_phase(local) == 'closed', 'the pinhole is closed')
        before = self.wall.pinhole(local)['refused']       # its own: an ended call's peer sends again and again
        outside.sendall(b'MSRP after BYE\r\n')
        hole = self.wait_until(lambda: (h := self.wall.pinhole(local))['refused'] > before and h, 'a refusal')
        self.assertEqual(hole['last_refused']['reason'], 'call_ended')
        inside.setblocking(False)
        with self.assertRaises(BlockingIOError):
            inside.recv(100)
        self.assert_no_way_in('peer', listener, 'call_ended')

    def test_an_inbound_chat_is_open_to_its_peer_from_the_answer_to_bye(self):
        listener = self.listener('pbx')
        call = self.call()
        call.invite(body=self.sdp('peer', 2855, 'actpass'))
        self.assert_no_way_in('peer', listener, 'no_pinhole')
        call.answer(body=self.sdp('pbx', listener.getsockname()[1], 'passive'))
        call.ack()
        hole = self.wait_until(lambda: self.wall.pinhole(listener.getsockname()[:2]), 'a pinhole')
        self.assertEqual((hole['proto'], hole['phase'], hole['component']), ('tcp', 'answered', 'other'))
        self.assert_no_way_in('attacker', listener, 'wrong_source')
        outside, inside = self.connect('peer', listener)
        self.assert_talk(outside, inside)
        self.assertGreater(self.wall.pinhole(listener.getsockname()[:2])['packets'], 2)
        self.check_end(call, outside, inside, listener)

    def test_an_outbound_chat_is_open_to_the_peers_networks_and_then_to_the_peer(self):
        listener = self.listener('pbx')
        call = self.call('pbx', 'peer')
        call.invite(body=self.sdp('pbx', listener.getsockname()[1], 'passive'))
        self.wait_until(lambda: self.hole_phase(listener.getsockname()[:2]) == 'offered', 'a pinhole')
        self.assert_no_way_in('attacker', listener, 'wrong_source')
        call.answer(body=self.sdp('peer', 9, 'active'))
        call.ack()
        self.wait_until(lambda: self.hole_phase(listener.getsockname()[:2]) == 'answered', 'the answer')
        outside, inside = self.connect('peer', listener)
        self.assert_talk(outside, inside)
        self.check_end(call, outside, inside, listener)

    def test_a_chat_that_the_inside_connects_needs_no_pinhole_and_gets_none(self):
        call = self.call()
        call.invite(body=self.sdp('peer', 2855, 'passive'))
        call.answer(body=self.sdp('pbx', 9, 'active'))
        call.ack()
        listener = tcp.listen(self.topology.outside, self.address('peer'), 2855)
        self.addCleanup(listener.close)
        inside = tcp.connect(self.topology.home_of('pbx'), self.address('pbx'), (self.address('peer'), 2855), next(PORTS))
        self.addCleanup(inside.close)                      # from a guarded port even
        outside, _ = listener.accept()
        self.addCleanup(outside.close)
        self.assert_talk(outside, inside)
        self.assertEqual(self.wall.pinholes(call.call_id), [])
        call.bye()


class EdgeIPv4(Chat, WallCase):
    family = 4


class EdgeIPv6(Chat, WallCase):
    family = 6


class HostIPv4(Chat, WallCase):
    shape, family = 'host', 4
