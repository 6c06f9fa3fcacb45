# SPDX-License-Identifier: Apache-2.0
"""What an outsider has a real proxy hand on for him is not the inside's word: Kamailio passes on a response of no
transaction (core, without a word of its configuration), and counts no bytes of a datagram by its Content-Length."""
from ringwall_netns import sip, tcp
from ringwall_netns.case import WallCase
from ringwall_netns.proxy_wall import ProxyWall

PORT = 15554  # of nobody's call


class Stray:
    """All of them are the attacker's: who calls, who is called, and who answers."""

    def setUp(self):
        super().setUp()
        self.target = (self.address('desk'), PORT)

    def assert_still_shut(self):
        """The wall has read all that came before a call that has its ports."""
        self.proxied(self.phone('roamer', 5070), self.phone('desk', 5070)).establish().bye()
        self.assertIsNone(self.hole_phase(self.target))

    def forged(self, invite, body, via, more=''):
        """A 200 to the caller's INVITE, of no transaction that the proxy knows; `more` stands in the Via that it takes away."""
        proxy = f'{sip.uri_host(self.proxy.endpoint[0])}:5060'
        asked = sip.Message(invite.encode(), ())
        lines = [f'Via: SIP/2.0/UDP {proxy};branch={sip.new_branch()}{more}', f'Via: {asked["via"]}']
        return '\r\n'.join(['SIP/2.0 200 OK', *lines, f'From: {asked["from"]}', f'To: {asked["to"]};tag=forged',
                            f'Call-ID: {asked["call-id"]}', f'CSeq: {asked["cseq"]}', f'Contact: <sip:x@{via}>',
                            'Content-Type: application/sdp', f'Content-Length: {len(body)}', '', body])

    def test_a_response_of_no_transaction_opens_nothing(self):
        self.answered_astray()

    def test_nor_does_one_whose_first_via_cannot_be_read(self):
        self.answered_astray(';received=nowhere')

    def answered_astray(self, more=''):
        call = self.proxied(self.phone('attacker'), self.phone('roamer'))
        invite = call.send('INVITE', body=call.sdp('caller'), other_tag='', cseq=1)
        self.phone('roamer').expect('INVITE', call.call_id)
        stray = self.forged(invite, sip.sdp(*self.target), self.phone('roamer').host_port, more)
        self.phone('roamer').send(stray, self.proxy.endpoint)
        answer = self.phone('attacker').expect(200, call.call_id)
        self.assertIn(f'm=audio {PORT}', answer.body)
        self.assert_still_shut()

    def test_a_description_behind_the_length_of_a_datagram_opens_nothing(self):
        home, address = self.topology.home_of('roamer'), self.address('roamer')
        connection = tcp.connect(home, address, self.proxy.endpoint)
        self.addCleanup(connection.close)
        accomplice = tcp.StreamPhone(home, connection, user='roamer')
        accomplice.send(sip.request('OPTIONS', 'sip:x@ringwall.test', via=accomplice.host_port, frm='<sip:x@x>;tag=1',
                                    to='<sip:x@x>;tag=none', call_id=sip.new_call_id(), cseq=1), self.proxy.endpoint)
        accomplice.expect(404)                                 # the proxy has the connection
        call = self.proxied(self.phone('attacker'), accomplice)
        body = sip.sdp(*self.target)
        text = sip.request('INVITE', f'sip:x@{accomplice.host_port};transport=tcp', via=call.caller.host_port,
                           frm=call.party('caller'), to=call.party('callee', ''), call_id=call.call_id, cseq=1, body=body)
        call.caller.send(text.replace(f'Content-Length: {len(body)}', 'Content-Length: 0'), self.proxy.endpoint)
        self.assertIn(f'm=audio {PORT}', accomplice.expect('INVITE', call.call_id).body)
        self.assert_still_shut()

    def test_a_copy_that_the_proxy_refuses_ends_nothing(self):
        """Who has seen the INVITE sends it again, with no hop left: by its Via the 483 is the INVITE's own."""
        call = self.proxied(self.phone('peer'), self.phone('desk'))
        call.invite()
        call.ring(183, body=call.sdp('callee'))
        copy = sip.request('INVITE', call.callee.uri, via=call.caller.host_port, frm=call.party('caller'),
                           to=call.party('callee', ''), call_id=call.call_id, cseq=1, branch=call.invite_branch,
                           contact=f'{call.caller.user}@{call.caller.host_port}', body=call.sdp('caller'))
        before = self.wall.counters()['refused_elsewhere']
        self.phone('attacker').send(copy.replace('Max-Forwards: 70', 'Max-Forwards: 0'), self.proxy.endpoint)
        self.phone('attacker').expect(483, call.call_id)
        self.wait_until(lambda: self.wall.counters()['refused_elsewhere'] == before + 1, 'the wall has seen whose it is')
        self.assert_heard(call.caller_rtp, call.callee_rtp)
        call.answer()
        call.ack()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)


class StrayIPv4(Stray, ProxyWall, WallCase):
    shape, family = 'edge', 4


class StrayIPv6(Stray, ProxyWall, WallCase):
    shape, family = 'edge', 6
