# SPDX-License-Identifier: Apache-2.0
"""What a call of two sipps must bring, beside WallCase: the peers' own view, and captures, say what arrived."""
from .capture import Capture, udp_payload
from .sipp import Sipp

TALK_MS = 2000
PACKETS = TALK_MS // 20                            # PCMU, 20 ms each


class SippCall:
    def check_call(self, caller, callee, first_port, calls=1, transport='u1', subject='a call'):
        topology = self.topology
        inner = (topology.inside, 'eth0') if self.shape == 'edge' else (topology.edge, 'outer')
        before = self.wall.reasons()
        with Capture(topology.outside, 'eth0') as outer_wire, Capture(*inner) as inner_wire:
            answering = Sipp(topology.home_of(callee), 'uas', self.address(callee), first_port=first_port, calls=calls,
                             transport=transport)
            self.addCleanup(answering.stop)
            self.wait_until(lambda: self.listens(callee, transport), 'the answering sipp listens', 20)
            calling = Sipp(topology.home_of(caller), 'uac', self.address(caller), remote=self.address(callee),
                           first_port=first_port + 200, calls=calls, talk_ms=TALK_MS, transport=transport,
                           subject=subject)
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

    def listens(self, party, transport):
        listing = self.topology.home_of(party).run('ss', '-Hln', f'-{transport[0]}', 'sport', '=', ':5060')
        return self.address(party) in listing

    @staticmethod
    def rtp_of(frames, ports):
        """Every RTP packet between the two media ports."""
        packets = [udp_payload(frame) for frame in frames]
        return [packet for packet in packets if packet and packet[:2] in ports]
