#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What calls suffer while SIP floods the wall: loss and delay of the media of 50 calls that are up, and the success of new
ones from a known party, during a flood of REGISTERs over the limit. Beside Ringwall: no filter, and the rules of flood.py
where they are cheapest, with the provider let through before them.

  under_flood.py FLOOD_BENCH [--rounds 1] [--windows 4] [--tries 8] [--seconds 0.5] [--sources 1 1024 …]
                 [--rates 100000 … 0] [--arms none wall …] [--svg FILE]

Method: live.py; rtp_streams.py has the media's. What callers send goes the same way, amid the flood. The flood's CPU is also
that of everything that in truth stands on another machine or core: callers, callees and the agent, all above the generator,
which sends nothing while they run. What passes the limit is thrown away before the PBX. A rate of 0 is as fast as the
generator goes.
"""
import argparse
import contextlib
import dataclasses
import os
import pathlib
import subprocess
import sys
import time

import curves
import flood
from live import RECEIVE_CPU, SEND_CPU, Link, cpu_ns, end, run
from new_calls import Tried, is_heard, keep_calling
from ringwall_netns import janitor
from ringwall_netns.call import Call
from ringwall_netns.sip import Phone
from ringwall_netns.topology import ADDRESSES, PROVIDER_NETWORKS
from ringwall_netns.wall import _descendants
from rtp_streams import Heard, Streams

CALLS = 50
AGENT_PRIORITY = 51                                        # just above the generator
PROVIDER = PROVIDER_NETWORKS[0]
LOSS_GOAL = 0.002                                          # of the media, up to a million packets a second
STALLS = 0.0005                                            # share of a window
CALM = (1, 1)                                              # sources, rate: as good as no flood


# The arms: flood.py's, with calls on their way.

@contextlib.contextmanager
def none(_):
    yield


@contextlib.contextmanager
def wall(link):
    with flood.wall(link) as standing:
        for pid in (standing.process.pid, *_descendants(standing.process.pid)):
            run('taskset', '-a', '-p', '-c', SEND_CPU, pid)
            run('chrt', '-a', '-f', '-p', AGENT_PRIORITY, pid)
        yield


@contextlib.contextmanager
def iptables(link):
    with flood.iptables(link, 'raw', 'PREROUTING'):
        link.edge.run('iptables-legacy', '-t', 'raw', '-I', 'PREROUTING', '-s', PROVIDER, '-j', 'ACCEPT')
        yield


@contextlib.contextmanager
def nftables(link):
    with flood.nftables(link, 'prerouting priority -300'):
        link.edge.run('nft', 'insert', 'rule', 'ip', 'rw_flood', 'flood', 'ip', 'saddr', PROVIDER, 'accept')
        yield


ARMS = {
    'none': ('no filter', none),
    'wall': ('Ringwall', wall),
    'iptables': ('iptables string + hashlimit, raw PREROUTING', iptables),
    'nft': ('nftables dynamic set, prerouting -300', nftables),
}


@dataclasses.dataclass
class Point:
    """One arm under one flood, over all rounds."""
    heard: Heard = dataclasses.field(default_factory=Heard)
    tried: Tried = dataclasses.field(default_factory=Tried)
    seconds: float = 0
    offered: int = 0                                       # packets of the flood
    busy_ns: int = 0                                       # the receiver's CPU time
    stalled: float = 0                                     # seconds of the receiver's CPU, see live.py

    def add(self, other):
        self.heard.add(other.heard)
        self.tried.add(other.tried)
        self.seconds += other.seconds
        self.offered += other.offered
        self.busy_ns += other.busy_ns
        self.stalled += other.stalled


class Parties:
    """The provider's phone and the PBX's, and the calls between them that are up all the time."""

    def __init__(self, topology):
        self.caller, self.callee = (Phone(topology.home_of(party), ADDRESSES[party][0], user=party) for party in ('peer', 'pbx'))
        self.calls = [Call(self.caller, self.callee).establish() for _ in range(CALLS)]
        if not all(is_heard(call) for call in self.calls):
            raise RuntimeError('a call is not heard before any flood')
        self.streams = Streams(self.calls, janitor.scratch() / 'streams')

    def close(self):
        for part in (*self.calls, self.caller, self.callee):
            part.close()


def measure(link, parties, sources, rate, options):
    """A Point: of so many windows, those with the least stalls. Tries end when enough of them had none to speak of; where the
    flood is as fast as it goes the receiver is never idle, and none is without."""
    tries, most = [], options.tries if rate else options.windows
    while len(tries) < most and sum(w.stalled < w.seconds * STALLS for w in tries) < options.windows:
        tries.append(measure_window(link, parties, sources, rate, options.seconds))
    point = Point()
    for window in sorted(tries, key=lambda w: w.stalled)[:options.windows]:
        point.add(window)
    return point


def measure_window(link, parties, sources, rate, seconds):
    parties.streams.prepare()
    thread = link.receiver()
    with link.watched() as stalls, link.load('registrations', sources, rate, parties.streams.path) as sent:
        began, busy = time.monotonic(), cpu_ns(thread)
        tried = keep_calling(parties.caller, parties.callee, seconds)
        took, busy = time.monotonic() - began, cpu_ns(thread) - busy
    return Point(parties.streams.heard(sent.media), tried, took, sent.flood, busy, stalls.seconds)


def measure_arm(link, arm, options):
    """{(sources, rate): Point} of one round."""
    points = {}
    with ARMS[arm][1](link), contextlib.closing(Parties(link.topology)) as parties:
        points[CALM] = measure(link, parties, *CALM, options)
        for sources in options.sources:
            if arm != 'none':
                with link.load('registrations', sources):
                    link.warm_up(sources)
            for rate in options.rates:
                points[sources, rate] = measure(link, parties, sources, rate, options)
    return points


@contextlib.contextmanager
def awake(link):
    """The receiving CPU never halts: on a virtual machine the wakeup takes longer than all that is measured."""
    loop = subprocess.Popen(link.edge.command('chrt', '-i', '0', 'taskset', '-c', RECEIVE_CPU, 'sh', '-c', 'while :; do :; done'))
    try:
        yield
    finally:
        end(loop)


def print_point(title, point):
    delay, tried = point.heard.delay, point.tried
    seconds = point.seconds
    print(f'  {title:44} {point.offered / seconds / 1e6:5.2f} M/s | {100 * point.heard.lost:6.2f} % of {point.heard.sent:6,} | '
          f'{delay.median:6.0f} {delay.p99:6.0f} {delay.greatest:7.0f} us | '
          f'{tried.up:3} of {tried.calls:3}, {tried.at_once:3} at once | '
          f'{100e-9 * point.busy_ns / seconds:3.0f} %, {100 * point.stalled / seconds:5.2f} %', flush=True)


def under(options):
    """All floods, as keys of an arm's points."""
    return [(sources, rate) for sources in options.sources for rate in options.rates]


