#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a pinhole hit costs, live, beside a bare program of one clock reading, one lookup with the same key in the same map
and one counter, in one run. Method: live.py. Both drop what they would pass: the stack behind a pass would cost more than
either.

  pinholes.py FLOOD_BENCH [--rounds 3] [--seconds 1] [--pinholes 1 65536 1048576]
"""
import argparse
import pathlib
import statistics

from live import Link, end
from ringwall_netns import janitor

PROGRAMS = {'bare_turned': 'clock, lookup, counter', 'wall_turned': 'pinhole hit'}


def measure(link, program, family, pinholes, seconds):
    """ns a packet; a packet that met no pinhole would have passed, and is an error."""
    receiver = link.tool(link.edge, 'hold', 'outer', program, family, str(pinholes))
    try:
        packets, hits = link.counted()[0], link.xdp_dropped()
        with link.load(f'media{family}', pinholes):
            link.warm_up(pinholes)
            ns, _, _ = link.measure(seconds)
        packets, hits = link.counted()[0] - packets, link.xdp_dropped() - hits
    finally:
        end(receiver)
    if hits < 0.99 * packets:
        raise RuntimeError(f'{program}: of {packets} packets {hits} met a pinhole')
    return ns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('flood_bench', type=pathlib.Path)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=1.0)
    parser.add_argument('--pinholes', type=int, nargs='+', default=[1, 1 << 16, 1 << 20], help='powers of two')
    options = parser.parse_args()
    janitor.guard()
    link = Link(options.flood_bench.resolve())
    for pinholes in options.pinholes:
        for family in ('4', '6'):
            rounds = {program: [] for program in PROGRAMS}
            for _ in range(options.rounds):
                for program, figures in rounds.items():
                    figures.append(measure(link, program, family, pinholes, options.seconds))
            medians = {program: statistics.median(figures) for program, figures in rounds.items()}
            for program, figures in rounds.items():
                print(f'{pinholes:>9,} pinholes, IPv{family}: {PROGRAMS[program]:24} {medians[program]:5.0f} ns '
                      f'[{min(figures):.0f}..{max(figures):.0f}]')
            print(f'{pinholes:>9,} pinholes, IPv{family}: hit / bare lookup '
                  f'{medians["wall_turned"] / medians["bare_turned"]:.2f}', flush=True)
    link.topology.close()


if __name__ == '__main__':
    main()
