# SPDX-License-Identifier: Apache-2.0
"""Never change a byte: captures before and after the wall hold the same packets, and only what was refused is missing."""
from ringwall_netns.capture import Capture, without_hop
from ringwall_netns.case import DROPS, RTP_REFUSED, WallCase


class Unchanged:
    """Before the wall: as sent on the far side's interface. After it: on the near side's, past the programs."""

    def run_a_call(self):
        """A call with everything in it, and an attacker."""
        call, outside, inside = self.inbound()
        self.assert_heard(outside, inside, count=50)
        self.assert_heard(inside, outside, count=50)
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside, RTP_REFUSED, count=20)
        call.reinvite(offer=call.sdp('caller', direction='sendonly'), answer=call.sdp('callee', direction='recvonly'))
        call.request('MESSAGE', extra=[f'Subject: {"long " * 700}'])     # fragments of 3.5 kB
        call.bye()

    def drops(self):
        return sum(count for reason, count in self.wall.reasons().items() if reason in DROPS)

    def compare(self, before, after, view, dropped):
        """Each packet after the wall is one that was sent, byte for byte and in order; as many are missing as the wall
        says it has dropped."""
        sent, got = [view(f) for f in before], [view(f) for f in after]
        self.assertGreater(len(got), 50)
        self.assertEqual(len(sent) - len(got), dropped)
        rest = iter(sent)
        changed = [packet.hex() for packet in got if packet not in rest]
        self.assertFalse(changed, 'packets after the wall that were never sent so')


class Edge(Unchanged):
    """Routed: what a router must change (Ethernet addresses, TTL, IPv4 header checksum) is set aside."""

    def test_what_passed_is_byte_identical_in_both_directions(self):
        topology = self.topology
        with (Capture(topology.outside, 'eth0', direction='out') as sent_in,
              Capture(topology.inside, 'eth0', direction='in') as got_in,
              Capture(topology.inside, 'eth0', direction='out') as sent_out,
              Capture(topology.outside, 'eth0', direction='in') as got_out):
            dropped = self.drops()
            self.run_a_call()
            dropped = self.drops() - dropped
            frames = [capture.stop() for capture in (sent_in, got_in, sent_out, got_out)]
        self.compare(frames[0], frames[1], without_hop, dropped)
        self.compare(frames[2], frames[3], without_hop, 0)


class Host(Unchanged):
    """On the host itself nothing at all may differ, from Ethernet to the last byte. Of what TC drops, the capture on the
    way in misses nothing: a packet socket stands before TC, and behind XDP."""

    def missing_inside(self, dropped):
        (outer,) = self.wall.status()['interfaces']
        return dropped if outer['ingress'].startswith('xdp') else 0

    def test_what_passed_is_byte_identical_in_both_directions(self):
        topology = self.topology
        with (Capture(topology.outside, 'eth0', direction='out') as sent_in,
              Capture(topology.edge, 'outer', direction='in') as got_in,
              Capture(topology.edge, 'outer', direction='out') as sent_out,
              Capture(topology.outside, 'eth0', direction='in') as got_out):
            dropped = self.drops()
            self.run_a_call()
            dropped = self.drops() - dropped
            frames = [capture.stop() for capture in (sent_in, got_in, sent_out, got_out)]
        self.compare(frames[0], frames[1], lambda frame: frame.raw, self.missing_inside(dropped))
        self.compare(frames[2], frames[3], lambda frame: frame.raw, 0)


class EdgeIPv4(Edge, WallCase):
    shape, family = 'edge', 4


class EdgeIPv6(Edge, WallCase):
    shape, family = 'edge', 6


class HostIPv4(Host, WallCase):
    shape, family = 'host', 4


class HostIPv6(Host, WallCase):
    shape, family = 'host', 6