def named(key):
    if key == CALM:
        return 'no flood'
    sources, rate = key
    return f'{sources:,} sources, ' + (f'{rate:,} packets/s' if rate else 'as fast as it goes')


def print_table(results, options):
    print('\nflood offered | RTP lost | its delay: median, p99, max | new calls heard | receiving core busy, stalled')
    for key in [CALM, *under(options)]:
        print(named(key))
        for arm in results:
            print_point(ARMS[arm][0], results[arm][key])


def print_goals(results, options):
    """Where Ringwall is worse than the better of the others, in loss or the delay's p99, or loses more than it may."""
    others = [arm for arm in ('iptables', 'nft') if arm in results]
    for key in under(options) if 'wall' in results and others else []:
        ours, theirs = results['wall'][key].heard, [results[arm][key].heard for arm in others]
        if ours.lost > min(heard.lost for heard in theirs):
            print(f'{named(key)}: more loss than the better of the others')
        if ours.delay.p99 > min(heard.delay.p99 for heard in theirs):
            print(f'{named(key)}: a longer delay (p99) than the better of the others')
        if 0 < key[1] <= 1_000_000 and ours.lost > LOSS_GOAL:
            print(f'{named(key)}: more than {100 * LOSS_GOAL:.1f} % lost')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('flood_bench', type=pathlib.Path)
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--windows', type=int, default=4, help='of each point in a round')
    parser.add_argument('--tries', type=int, default=8, help='to have so many windows without stalls of the receiving CPU')
    parser.add_argument('--seconds', type=float, default=0.5, help='of a window')
    parser.add_argument('--sources', type=int, nargs='+', default=[1, 1 << 10, 1 << 17, 1 << 20], help='powers of two')
    parser.add_argument('--rates', type=int, nargs='+', default=[100_000, 300_000, 1_000_000, 0])
    parser.add_argument('--arms', nargs='+', choices=ARMS, default=list(ARMS))
    parser.add_argument('--svg', type=pathlib.Path, help='draws the curves')
    options = parser.parse_args()
    if os.cpu_count() < 2:
        sys.exit('under_flood.py: needs a CPU to send and one to receive')
    janitor.guard()
    os.sched_setaffinity(0, {SEND_CPU})
    link = Link(options.flood_bench.resolve(), inside='flood_shed')
    results = {arm: {} for arm in options.arms}
    with awake(link):
        for number in range(options.rounds):
            for arm in options.arms:
                began = time.monotonic()
                for key, point in measure_arm(link, arm, options).items():
                    results[arm].setdefault(key, Point()).add(point)
                print(f'round {number + 1}, {ARMS[arm][0]}: {time.monotonic() - began:.0f} s', flush=True)
    print_table(results, options)
    print_goals(results, options)
    if options.svg:
        picture = curves.drawn({ARMS[arm][0]: points for arm, points in results.items()}, CALM, options.sources)
        options.svg.write_text(picture, encoding='utf-8')
    link.topology.close()


if __name__ == '__main__':
    main()
