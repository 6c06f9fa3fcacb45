# SPDX-License-Identifier: Apache-2.0
"""A veth under load: CPU 0 sends live frames from the outside namespace, CPU 1 receives in the edge namespace, by a
threaded NAPI kthread with SCHED_FIFO. That kthread's own CPU time (schedstat), divided by the packets that it took, is
what a packet costs the receiver: with some 95 ns of veth in every figure, and without the sender.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'netns'))
from ringwall_netns.topology import Topology, run          # noqa: E402

SEND_CPU, RECEIVE_CPU = 0, 1
PRIORITY, DRIVER_PRIORITY, WATCH_PRIORITY = 50, 60, 61     # of SCHED_FIFO
RX_PACKETS, TX_PACKETS = 1, 9                              # columns of /proc/net/dev
WARM_UP_SECONDS = 30                                       # at most: the slowest arm meets a million sources in 10
SCATTERING = 3                                             # the ring loses packets: so often over all, to meet most


@dataclasses.dataclass
class Sent:
    """Packets of one load."""
    flood: int = 0
    media: int = 0


@dataclasses.dataclass
class Stalls:
    """Of more than 0.15 ms each: a hypervisor's, an interrupt's, another task's within the kernel (PREEMPT_NONE), or what
    Linux keeps for tasks that starve. A veth's ring of 256 packets is full after 0.26 ms of a million packets a second."""
    seconds: float = 0


class Link:
    """The veth pair between generator and receiver, the receiver's kthread, and what both have counted."""

    def __init__(self, flood_bench, inside='flood_drop', family=4):
        """`inside`: the program that takes what has passed."""
        self.flood_bench, self.family = flood_bench, family
        self.topology = Topology('edge')
        self.edge, self.outside = self.topology.edge, self.topology.outside
        before = _napi_threads()
        self.edge.run('ethtool', '-K', 'outer', 'gro', 'on')     # NAPI, whether or not an XDP program is there
        run('ip', 'netns', 'exec', self.edge.name, 'sh', '-c', 'echo 1 > /sys/class/net/outer/threaded')
        self._others = before
        self._sink = self.tool(self.topology.inside, 'drop', 'eth0', inside)
        self._resident = subprocess.Popen(self.edge.command('sleep', 'infinity'))    # whose /proc shows the edge
        # Above both ends of the load, or this would not run while they do. What it starts is not.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(DRIVER_PRIORITY))

    def tool(self, namespace, *words, cpu=None, priority=PRIORITY):
        """A process of flood_bench that has said that it is ready."""
        pinned = ['chrt', '-f', priority, 'taskset', '-c', str(cpu)] if cpu is not None else []
        process = subprocess.Popen(namespace.command(*pinned, self.flood_bench, *words), stdout=subprocess.PIPE, text=True)
        if process.stdout.readline().strip() != 'ready':
            raise RuntimeError(f'flood_bench {" ".join(map(str, words))}: exit {process.wait()}')
        return process

    @contextlib.contextmanager
    def load(self, kind, number, rate=0, streams=None):
        """A generator at work, of one kind of packets in `number` varieties (see flood_bench.cpp): as fast as it goes, or
        at `rate` packets a second; with a file of streams, their media and what sockets send goes amid it. What it has sent
        is known when it has ended."""
        macs = [_link(namespace, name)['address'] for namespace, name in ((self.outside, 'eth0'), (self.edge, 'outer'))]
        options = [rate, *([streams] if streams else [])] if rate or streams else []
        sender = self.tool(self.outside, 'send', kind, 'eth0', *macs, number, *options, cpu=SEND_CPU)
        sent = Sent()
        try:
            yield sent
        finally:
            end(sender)
        sent.flood, sent.media = map(int, sender.stdout.readline().split())

    @contextlib.contextmanager
    def watched(self):
        """What has kept the receiver's CPU from its work, but for packets: Stalls, known in the end."""
        watch = self.tool(self.edge, 'watch', cpu=RECEIVE_CPU, priority=WATCH_PRIORITY)
        stalls = Stalls()
        try:
            yield stalls
        finally:
            end(watch)
        stalls.seconds = int(watch.stdout.readline()) / 1e6

    def receiver(self):
        """The kthread that takes this veth's packets, on its CPU. Another one after each change of XDP programs."""
        found = [pid for pid in _napi_threads() - self._others if _comm(pid).startswith('napi/outer')]
        if len(found) != 1:
            raise RuntimeError(f'{len(found)} NAPI threads of the edge')
        run('taskset', '-p', '-c', RECEIVE_CPU, found[0])
        run('chrt', '-f', '-p', PRIORITY, found[0])
        return found[0]

    def counted(self):
        """Packets that `outer` has received and `inner` sent: one read of a file, as both CPUs may be busy."""
        counts = {}
        for line in pathlib.Path(f'/proc/{self._resident.pid}/net/dev').read_text(encoding='ascii').splitlines()[2:]:
            name, _, numbers = line.partition(':')
            counts[name.strip()] = [int(n) for n in numbers.split()]
        return counts['outer'][RX_PACKETS], counts['inner'][TX_PACKETS]

    def xdp_dropped(self):
        lines = self.edge.run('ethtool', '-S', 'outer').splitlines()
        return sum(int(line.split()[-1]) for line in lines if 'xdp_drops' in line)

    def measure(self, seconds):
        """(ns a packet, packets a wall-clock second, share that passed), over so many seconds of load."""
        thread = self.receiver()
        began, cpu, (packets, passed) = time.monotonic(), cpu_ns(thread), self.counted()
        time.sleep(seconds)
        cpu_end, (packets_end, passed_end), ended = cpu_ns(thread), self.counted(), time.monotonic()
        packets = packets_end - packets
        if packets < 1000:
            raise RuntimeError(f'only {packets} packets arrived')
        return (cpu_end - cpu) / packets, packets / (ended - began), (passed_end - passed) / packets

    def warm_up(self, number):
        """Until nearly every variety has come once."""
        wanted = self.counted()[0] + SCATTERING * number + 200_000
        end = time.monotonic() + WARM_UP_SECONDS
        self.receiver()
        while self.counted()[0] < wanted and time.monotonic() < end:
            time.sleep(0.05)


def _napi_threads():
    """PIDs of all NAPI kthreads of the machine."""
    return {int(p.name) for p in pathlib.Path('/proc').iterdir() if p.name.isdigit() and _comm(p.name).startswith('napi/')}


def _comm(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/comm').read_text(encoding='ascii')
    except (FileNotFoundError, ProcessLookupError):
        return ''


def cpu_ns(pid):
    return int(pathlib.Path(f'/proc/{pid}/schedstat').read_text(encoding='ascii').split()[0])


def _link(namespace, name):
    return json.loads(run('ip', '-n', namespace.name, '-j', '-s', 'link', 'show', name))[0]


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
