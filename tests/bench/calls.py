#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the live agent's processes take while sipp makes calls through it, inside to outside, each with media ports of its
own and hung up at once: INVITE, 180, 200, ACK, BYE, 200. CPU time is schedstat's of parent and worker, wakeups and all,
from the first call until the last has ended; wakeups are the worker's voluntary context switches. An error unless each
call ended, each pinhole closed and no record was lost. A call that the agent reads whole in one round opens none. sipp
itself may be what limits the rate.

  calls.py [--rates 300 1000 3000] [--seconds 10]
"""
import argparse
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'netns'))
from ringwall_netns import janitor                         # noqa: E402
from ringwall_netns.topology import ADDRESSES, Topology    # noqa: E402
from ringwall_netns.wall import Wall, _descendants         # noqa: E402

SCENARIO = pathlib.Path(__file__).with_name('call.xml')
PBX, PEER = ADDRESSES['pbx'][0], ADDRESSES['peer'][0]
PORTS = range(10000, 20000, 2)
SETTLE_SECONDS = 30                                        # at most: the last pinholes drain
QUIET = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}


class Agent:
    """Parent and worker of a wall: what they have taken so far."""

    def __init__(self, wall):
        self.pids = [wall.process.pid, *_descendants(wall.process.pid)]

    def cpu_seconds(self):
        return sum(int(_proc(pid, 'schedstat').split()[0]) for pid in self.pids) / 1e9

    def wakeups(self):
        lines = (line for pid in self.pids for line in _proc(pid, 'status').splitlines())
        return sum(int(line.split()[1]) for line in lines if line.startswith('voluntary_ctxt_switches'))


def _proc(pid, name):
    return pathlib.Path(f'/proc/{pid}/{name}').read_text(encoding='ascii')


def answering(topology):
    return subprocess.Popen(topology.outside.command('sipp', '-sn', 'uas', '-i', PEER, '-p', 5060, '-nostdin'), **QUIET)


def calling(topology, ports, rate, calls):
    return subprocess.Popen(
        topology.inside.command('sipp', f'{PEER}:5060', '-sf', SCENARIO, '-inf', ports, '-i', PBX, '-p', 5060, '-mi', PBX,
                                '-r', rate, '-m', calls, '-l', len(PORTS) // 2, '-nostdin'), **QUIET)


def measure(topology, wall, ports, rate, seconds):
    agent, before = Agent(wall), wall.counters()
    cpu, wakeups, began = agent.cpu_seconds(), agent.wakeups(), time.monotonic()
    caller = calling(topology, ports, rate, rate * seconds)
    code = caller.wait(seconds * 10 + 60)
    took, cpu, wakeups = time.monotonic() - began, agent.cpu_seconds() - cpu, agent.wakeups() - wakeups
    calls = rate * seconds
    since = settled(wall, before, calls)
    lost = {name: count for name, count in since.items() if name.startswith('lost_') and count}
    opened, closed = since.get('pinholes_opened', 0), since.get('pinholes_closed', 0)
    print(f'{rate:5} calls/s asked, {calls / took:5.0f} made: {100 * cpu / took:5.1f} % of one core, '
          f'{1e6 * cpu / calls:6.1f} us a call, {wakeups / calls:5.2f} wakeups a call; pinholes {opened} opened, '
          f'{closed} closed; lost {lost or "nothing"}', flush=True)
    if code != 0 or lost or since.get('calls_ended', 0) != calls or opened != closed or opened < calls:
        raise RuntimeError(f'sipp: exit {code}; {since}')


def settled(wall, before, calls):
    """What was counted since, once the last pinhole has drained."""
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        since = {name: count - before.get(name, 0) for name, count in wall.counters().items()}
        has_settled = since.get('calls_ended', 0) >= calls and since.get('pinholes_opened') == since.get('pinholes_closed')
        if has_settled or time.monotonic() > end:
            return since
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rates', type=int, nargs='+', default=[300, 1000, 3000])
    parser.add_argument('--seconds', type=int, default=10)
    options = parser.parse_args()
    janitor.guard()
    ports = janitor.scratch() / 'ports.csv'
    ports.write_text('SEQUENTIAL\n' + ''.join(f'{port};\n' for port in PORTS), encoding='ascii')
    topology = Topology('edge')
    wall = Wall(topology).start()
    peer = answering(topology)
    try:
        agent = Agent(wall)
        cpu, began = agent.cpu_seconds(), time.monotonic()
        time.sleep(options.seconds)
        print(f'no calls: {100 * (agent.cpu_seconds() - cpu) / (time.monotonic() - began):.1f} % of one core', flush=True)
        for rate in options.rates:
            measure(topology, wall, ports, rate, options.seconds)
    finally:
        peer.kill()
        peer.wait()
        wall.close()
        topology.close()


if __name__ == '__main__':
    main()
