# SPDX-License-Identifier: Apache-2.0
"""What `ringwall replay` makes of captures whose packets have no time, or a link type that it does not read."""
import unittest

from call import whole_call
from captures import BEGIN, enhanced, ethernet, interface, pcap, pcapng, section, simple
from replay import replay, told


class WithoutTime(unittest.TestCase):
    """Simple packet blocks."""

    def setUp(self):
        script, self.expected = whole_call()
        self.frames = [(time, ethernet(packet)) for time, _, packet in script.packets]
        # Without time no drain ends: the last packet still passes.
        self.expected = self.expected[:-1] + ['in pass pinhole_draining']

    def replayed(self, *options, timed=()):
        return replay(section() + interface(1) + b''.join(
            enhanced(0, time, frame) if number in timed else simple(frame)
            for number, (time, frame) in enumerate(self.frames)), *options)

    def test_come_when_the_one_before_has_had_its_effect(self):
        replayed = self.replayed()
        self.assertEqual(told(replayed), self.expected)
        self.assertEqual(replayed.calls[0]['audio']['verdict'], 'both ways')
        self.assertIn('15 packets without time: each is taken to have come --agent-delay after the one before',
                      replayed.summary['remarks'])

    def test_do_so_whatever_the_latency_is(self):
        for delay in ('0s', '20ms'):
            self.assertEqual(told(self.replayed('--agent-delay', delay)), self.expected)

    def test_stand_beside_packets_with_time(self):
        replayed = self.replayed(timed=range(1, 15))
        self.assertEqual(replayed.calls[0]['audio']['verdict'], 'both ways')
        self.assertAlmostEqual(replayed.summary['capture_seconds'], 3.26, places=2)
        self.assertFalse([remark for remark in replayed.summary['remarks'] if 'went back' in remark])


class OfAnotherLink(unittest.TestCase):
    def test_are_left_out_and_counted(self):
        script, expected = whole_call()
        frames = [enhanced(0, time, ethernet(packet)) for time, _, packet in script.packets]
        frames[4:4] = [enhanced(1, BEGIN, b'usb' * 20)]
        replayed = replay(section() + interface(1) + interface(220) + b''.join(frames))
        self.assertEqual(replayed.code, 0, replayed.errors)
        self.assertEqual(told(replayed), expected)
        self.assertEqual([v['n'] for v in replayed.verdicts], [1, 2, 3, 4, *range(6, 17)])  # Wireshark's numbers
        self.assertIn('1 packet left out, the first of link type 220 (USB): it is not read', replayed.summary['remarks'])

    def test_are_refused_where_there_is_nothing_else(self):
        replayed = replay(section() + interface(220) + enhanced(0, BEGIN, b'usb' * 20))
        self.assertEqual((replayed.code, replayed.verdicts), (1, []))
        self.assertIn('packets of link type 220 (USB), where Ethernet', replayed.errors)


class InTheFuture(unittest.TestCase):
    def test_hold_the_clock_and_are_told_with_the_remedy(self):
        script, _ = whole_call()
        script.packets.insert(0, (BEGIN + 86400 * 10**9, *script.packets[0][1:]))
        for capture in (pcap(script), pcapng(script)):
            self.assertIn('time went back before 15 packets: it was held still; `reordercap` sorts a capture by time',
                          replay(capture).summary['remarks'])
