#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a packet of a SIP flood costs the core that receives it: the wall, a bare XDP_DROP, and the firewall rules that
people have today, on the same veth in one run.

  flood.py FLOOD_BENCH [--rounds 3] [--seconds 1] [--sources 1 1024 …] [--arms drop wall …] [--rate PACKETS_A_SECOND]
           [--family 6]

Method: live.py. Who is over the limit is dropped, and who is not is forwarded inside, where a bare XDP_DROP takes it: the
share that passed stands beside each figure. Limits are the same for all: one REGISTER an hour from each address
(of IPv6 from each /64), so that after one pass over all sources everything is over.
"""
import argparse
import contextlib
import os
import pathlib
import statistics
import sys

from live import Link, end, run
from ringwall_netns import janitor
from ringwall_netns.wall import Wall

DENIED = 1_000_000


# The arms. Each is in place while its context lasts.

@contextlib.contextmanager
def drop(link, program='flood_drop'):
    process = link.tool(link.edge, 'drop', 'outer', program)
    try:
        yield
    finally:
        end(process)


LIMITED = {'mode': 'enforce', 'attach': 'native',
           'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True, 'limits': {'REGISTER': '1/h'}}]}


@contextlib.contextmanager
def wall(link, denied=0):
    standing = Wall(link.topology, LIMITED)
    try:
        standing.start()
        if denied:
            run(link.flood_bench, 'deny', standing.config_path, standing.pin_path, denied)
        yield standing
    finally:
        standing.close()


def wall_with_deny_list(link):
    return wall(link, DENIED)


# A chain of one rule a method, as guides have it: REGISTER first, so that the flood meets the first rule.
METHODS = ('REGISTER', 'INVITE', 'SUBSCRIBE', 'OPTIONS', 'ACK')
OF_FAMILY = {4: ('iptables-legacy', 'ip', 'ipv4_addr', 'ip saddr', []),
             6: ('ip6tables-legacy', 'ip6', 'ipv6_addr', 'ip6 saddr & ffff:ffff:ffff:ffff::', ['--hashlimit-srcmask', '64'])}
HASHLIMIT = ['--hashlimit-above', '1/hour', '--hashlimit-burst', '1', '--hashlimit-mode', 'srcip',
             '--hashlimit-htable-size', '262144', '--hashlimit-htable-max', '2000000']


@contextlib.contextmanager
def iptables(link, table, chain):
    command, _, _, _, mask = OF_FAMILY[link.family]
    for method in METHODS:
        link.edge.run(command, '-t', table, '-A', chain, '-i', 'outer', '-p', 'udp', '--dport', '5060',
                      '-m', 'string', '--algo', 'bm', '--to', '65', '--string', f'{method} sip:',
                      '-m', 'hashlimit', *HASHLIMIT, *mask, '--hashlimit-name', f'rw-{method}', '-j', 'DROP')
    try:
        yield
    finally:
        link.edge.run(command, '-t', table, '-F', chain)


@contextlib.contextmanager
def nftables(link, hook):
    _, table, address, source, _ = OF_FAMILY[link.family]
    sets = [f'  set s{n} {{ type {address}; size 2000000; flags dynamic, timeout; timeout 1h; }}'
            for n, _ in enumerate(METHODS)]
    rules = []
    for number, method in enumerate(METHODS):
        token = f'{method} '.encode()[:8]
        rules.append(f'udp dport 5060 @th,64,{8 * len(token)} 0x{token.hex()} '
                     f'update @s{number} {{ {source} limit rate over 1/hour burst 1 packets }} drop')
    chain = [f'  chain flood {{ type filter hook {hook};', *rules, '  }']
    link.edge.run('nft', '-f', '-', input='\n'.join([f'table {table} rw_flood {{', *sets, *chain, '}', '']))
    try:
        yield
    finally:
        link.edge.run('nft', 'delete', 'table', table, 'rw_flood')


ARMS = {
    'drop': ('bare XDP_DROP', drop),
    'read': ('XDP_DROP of port 5060: the packet is read', lambda link: drop(link, 'flood_read')),
    'wall': ('Ringwall, lists empty', wall),
    'denied': (f'Ringwall, {DENIED:,} denied prefixes', wall_with_deny_list),
    'iptables-raw': ('iptables string + hashlimit, raw PREROUTING', lambda link: iptables(link, 'raw', 'PREROUTING')),
    'iptables': ('iptables string + hashlimit, FORWARD', lambda link: iptables(link, 'filter', 'FORWARD')),
    'nft-raw': ('nftables dynamic set, prerouting -300',
                lambda link: nftables(link, 'prerouting priority -300')),
    'nft': ('nftables dynamic set, forward', lambda link: nftables(link, 'forward priority 0')),
}


def measure_arm(link, arm, options):
    """{sources: (ns, packets a second, share passed)} of one round."""
    figures = {}
    with ARMS[arm][1](link):
        for sources in options.sources:
            with link.load('registrations6' if link.family == 6 else 'registrations', sources, options.rate):
                link.warm_up(sources)
                figures[sources] = link.measure(options.seconds)
    return figures


def print_table(results, sources):
    """Medians, with the range; against the bare drop where that was measured."""
    def median(arm, number):
        return statistics.median(f[number][0] for f in results[arm])

    for arm, rounds in results.items():
        print(f'\n{ARMS[arm][0]}')
        for number in sources:
            ns = sorted(f[number][0] for f in rounds)
            passed = statistics.median(f[number][2] for f in rounds)
            rate = statistics.median(f[number][1] for f in rounds)
            line = (f'  {number:>9,} sources: {median(arm, number):6.0f} ns [{ns[0]:.0f}..{ns[-1]:.0f}], '
                    f'{1000 / median(arm, number):5.2f} Mpkt/cpu-s, {rate / 1e6:.2f} M/s arrived, {100 * passed:.2f} % passed')
            if 'drop' in results:
                line += f', {100 * median("drop", number) / median(arm, number):.0f} % of XDP_DROP\'s rate'
            print(line)
        if len(sources) > 1:
            print(f'  {sources[-1]:,} sources cost {median(arm, sources[-1]) / median(arm, sources[0]):.2f} x what '
                  f'{sources[0]:,} does')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('flood_bench', type=pathlib.Path)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=1.0)
    parser.add_argument('--sources', type=int, nargs='+', default=[1, 1 << 10, 1 << 17, 1 << 20], help='powers of two')
    parser.add_argument('--arms', nargs='+', choices=ARMS, default=list(ARMS))
    parser.add_argument('--rate', type=int, default=0)
    parser.add_argument('--family', type=int, choices=OF_FAMILY, default=4)
    options = parser.parse_args()
    if os.cpu_count() < 2:
        sys.exit('flood.py: needs a CPU to send and one to receive')
    janitor.guard()
    link = Link(options.flood_bench.resolve(), family=options.family)
    results = {arm: [] for arm in options.arms}
    for _ in range(options.rounds):
        for arm in options.arms:
            results[arm].append(measure_arm(link, arm, options))
            print(f'{ARMS[arm][0]}:', {n: f'{ns:.0f} ns' for n, (ns, _, _) in results[arm][-1].items()}, flush=True)
    print_table(results, options.sources)
    link.topology.close()


if __name__ == '__main__':
    main()
