# SPDX-License-Identifier: Apache-2.0
"""The media of calls that are up, from outside to inside: how much of it is lost, and how long each packet is on its way.

The generator sends it amid the flood, in the place of a packet of it (amid.bpf.h), and writes into each when it was made;
the kernel notes when the inside's machine received it; nobody reads it before the measuring is over. So each packet has the
flood's own chance in the receiver's ring, and the delay holds neither a sender's lateness nor a receiver's wakeup.
"""
import array
import collections
import dataclasses
import struct
import time

MADE_AT, HEADER = struct.Struct('=Q'), 12                  # ns of CLOCK_MONOTONIC, behind RTP's header
Quantiles = collections.namedtuple('Quantiles', 'median p99 greatest')


@dataclasses.dataclass
class Heard:
    """Of all streams, over one or more points."""
    sent: int = 0
    delays: array.array = dataclasses.field(default_factory=lambda: array.array('q'))    # ns, of what arrived

    def add(self, other):
        self.sent += other.sent
        self.delays.extend(other.delays)

    @property
    def lost(self):
        """Share."""
        return 1 - len(self.delays) / self.sent

    @property
    def delay(self):
        """Microseconds; zeros where nothing arrived."""
        ranked = sorted(self.delays) or [0]
        return Quantiles(*(ns / 1e3 for ns in (ranked[len(ranked) // 2], ranked[len(ranked) * 99 // 100], ranked[-1])))


class Streams:
    """`calls` are answered ones, whose caller is outside."""

    def __init__(self, calls, path):
        self.path = path
        self._calls = calls
        for call in calls:
            call.callee_rtp.note_arrivals()

    def prepare(self):
        """Writes what the generator is to send, to `path`; what has come so far is forgotten."""
        self._take()
        lines = [f'{_words(call.caller_rtp.endpoint)} {_words(call.callee_rtp.endpoint)} '
                 f'{call.caller_rtp.ssrc} {call.caller_rtp.sequence}\n' for call in self._calls]
        self.path.write_text(''.join(lines), encoding='ascii')

    def heard(self, sent):
        """Of so many packets, once nothing is on its way any more."""
        for call in self._calls:
            call.caller_rtp.sequence += -(-sent // len(self._calls))
        heard, ahead = Heard(sent), _realtime_ahead_ns()
        heard.delays.extend(at - ahead - MADE_AT.unpack_from(datagram, HEADER)[0] for datagram, at in self._take())
        return heard

    def _take(self):
        return [arrival for call in self._calls for arrival in call.callee_rtp.arrivals()]


def _words(endpoint):
    return f'{endpoint[0]} {endpoint[1]}'


def _realtime_ahead_ns():
    """Of CLOCK_MONOTONIC: by the pair of readings that took least."""
    readings = ((time.monotonic_ns(), time.time_ns(), time.monotonic_ns()) for _ in range(100))
    before, real, after = min(readings, key=lambda three: three[2] - three[0])
    return real - (before + after) // 2
