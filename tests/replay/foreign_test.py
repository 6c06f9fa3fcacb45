# SPDX-License-Identifier: Apache-2.0
"""Captures that others made, read where they lie, through replay: with one side of their calls declared inside, then the
other. Every packet that an oracle expects to pass passes, every one that it expects to drop drops; where that is not so,
foreign_exceptions.json says how often and why. Nothing of the captures is in the tree.

The oracle knows neither sources nor who began a flow, and closes at once: what it counts as accepted from a source that
no description named may drop (its own --src-check), and media within the agent's latency may go either way.
"""
import collections
import gzip
import json
import os
import pathlib
import unittest

from replay import replay

FOLDER = pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'testdata'
EXCEPTIONS = json.loads((pathlib.Path(__file__).parent / 'foreign_exceptions.json').read_text(encoding='utf-8'))
LATENCY = 0.0002

CONFIG = '''
version: 1
mode: enforce
outside: [eth0]
protect: {{ networks: {inside}, media_ports: 1024-65535 }}
sip: {{ udp: {ports}, tcp: {ports} }}
'''


class Call:
    """Who is on which side of it: the party that an address of SIP speaks for, by what it advertises."""

    def __init__(self, call):
        self.index = call['index']
        self.ports = {message[end] for message in call['messages'] for end in ('sport', 'dport')}
        self.sides = {message[end]: {message[end]} for message in call['messages'] for end in ('src', 'dst')}
        for endpoint in call['endpoints']:
            self.sides.setdefault(endpoint['advertised_by'], set()).add(endpoint['addr'])

    def inside(self, side):
        return self.sides.get(side, set())

    def outside(self, side):
        return set().union(*(addresses for name, addresses in self.sides.items() if name != side))


def groups(calls, side):
    """As few groups as may be in which no address stands on both sides."""
    found = []
    for call in calls:
        inside, outside = call.inside(side), call.outside(side)
        if not inside or inside & outside:
            continue
        for group in found:
            if not (group[0] | inside) & (group[1] | outside):
                group[0] |= inside
                group[1] |= outside
                group[2].add(call.index)
                break
        else:
            found.append([inside, outside, {call.index}])
    return found


def configuration(inside, calls):
    ports = sorted(set().union({5060}, *(call.ports for call in calls)) - {0})
    return CONFIG.format(inside=json.dumps(sorted(inside)), ports=[port for port in ports if port][:64])


def packets_of(path):
    with gzip.open(path, 'rt') as lines:
        fields = json.loads(lines.readline())['fields']
        return [dict(zip(fields, json.loads(line))) for line in lines]


def judge(packet, verdict):
    """None, or what is wrong."""
    if packet['expect'] == 'deny' and verdict['verdict'] == 'pass':
        return 'leak'
    if packet['expect'] != 'accept' or verdict['verdict'] == 'pass' or packet['src_match'] == 'none':
        return None
    return None if packet['since_open'] is not None and packet['since_open'] <= LATENCY else 'lost'


class ForeignCaptures(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        if FOLDER.exists():
            return
        if 'CI' in os.environ:
            self.fail(f'{FOLDER} is missing, and CI must have it')
        self.skipTest(f'data from outside is not here: {FOLDER}')

    def test_lose_nothing_and_leak_nothing(self):
        judged = 0
        for oracle in sorted(FOLDER.rglob('*.oracle.json')):
            base = oracle.name.removesuffix('.oracle.json')
            packets = oracle.with_name(base + '.packets.jsonl.gz')
            capture = next((p for p in (oracle.with_name(base + end) for end in ('.pcap', '.pcapng')) if p.exists()), None)
            if not packets.exists() or capture is None:
                continue
            name = f'{oracle.parent.name}/{base}'
            with self.subTest(name):
                wrong = collections.Counter()
                judged += self.judge_capture(name, capture.read_bytes(), json.loads(oracle.read_text(encoding='utf-8')),
                                             packets_of(packets), wrong)
                self.assertEqual(EXCEPTIONS['captures'].get(name, {}), self.as_told(wrong))
        print(f'{judged} packets judged', end=' ')
        self.assertGreater(judged, 0)

    def judge_capture(self, name, capture, oracle, packets, wrong):
        calls = [Call(call) for call in oracle['calls'].values()]
        judged = 0
        for side in sorted(set().union(*(call.sides for call in calls))):
            for inside, _, indexes in groups(calls, side):
                replayed = replay(capture, config=configuration(inside, calls))
                self.assertEqual(replayed.code, 0, f'{name}: {replayed.errors}')
                for packet in packets:
                    verdict = replayed.verdicts[packet['frame'] - 1]
                    if verdict['dir'] == 'out' or packet['dst'] not in inside or packet['call'] not in indexes | {None}:
                        continue
                    judged += 1
                    if what := judge(packet, verdict):
                        wrong[f'{side} inside', f'{what}: {packet["reason"]}, {verdict["reason"]}'] += 1
        if not calls:  # media without any SIP
            replayed = replay(capture, config=configuration({packet['dst'] for packet in packets}, calls))
            for packet in packets:
                judged += 1
                if what := judge(packet, replayed.verdicts[packet['frame'] - 1]):
                    wrong['all inside', f'{what}: {packet["reason"]}'] += 1
        return judged

    def test_have_a_reason_for_each_exception(self):
        used = {what for sides in EXCEPTIONS['captures'].values() for told in sides.values() for what in told}
        self.assertEqual(used, set(EXCEPTIONS['why']))

    @staticmethod
    def as_told(wrong):
        told = {}
        for (side, what), count in sorted(wrong.items()):
            told.setdefault(side, {})[what] = count
        return told
