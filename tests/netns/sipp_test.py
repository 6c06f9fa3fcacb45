# SPDX-License-Identifier: Apache-2.0
"""Real calls by sipp with real RTP, in every shape and direction: the peers' own view, and captures, say what arrived."""
from ringwall_netns.capture import Capture, udp_payload
from ringwall_netns.case import WallCase
from ringwall_netns.sipp import Sipp

TALK_MS = 2000
PACKETS = TALK_MS // 20                            # PCMU, 20 ms each


class SippCalls:
    def test_an_inbound_call_of_two_sipps_loses_nothing(self):
        self.check_call('peer', 'pbx', first_port=16000)

    def test_an_outbound_call_of_two_sipps_loses_nothing(self):
        self.check_call('pbx', 'peer', first_port=16400)

    def test_three_calls_that_share_one_media_port_lose_nothing(self):
        self.check_call('peer', 'pbx', first_port=16800, calls=3)       # sipp 3.6.1 answers each on the same port

    def check_call(self, caller, callee, first_port, calls=1):
        topology = self.topology
        inner = (topology.inside, 'eth0') if self.shape == 'edge' else (topology.edge, 'outer')
        before = self.wall.reasons()
        with Capture(topology.outside, 'eth0') as outer_wire, Capture(*inner) as inner_wire:
            answering = Sipp(topology.home_of(callee), 'uas', self.address(callee), first_port=first_port, calls=calls)
            self.addCleanup(answering.stop)
            self.wait_until(lambda: self.listens(callee), 'the answering sipp listens')
            calling = Sipp(topology.home_of(caller), 'uac', self.address(caller), remote=self.address(callee),
                           first_port=first_port + 200, calls=calls, talk_ms=TALK_MS)
            self.addCleanup(calling.stop)
            calling.wait()
            answering.wait()
            ports = {(first_port, first_port + 200), (first_port + 200, first_port)}
            outer_rtp, inner_rtp = (self.rtp_of(wire.stop(), ports) for wire in (outer_wire, inner_wire))
        self.assertEqual(sorted(outer_rtp), sorted(inner_rtp))
        for way in ports:
            self.assertGreater(sum(1 for packet in inner_rtp if packet[:2] == way), PACKETS * 0.8, way)
        after = self.wall.reasons()
        self.assertGreater(after['pinhole_rtp'] - before.get('pinhole_rtp', 0), PACKETS * 0.8)

    def listens(self, party):
        listing = self.topology.home_of(party).run('ss', '-Hlun', 'sport', '=', ':5060')
        return self.address(party) in listing

    @staticmethod
    def rtp_of(frames, ports):
        """Every RTP packet between the two media ports."""
        packets = [udp_payload(frame) for frame in frames]
        return [packet for packet in packets if packet and packet[:2] in ports]


class EdgeIPv4(SippCalls, WallCase):
    shape, family = 'edge', 4


class EdgeIPv6(SippCalls, WallCase):
    shape, family = 'edge', 6


class HostIPv4(SippCalls, WallCase):
    shape, family = 'host', 4


class HostIPv6(SippCalls, WallCase):
    shape, family = 'host', 6
