# SPDX-License-Identifier: Apache-2.0
"""Pinholes opened by hand (`ringwall pinholes open`), for calls whose signalling nobody reads: media passes from whom it
was said, until it was said, over a restart, and beside a call on the same port."""
import http.client
import json
import socket

from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.media import rtcp_receiver_report
from ringwall_netns.wall import DRAIN, endpoint_text


class ByHand:
    def setUp(self):
        super().setUp()
        if not self.wall.is_alive():
            self.wall.start()

    def open(self, receiver, *options):
        return self.wall.command('pinholes', 'open', endpoint_text(*receiver.endpoint), *options)

    def close(self, *which):
        return self.wall.command('pinholes', 'close', *which)

    def refused(self, code, *words):
        done = self.wall.invoke('pinholes', *words)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def test_media_of_whom_was_said_passes_until_it_is_closed(self):
        inside, outside, stranger = self.rtp('pbx'), self.rtp('third'), self.rtp('attacker')
        self.assert_refused(outside, inside.endpoint, inside, 'no_pinhole')
        said = self.open(inside, '--from', endpoint_text(*outside.endpoint), '--name', 'call-1')
        self.assertEqual((said['ports'], said['name'], said['expires_in']),
                         ([endpoint_text(*inside.endpoint)], 'call-1', 3600))
        self.assert_both_hear(outside, inside)
        self.assert_refused(stranger, inside.endpoint, inside, RTP_REFUSED)
        hole = self.wall.pinhole(inside.endpoint)
        self.assertEqual((hole['phase'], hole['call_id'], hole['by_hand'][0]['name']), ('answered', '', 'call-1'))
        self.assertEqual(self.wall.calls(), [])
        self.close('--name', 'call-1')
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)
        self.assert_refused(outside, inside.endpoint, inside, 'call_ended')

    def test_anyone_and_a_declared_peer_may_be_said(self):
        anyone, peers = self.rtp('pbx'), self.rtp('pbx')
        self.open(anyone)
        self.open(peers, '--from', 'provider')
        self.assert_heard(self.rtp('attacker'), anyone)
        self.assert_heard(self.rtp('peer2'), peers)
        self.assert_refused(self.rtp('attacker'), peers.endpoint, peers, RTP_REFUSED)

    def test_rtcp_has_the_next_port(self):
        inside, outside = self.rtp('pbx'), self.rtp('third')
        above, beside = self.rtp('pbx', inside.port + 1), self.rtp('third', outside.port + 1)
        opened = self.open(inside, '--from', endpoint_text(*outside.endpoint), '--rtcp')['ports']
        self.assertEqual(opened, [endpoint_text(*each.endpoint) for each in (inside, above)])
        before = self.wall.reasons().get('pinhole_rtcp', 0)
        beside.send_raw(rtcp_receiver_report(7), above.endpoint)
        self.wait_until(lambda: self.wall.reasons().get('pinhole_rtcp', 0) > before, 'RTCP has passed')
        self.assert_heard(outside, inside)
        self.assertEqual(self.close(endpoint_text(*inside.endpoint))['closed'][0]['ports'], opened)

    def test_it_ends_at_its_time_also_while_no_agent_runs(self):
        inside, outside = self.rtp('pbx'), self.rtp('third')
        self.open(inside, '--from', outside.address, '--for', '2s')
        self.assert_heard(outside, inside)
        self.assert_closes(outside, inside, inside.endpoint, 2.0 + DRAIN + 1.0)
        self.open(inside, '--from', outside.address, '--for', '4s')
        self.assert_heard(outside, inside)
        self.wall.kill()
        self.assert_closes(outside, inside, inside.endpoint, 5.0)
        self.wall.start()
        self.wait_until(lambda: self.hole_phase(inside.endpoint) == 'closed', 'the agent has seen its end')

    def test_it_survives_a_restart_and_can_be_closed_after_it(self):
        inside, outside = self.rtp('pbx'), self.rtp('third')
        self.open(inside, '--from', endpoint_text(*outside.endpoint), '--name', 'call-2')
        self.assert_heard(outside, inside)
        self.wall.kill()
        self.assert_heard(outside, inside)
        self.wall.start()
        self.assert_open_for_good(outside, inside, DRAIN + 0.5)
        self.assertEqual(self.wall.pinhole(inside.endpoint)['by_hand'][0]['name'], 'call-2')
        self.close(endpoint_text(*inside.endpoint))
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def test_a_call_and_a_hand_on_one_port_let_go_each_on_its_own(self):
        call, outside, inside = self.inbound()
        third = self.rtp('third')
        self.open(inside, '--from', endpoint_text(*third.endpoint), '--name', 'recorder')
        self.assert_both_hear(outside, inside)
        self.assert_heard(third, inside)
        self.assertEqual(self.wall.pinhole(inside.endpoint)['call_id'], call.call_id)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)
        self.assert_open_for_good(third, inside, DRAIN + 0.5)
        self.close('--name', 'recorder')
        self.assert_closes(third, inside, inside.endpoint, DRAIN + 1.0)

    def test_what_cannot_be_opened_is_refused_with_its_reason(self):
        inside = endpoint_text(self.address('pbx'), 10000)
        self.assertIn('not in protect.media_ports', self.refused(1, 'open', endpoint_text(self.address('pbx'), 9999)))
        self.assertIn('not in protect.networks', self.refused(1, 'open', endpoint_text(self.address('third'), 10000)))
        self.assertIn('neither an address nor a declared peer', self.refused(1, 'open', inside, '--from', 'nobody'))
        self.assertIn('timers.max_call', self.refused(1, 'open', inside, '--for', '25h'))
        self.assertIn('a name has', self.refused(1, 'open', inside, '--name', 'two words'))
        self.assertIn('local: expected', self.refused(2, 'open', 'pbx:10000'))
        self.assertIn('for: expected', self.refused(2, 'open', inside, '--for', 'soon'))
        self.assertIn('not a network', self.refused(2, 'open', inside, '--from', '203.0.113.0/24'))
        self.assertIn('nothing of the kind', self.refused(1, 'close', '--name', 'nobody'))
        self.assertIn('local: expected', self.refused(2, 'close'))
        self.assertEqual([h for h in self.wall.pinholes() if h['local'] == inside], [])


