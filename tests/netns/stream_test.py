# SPDX-License-Identifier: Apache-2.0
"""Calls whose SIP comes over TCP, in whatever pieces, or in IP fragments: their ports open and close as those of others."""
from ringwall_netns import fragments, sip, tcp
from ringwall_netns.call import Call
from ringwall_netns.case import WallCase


class Carried:
    def stream_call(self, caller, callee, piece=0):
        """A call over a connection that the caller opens; nothing said yet."""
        listener = tcp.listen(self.topology.home_of(callee), self.address(callee), 5060)
        near = tcp.connect(self.topology.home_of(caller), self.address(caller), (self.address(callee), 5060))
        far, _ = listener.accept()
        listener.close()
        for end in (near, far):
            self.addCleanup(end.close)
        made = Call(tcp.StreamPhone(self.topology.home_of(caller), near, caller, piece),
                    tcp.StreamPhone(self.topology.home_of(callee), far, callee, piece))
        self.addCleanup(made.close)
        return made

    def assert_lives_and_ends(self, call, outside, inside):
        self.assert_both_hear(outside, inside)
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside)
        call.bye()
        self.wait_until(lambda: self.hole_phase(inside.endpoint) in (None, 'closed'), 'the port is closed')
        self.assert_refused(outside, inside.endpoint, inside)

    def test_a_call_from_outside_over_tcp_has_its_media(self):
        call = self.stream_call('peer', 'pbx').establish()
        self.assert_lives_and_ends(call, call.caller_rtp, call.callee_rtp)

    def test_a_call_from_inside_over_tcp_has_its_media(self):
        call = self.stream_call('pbx', 'peer').establish()
        self.assert_lives_and_ends(call, call.callee_rtp, call.caller_rtp)

    def test_a_call_in_small_pieces_has_its_media(self):
        call = self.stream_call('peer', 'pbx', piece=7).establish()
        self.assert_lives_and_ends(call, call.caller_rtp, call.callee_rtp)

    def test_large_messages_in_merged_segments_are_read(self):
        self.topology.edge.run('ethtool', '-K', 'outer', 'tx', 'on', 'sg', 'on', 'gso', 'on', 'tso', 'on')
        call = self.stream_call('pbx', 'peer')
        call.invite(extra=[f'X-{n}: {"x" * 8000}' for n in range(6)])
        call.answer()
        call.ack()
        self.assert_lives_and_ends(call, call.callee_rtp, call.caller_rtp)

    def test_a_message_without_a_length_opens_nothing_and_hurts_no_other_connection(self):
        before = self.wall.status()['core'].get('stream_broken', 0)
        broken = self.stream_call('pbx', 'peer')
        text = sip.request('INVITE', broken.callee.uri, via=broken.caller.host_port, frm=broken.party('caller'),
                           to=broken.party('callee', ''), call_id=broken.call_id, cseq=1, body=broken.sdp('caller'))
        start = text.index('Content-Length')
        broken.caller.send(text[:start] + text[text.index('\r\n', start) + 2:], None)
        self.wait_until(lambda: self.wall.status()['core'].get('stream_broken', 0) == before + 1, 'it is counted')
        self.assertIsNone(self.wall.pinhole(broken.caller_rtp.endpoint))
        call = self.stream_call('pbx', 'peer').establish()
        self.assert_lives_and_ends(call, call.callee_rtp, call.caller_rtp)

    def test_forged_segments_of_a_connection_take_no_call_from_it(self):
        call = self.stream_call('peer', 'pbx').establish()
        core = self.wall.status()['core']
        near, far = call.caller.endpoint, call.callee.endpoint
        forged = [fragments.segment(near, far, place << 20, place << 20 ^ 0x80000000, b'x') for place in range(4096)]
        fragments.send(self.topology.home_of('peer'), forged, far[0])
        # A few acknowledge by chance what may be.
        self.wait_until(lambda: self.wall.status()['core']['stream_forged'] >= core['stream_forged'] + 4000, 'they are told')
        self.assertEqual(self.wall.status()['core']['stream_gaps'], core['stream_gaps'])
        self.assert_lives_and_ends(call, call.caller_rtp, call.callee_rtp)

    def test_an_invite_in_fragments_opens_its_ports_both_ways(self):
        for caller, callee in (('peer', 'pbx'), ('pbx', 'peer')):
            with self.subTest(caller=caller):
                call = self.call(caller, callee)
                call.invite(extra=[f'Subject: {"x" * 3000}'])
                call.answer()
                call.ack()
                media = {caller: call.caller_rtp, callee: call.callee_rtp}
                self.assert_lives_and_ends(call, media['peer'], media['pbx'])

    def test_fragments_that_come_last_first_are_put_together(self):
        call = self.call('peer', 'pbx')
        text = sip.request('INVITE', call.callee.uri, via=call.caller.host_port, frm=call.party('caller'),
                           to=call.party('callee', ''), call_id=call.call_id, cseq=1, branch='z9hG4bKlast',
                           contact=f'peer@{call.caller.host_port}', body=call.sdp('caller'),
                           extra=[f'Subject: {"x" * 1000}'])
        source, to = call.caller.endpoint, call.callee.endpoint
        whole = fragments.datagram(source, to, text.encode())
        pieces = [fragments.piece(source[0], to[0], whole, start, end, 4711)
                  for start, end in ((1200, len(whole)), (800, 1200), (0, 800))]
        fragments.send(self.topology.outside, pieces, to[0])
        call.invited = call.callee.expect('INVITE', call.call_id)
        call.answer()
        call.ack()
        self.assert_lives_and_ends(call, call.caller_rtp, call.callee_rtp)


class IPv4(Carried, WallCase):
    family = 4


class IPv6(Carried, WallCase):
    family = 6
