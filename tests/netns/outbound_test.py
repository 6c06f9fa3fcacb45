# SPDX-License-Identifier: Apache-2.0
"""sip.outbound: the inside talks SIP to those who may talk it to us, and to nobody else; calls with them go on as ever."""
from ringwall_netns import tcp
from ringwall_netns.case import WallCase
from ringwall_netns.wall import endpoint_text

CONFIG = {'sip': {'udp': [5060], 'tcp': [5060], 'tls': [5061], 'ws': [], 'outbound': 'admitted'},
          'zones': [{'name': 'internet', 'networks': ['any'], 'sip': False}]}
NO_ANSWER = 0.3


class Outbound:
    config = CONFIG

    def tearDown(self):
        super().tearDown()
        if not self.wall.is_alive():
            self.wall.start()
        self.reload(CONFIG)

    def reload(self, changes):
        self.wall.configure(changes)
        self.wall.reload()

    def invite(self, callee):
        """One that has been sent, and need not have arrived."""
        call = self.call('pbx', callee)
        call.send('INVITE', cseq=1, other_tag='', body=call.sdp('caller'))
        return call

    def connect(self, port):
        listener = tcp.listen(self.topology.home_of('attacker'), self.address('attacker'), port)
        self.addCleanup(listener.close)
        made = tcp.begin(self.topology.home_of('pbx'), self.address('pbx'), (self.address('attacker'), port))
        self.addCleanup(made.close)
        return made

    def test_a_call_with_a_peer_has_its_media_both_ways_and_its_end(self):
        call, outside, inside = self.outbound()
        self.assert_both_hear(outside, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, 5.0)

    def test_an_invite_to_nobody_of_ours_does_not_leave_and_opens_nothing(self):
        before = self.wall.reasons()
        call = self.invite('attacker')
        self.assertFalse(call.callee.hears('INVITE', timeout=NO_ANSWER))
        self.assert_dropped(before, 'out_not_a_peer', 1)
        self.assertEqual(self.wall.calls(), [])
        self.assert_refused(self.rtp('attacker'), call.caller_rtp.endpoint, call.caller_rtp, 'no_pinhole')
        [drop] = [d for d in self.wall.command('drops') if d['reason'] == 'out_not_a_peer']
        self.assertEqual((drop['source'], drop['destination'], drop['peer']),
                         (endpoint_text(*call.caller.endpoint), endpoint_text(*call.callee.endpoint), 'internet'))
        told = self.wall.command('why', drop['source'], drop['destination'], '--method', 'INVITE')
        self.assertEqual((told['verdict'], told['reason']), ('drop', 'out_not_a_peer'))
        self.assertIn('internet may not speak SIP', told['sentence'])

    def test_neither_does_it_from_another_port(self):
        inside, there = self.phone('pbx', 45000), self.phone('attacker')
        inside.send('OPTIONS sip:x SIP/2.0\r\n\r\n', there.endpoint)
        self.assertFalse(there.hears('OPTIONS', timeout=NO_ANSWER))
        inside.send('\r\n\r\n', there.endpoint)               # no SIP
        there.expect_bytes(lambda raw: raw == b'\r\n\r\n')

    def test_connections_for_sip_are_refused_and_others_are_not(self):
        before = self.wall.reasons()
        plain, secure, other = self.connect(5060), self.connect(5061), self.connect(8080)
        self.wait_until(lambda: tcp.is_connected(other), 'a connection that is none for SIP')
        self.wait_until(lambda: self.wall.reasons().get('out_not_a_peer', 0) - before.get('out_not_a_peer', 0) >= 2,
                        'two SYNs refused')
        self.assertFalse(tcp.is_connected(plain) or tcp.is_connected(secure))

    def test_what_a_reload_admits_is_admitted_and_monitor_mode_only_counts(self):
        self.reload({**CONFIG, 'allow': [self.address('attacker')]})
        self.invite('attacker').callee.expect('INVITE')
        self.reload({**CONFIG, 'mode': 'monitor'})
        before = self.wall.reasons()
        self.invite('attacker').callee.expect('INVITE')
        self.assert_dropped(before, 'out_not_a_peer', 1)
        self.wait_until(lambda: self.wall.calls(), 'the call is followed')
        self.reload({**CONFIG, 'sip': {**CONFIG['sip'], 'outbound': 'any'}})
        self.invite('attacker').callee.expect('INVITE')

    def test_it_holds_without_an_agent(self):
        self.agent_may_be_down = True
        self.wall.kill()
        self.assertFalse(self.invite('attacker').callee.hears('INVITE', timeout=NO_ANSWER))
        self.invite('peer').callee.expect('INVITE')


class OutboundIPv4(Outbound, WallCase):
    family = 4


class OutboundIPv6(Outbound, WallCase):
    family = 6
