# SPDX-License-Identifier: Apache-2.0
"""Never change a byte: captures before and after the wall hold the same packets, and only what was refused is missing."""
from ringwall_netns.capture import Capture, udp_payload, without_hop
from ringwall_netns.case import WallCase


class Unchanged:
    """Before the wall: as sent on the far side's interface. After it: on the near side's, past the programs."""

    def run_a_call(self):
        """A call with everything in it; returns the attacker's source port."""
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        attacker = self.rtp('attacker')
        self.assert_refused(attacker, inside.endpoint, inside, 'wrong_source', count=20)
        call.reinvite(offer=call.sdp('caller', direction='sendonly'), answer=call.sdp('callee', direction='recvonly'))
        call.request('MESSAGE', extra=[f'Subject: {"long " * 700}'])     # fragments of 3.5 kB
        call.bye()
        return attacker.port

    def compare(self, before, after, view, refused_port=None):
        """Each packet after the wall is one that was sent, byte for byte and in order; what is missing was refused."""
        def is_refused(frame):
            return refused_port is not None and (udp_payload(frame) or (None,))[0] == refused_port
        expected = [view(f) for f in before if not is_refused(f)]
        self.assertGreater(len(expected), 20)
        self.assertEqual(expected, [view(f) for f in after])


class Edge(Unchanged):
    """Routed: what a router must change (Ethernet addresses, TTL, IPv4 header checksum) is set aside."""

    def test_what_passed_is_byte_identical_in_both_directions(self):
        topology = self.topology
        with (Capture(topology.outside, 'eth0', direction='out') as sent_in,
              Capture(topology.inside, 'eth0', direction='in') as got_in,
              Capture(topology.inside, 'eth0', direction='out') as sent_out,
              Capture(topology.outside, 'eth0', direction='in') as got_out):
            port = self.run_a_call()
            frames = [capture.stop() for capture in (sent_in, got_in, sent_out, got_out)]
        self.compare(frames[0], frames[1], without_hop, port)
        self.compare(frames[2], frames[3], without_hop)


class Host(Unchanged):
    """On the host itself nothing at all may differ, from Ethernet to the last byte."""

    def test_what_passed_is_byte_identical_in_both_directions(self):
        topology = self.topology
        with (Capture(topology.outside, 'eth0', direction='out') as sent_in,
              Capture(topology.edge, 'outer', direction='in') as got_in,
              Capture(topology.edge, 'outer', direction='out') as sent_out,
              Capture(topology.outside, 'eth0', direction='in') as got_out):
            port = self.run_a_call()
            frames = [capture.stop() for capture in (sent_in, got_in, sent_out, got_out)]
        self.compare(frames[0], frames[1], lambda frame: frame.raw, port)
        self.compare(frames[2], frames[3], lambda frame: frame.raw)


class EdgeIPv4(Edge, WallCase):
    shape, family = 'edge', 4


class EdgeIPv6(Edge, WallCase):
    shape, family = 'edge', 6


class HostIPv4(Host, WallCase):
    shape, family = 'host', 4


class HostIPv6(Host, WallCase):
    shape, family = 'host', 6
