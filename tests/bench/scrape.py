#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a wall with many calls costs those who ask it, and in memory: how long a scrape of /metrics, `status` and the long
lists take, and how long others wait meanwhile (the longest that a request for /livez takes: so long would a message of SIP
wait). The calls are answered ones with two pinholes each, put into the maps while no agent runs; the one that starts then
takes them over, as after a restart.

  scrape.py [--calls 0 10000 50000 100000] [--rounds 9]
"""
import argparse
import ctypes
import ipaddress
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'netns'))
from metrics_test import ask                               # noqa: E402
from ringwall_netns import janitor                         # noqa: E402
from ringwall_netns.topology import Topology               # noqa: E402
from ringwall_netns.wall import Wall, _descendants, binary  # noqa: E402

FRESH_SECONDS = 1.05                                       # a scrape may be a second old
HOUR_NS = 3600 * 10**9
PEER = ipaddress.ip_address('198.51.100.7')
_bpf = ctypes.CDLL('libbpf.so.1', use_errno=True)


# As maps/abi has them.

def address(of):
    return bytes(10) + b'\xff\xff' + of.packed


def pinhole_key(local, port):
    return address(local) + struct.pack('<I', port << 16 | 17)


def peer(port):
    return address(PEER) + struct.pack('>HH', port, 0)


def pinhole(leg, component, now_ns):
    answered, peers, zone = 2, 3 << 4, 1 << 12
    head = struct.pack('<QQQ', answered | peers | component << 8 | zone, now_ns + 12 * HOUR_NS, 0)
    head += peer(30000) + struct.pack('<IQQ', 300, 2**64 - 1, 2**64 - 1)
    value = bytearray(head.ljust(152, b'\0'))
    value[136:144] = struct.pack('<Q', leg)
    return bytes(value)


def record(number, keys, now_ns):
    confirmed = 2
    head = struct.pack('<QQQIIIBBBB', now_ns, int(time.time()), now_ns + 12 * HOUR_NS, 0, 1, 1, confirmed, 0, len(keys), 0)
    head += peer(5060) + struct.pack('<I', number)
    texts = (f'outside-{number}'.encode().ljust(128, b'\0') + f'inside-{number}'.encode().ljust(128, b'\0')
             + f'call-{number}@bench'.encode().ljust(256, b'\0') + b'sip:a@198.51.100.7'.ljust(96, b'\0')
             + b'sip:b@192.0.2.10'.ljust(96, b'\0'))
    claims = b''.join(key + bytes([0, 1 + index, 2, 0]) for index, key in enumerate(keys))
    return head + claims.ljust(16 * 24 + 12 * 20, b'\0') + texts


class Map:
    def __init__(self, wall, name):
        self._fd = _bpf.bpf_obj_get(str(wall.pin_path / 'maps' / name).encode())

    def put(self, key, value):
        if _bpf.bpf_map_update_elem(self._fd, key, value, ctypes.c_uint64(0)) != 0:
            raise RuntimeError(f'errno {ctypes.get_errno()}')

    def close(self):
        os.close(self._fd)


def put_calls(wall, numbers):
    pinholes, dialogs, now_ns = Map(wall, 'pinholes'), Map(wall, 'dialogs'), time.monotonic_ns()
    for number in numbers:
        leg = int.from_bytes(os.urandom(8), 'little') | 1
        local, port = ipaddress.ip_address('192.0.2.0') + number // 5000, 10000 + 2 * (number % 5000)
        keys = [pinhole_key(local, port), pinhole_key(local, port + 1)]
        for index, key in enumerate(keys):
            pinholes.put(key, pinhole(leg, 1 + index, now_ns))
        dialogs.put(struct.pack('<Q', leg), record(number, keys, now_ns))
    pinholes.close()
    dialogs.close()


# What is measured.

def seconds(ask_it):
    began = time.monotonic()
    ask_it()
    return time.monotonic() - began


def longest_wait(namespace, during):
    """Of a request that goes on at once whenever the loop is free."""
    waits, is_over = [], threading.Event()

    def probe():
        while not is_over.is_set():
            waits.append(seconds(lambda: ask(namespace, '/livez')))
    prober = threading.Thread(target=probe)
    prober.start()
    during()
    is_over.set()
    prober.join()
    return max(waits)


def resident_mb(pid):
    lines = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='ascii').splitlines()
    return int(next(line for line in lines if line.startswith('VmRSS')).split()[1]) / 1024


def cpu_seconds(worker):
    return int(pathlib.Path(f'/proc/{worker}/schedstat').read_text(encoding='ascii').split()[0]) / 1e9


def show(name, times, note=''):
    middle, first, last = statistics.median(times) * 1e3, min(times) * 1e3, max(times) * 1e3
    print(f'  {name:<10} {middle:8.1f} ms [{first:.1f}..{last:.1f}]{note}', flush=True)


def parent_and_worker(wall):
    parent = next(pid for pid in [wall.process.pid, *_descendants(wall.process.pid)]
                  if 'ringwall' in pathlib.Path(f'/proc/{pid}/comm').read_text(encoding='ascii'))
    return parent, _descendants(parent)[0]


def show_all(wall, what):
    """As a person at a terminal would ask for it. To nowhere: to read 100 MB would keep the prober from its turn."""
    subprocess.run(wall.namespace.command(binary(), what, '--json', '--socket', wall.socket), stdout=subprocess.DEVNULL, check=True)


def measure(wall, namespace, rounds):
    parent, worker = parent_and_worker(wall)
    print(f'  memory: worker {resident_mb(worker):.1f} MiB, parent {resident_mb(parent):.1f} MiB')
    cpu = []

    def scrape():
        time.sleep(FRESH_SECONDS)
        before = cpu_seconds(worker)
        took = seconds(lambda: ask(namespace, '/metrics'))
        cpu.append(cpu_seconds(worker) - before)
        return took
    scrapes = [scrape() for _ in range(rounds)]
    show('/metrics', scrapes, f', of it {statistics.median(cpu) * 1e3:.1f} ms CPU')
    show('status', [seconds(wall.status) for _ in range(rounds)])
    idle = longest_wait(namespace, lambda: time.sleep(1))
    for name, long_one in (('/metrics', scrape), ('calls', lambda: show_all(wall, 'calls')),
                           ('pinholes', lambda: show_all(wall, 'pinholes'))):
        took = []
        wait = longest_wait(namespace, lambda: took.append(seconds(long_one)))
        print(f'  during {name} of {took[0]:.2f} s: longest wait of others {wait * 1e3:.1f} ms (of none: {idle * 1e3:.1f} ms)')
    print(f'  memory after: worker {resident_mb(worker):.1f} MiB', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--calls', type=int, nargs='+', default=[0, 10_000, 50_000, 100_000])
    parser.add_argument('--rounds', type=int, default=9)
    options = parser.parse_args()
    janitor.guard()
    topology = Topology('edge')
    wall = Wall(topology, {'protect': {'media_ports': '10000-20000'}, 'timers': {'idle': '1h'}}).start()
    have = 0
    for wanted in sorted(options.calls):
        wall.stop()
        put_calls(wall, range(have, wanted))
        have = wanted
        wall.start(timeout=600)
        print(f'{wanted:,} calls, {2 * wanted:,} pinholes: {wall.status()["calls"]:,} and {wall.status()["pinholes"]:,} by `status`')
        measure(wall, topology.edge, options.rounds)
    wall.close()
    topology.close()


if __name__ == '__main__':
    main()
