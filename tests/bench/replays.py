#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast `ringwall replay` goes through a capture: calls that begin 500 a second, each with its media ports, INVITE to
BYE's 200 (seven messages), with and without media in both directions. An error unless each call was followed to its end.

  replays.py [--calls 5000] [--media 40 0] [--rounds 5]      --media: RTP packets a call
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / folder) for folder in ('replay', 'netns')]
from call import Call                                      # noqa: E402
from captures import Script, pcap                          # noqa: E402
from replay import BINARY, CONFIG                          # noqa: E402

EVERY_NS = 2_000_000
PORTS = 5000


def capture(calls, media):
    packets = []
    for number in range(calls):
        script = Script()
        script.now = number * EVERY_NS
        call = Call(script, inside=f'192.0.2.{10 + number // PORTS}', port=10000 + number % PORTS * 2)
        call.invite()
        call.respond(100, with_sdp=False)
        call.respond(180, with_sdp=False)
        call.respond(200)
        call.ack()
        for sequence in range(media // 2):
            call.hear(sequence=sequence)
            call.speak(sequence=sequence)
        call.bye()
        packets += script.packets
    whole = Script()
    whole.packets = sorted(packets, key=lambda packet: packet[0])
    return pcap(whole), len(whole.packets)


def run(folder, path):
    """Seconds by the clock, of CPU, and what the summary says."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ran = subprocess.run([BINARY, 'replay', '--config', folder / 'ringwall.yaml', path, '--json', '--verdicts', os.devnull,
                          '--calls', folder / 'calls'], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu, json.loads(ran.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--calls', type=int, default=5000)
    parser.add_argument('--media', type=int, nargs='+', default=[40, 0])
    parser.add_argument('--rounds', type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='rw-replay-') as name:
        folder = pathlib.Path(name)
        (folder / 'ringwall.yaml').write_text(CONFIG, encoding='utf-8')
        for media in options.media:
            content, packets = capture(options.calls, media)
            (folder / 'capture').write_bytes(content)
            runs = [run(folder, folder / 'capture') for _ in range(options.rounds)]
            followed = len(json.loads((folder / 'calls').read_text(encoding='utf-8')))
            if followed != options.calls:
                raise RuntimeError(f'{followed} of {options.calls} calls were followed')
            clock, cpu = (statistics.median(one[part] for one in runs) for part in (0, 1))
            print(f'{options.calls} calls, {media} of RTP each: {packets} packets in {clock:.2f} s, of it {cpu:.2f} s of CPU: '
                  f'{packets / clock:,.0f} packets/s', flush=True)


main()
