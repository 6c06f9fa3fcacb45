# SPDX-License-Identifier: Apache-2.0
"""SIP over TCP passes and is mirrored byte by byte, large segments too; a flood of connections is cut at its limit."""
import os

from ringwall_netns import ring, sip, tcp
from ringwall_netns.case import WallCase

BURST = 4                                          # of new connections, below


class Streams:
    shape = 'host'
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True, 'limits': {'SYN': '4/h burst 4'}}]}

    def listener(self, party, port):
        made = tcp.listen(self.topology.home_of(party), self.address(party), port)
        self.addCleanup(made.close)
        return made

    def connect(self, party, to, port=0):
        made = tcp.connect(self.topology.home_of(party), self.address(party), to, port)
        self.addCleanup(made.close)
        return made

    def pair(self, caller, callee, port=5060):
        """(the caller's end, the callee's end) of a new connection."""
        listener = self.listener(callee, port)
        near = self.connect(caller, (self.address(callee), port))
        far, _ = listener.accept()
        self.addCleanup(far.close)
        listener.close()
        return near, far

    def without_agent(self):
        """The datapath goes on, and the rings keep what it mirrors."""
        self.agent_may_be_down = True
        self.wall.stop()
        self.addCleanup(self.wall.start)

    def large_segments(self):
        self.topology.edge.run('ethtool', '-K', 'outer', 'tx', 'on', 'sg', 'on', 'gso', 'on', 'tso', 'on')

    def whole_stream(self, name, sender, wanted):
        found = []

        def arrived():
            found[:] = ring.records(self.wall, name)
            return ring.stream(found, sender.getsockname()[:2]) == wanted
        self.wait_until(arrived, f'{len(wanted)} bytes in ring {name}')
        return [r for r in found if r.source == sender.getsockname()[:2]]

    def test_a_stream_is_mirrored_whole_in_both_directions_large_segments_too(self):
        self.large_segments()
        self.without_agent()
        outside, inside = self.pair('peer', 'pbx')
        asked, answered = sip_bytes('INVITE', 60000), sip_bytes('NOTIFY', 61234)
        outside.sendall(asked)
        self.assertEqual(tcp.receive(inside, len(asked)), asked)
        inside.sendall(answered)
        self.assertEqual(tcp.receive(outside, len(answered)), answered)
        self.whole_stream('known', outside, asked)
        sent = self.whole_stream('inside', inside, answered)
        self.assertTrue(sent[0].flags & ring.SYN)
        self.assertGreater(max(r.length for r in sent), 20000, 'no segment was larger than the wire takes')
        inside.close()
        self.wait_until(lambda: [r for r in ring.records(self.wall, 'inside')
                                 if r.source == outside.getpeername()[:2] and r.flags & (ring.FIN | ring.RST)], 'the end')

    def test_a_connection_that_the_inside_opens_is_mirrored_both_ways(self):
        self.without_agent()
        inside, outside = self.pair('pbx', 'third')
        asked, answered = sip_bytes('REGISTER', 900), sip_bytes('INVITE', 5000)
        inside.sendall(asked)
        self.assertEqual(tcp.receive(outside, len(asked)), asked)
        outside.sendall(answered)
        self.assertEqual(tcp.receive(inside, len(answered)), answered)
        self.whole_stream('inside', inside, asked)
        self.assertEqual(ring.stream(ring.records(self.wall, 'strangers', 1 << 20), outside.getsockname()[:2]), answered)

    def test_what_is_no_sip_passes_and_kills_nobody(self):
        outside, inside = self.pair('peer', 'pbx')
        for raw in (b'\r\n\r\n', b'\0', os.urandom(4000), b'INVITE sip:x SIP/2.0\r\nContent-Length: 99999999\r\n\r\n'):
            outside.sendall(raw)
            self.assertEqual(tcp.receive(inside, len(raw)), raw)
        call, media_outside, media_inside = self.inbound()
        self.assert_both_hear(media_outside, media_inside)
        call.bye()

    def test_a_flood_of_connections_is_cut_at_the_limit_while_an_old_one_goes_on(self):
        listener = self.listener('pbx', 5060)
        old = self.connect('attacker', (self.address('pbx'), 5060))
        inside, _ = listener.accept()
        self.addCleanup(inside.close)
        before = self.wall.reasons()
        flood = [tcp.begin(self.topology.outside, self.address('attacker'), (self.address('pbx'), 5060)) for _ in range(40)]
        for one in flood:
            self.addCleanup(one.close)
        self.assert_dropped(before, 'syn_limited', 40 - BURST)
        self.wait_until(lambda: sum(map(tcp.is_connected, flood)) == BURST - 1, 'those within the limit are connected')
        old.sendall(sip_bytes('OPTIONS', 400))
        self.assertEqual(tcp.receive(inside, 400), sip_bytes('OPTIONS', 400))
        self.connect('roamer', (self.address('pbx'), 5060)) # others pay for themselves


def sip_bytes(method, length):
    """A request of exactly so many bytes."""
    head = sip.request(method, 'sip:x@192.0.2.10', via='198.51.100.7', frm='<sip:a@x>;tag=1', to='<sip:b@x>',
                       call_id='tcp', cseq=1, branch='z9hG4bK1').encode()
    return head + bytes(ord('a') + n % 26 for n in range(length - len(head)))


class IPv4(Streams, WallCase):
    family = 4


class IPv6(Streams, WallCase):
    family = 6