class Full:
    """A table of 1,024 pinholes, all of them open by hand."""
    config = {'tables': {'pinholes': 1024}}

    def test_a_full_table_refuses_and_has_room_again(self):
        ports = iter(range(10000, 20000))
        local = lambda: endpoint_text(self.address('pbx'), next(ports))
        free = 1024 - len(self.wall.pinholes())
        script = '\n'.join(json.dumps({'local': local(), 'name': 'many'}) for _ in range(free))
        self.post_all(script)
        self.assertEqual(len(self.wall.pinholes()), 1024)
        done = self.wall.invoke('pinholes', 'open', one := local())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn('full', done.stderr)
        self.assertEqual([h for h in self.wall.pinholes() if h['local'] == one], [])
        self.wall.command('pinholes', 'close', '--name', 'many')
        self.wait_until(lambda: all(h['phase'] == 'closed' for h in self.wall.pinholes()), 'all are closed')
        self.wait_until(lambda: self.wall.invoke('pinholes', 'open', one).returncode == 0, 'the oldest make room')

    def post_all(self, bodies):
        """Each line a request, over one connection: a process for each of a thousand would take long."""
        connection = http.client.HTTPConnection('ringwall')
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.wall.socket))
        self.addCleanup(connection.close)
        for body in bodies.splitlines():
            connection.request('POST', '/api/v1/pinholes/open', body)
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200, answer.read())
            answer.read()


class ByHandIPv4(ByHand, WallCase):
    family = 4


class ByHandIPv6(ByHand, WallCase):
    family = 6


class ByHandHostIPv4(ByHand, WallCase):
    family, shape = 4, 'host'


class FullIPv4(Full, WallCase):
    family = 4
