#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/reference.md lists what the code can say: every reason, event and metric word for word, every counter of the core and
every event of the log by name."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
REASON = re.compile(r'\bREASON\(\s*(\d+),\s*(\w+),\s*(pass|drop),\s*"([^"]*)"\)')
EVENT = re.compile(r'\bEVENT\(\s*(\w+),\s*"([^"]*)"\)')
COUNTED = re.compile(r'\bcount\(([^;]*)\);')                         # count("label"), count(x ? "one" : "other")
GIVEN = re.compile(r'\{"([a-z0-9_]+)",\s*(?:table|book|outsiders|externals|defence|ceilings|fragments|framing|streams)\.[\w.()]+\}|push_back\(\{"([a-z0-9_]+)",')
METRIC = re.compile(r'(?:gauge|counter|add)\("(\w+)",\s*"([^"]*)"')
LOGGED = re.compile(r'log::(?:debug|info|warn|error)\(\s*"([^"]+)"|log::event\([^;"]*"([^"]+)"|\bLevel::\w+,\s*"([^"]+)"')
LITERAL = re.compile(r'"([a-z0-9_]+)"')
DEFECTS = {'sip_defect_': 'agent/sip/defect.cpp', 'sdp_defect_': 'agent/sdp/defect.cpp'}
FEWEST = {'Reasons': 30, 'Events': 5, 'Core counters': 50, 'Metrics': 15, 'Log': 25} # fewer found means that this test reads nothing


def text_of(name):
    return (ROOT / name).read_text(encoding='utf-8')


def reasons():
    return {(number, f'`{label}`', verdict, sentence) for number, label, verdict, sentence in REASON.findall(text_of('maps/abi/reason.h'))}


def events():
    return {(f'`{label}`', sentence) for label, sentence in EVENT.findall(text_of('maps/abi/counters.h'))}


def metrics():
    return {(f'`{name}`', sentence) for name, sentence in METRIC.findall(text_of('agent/control/metrics.cpp'))}


def counters():
    core, worker = text_of('agent/core.cpp') + text_of('agent/core_state.cpp') + text_of('agent/reader.cpp'), text_of('agent/process/worker.cpp') + text_of('agent/follower.cpp')
    transport = text_of('agent/transport/transport.cpp')
    labels = {label for call in COUNTED.findall(core) for label in LITERAL.findall(call)}
    labels |= {one or other for one, other in GIVEN.findall(core) + GIVEN.findall(worker) + GIVEN.findall(transport)}
    for prefix in labels & DEFECTS.keys():
        labels.remove(prefix)
        labels |= {prefix + name for name in LITERAL.findall(text_of(DEFECTS[prefix]))}
    return {(f'`{label}`',) for label in labels}


def logged():
    code = '\n'.join(path.read_text(encoding='utf-8') for path in sorted((ROOT / 'agent').rglob('*.cpp')))
    return {(f'`{"".join(found)}`',) for found in LOGGED.findall(code)}


def rows(title, columns):
    """The first `columns` cells of every row of every table under `## title`, the heads left out."""
    section = text_of('docs/reference.md').split(f'\n## {title}\n', 1)[-1].split('\n## ', 1)[0]
    lines = [line for line in section.split('\n') if line.startswith('| ') and '`' in line]
    return [tuple(cell.strip() for cell in line.strip('|').split('|'))[:columns] for line in lines]


def mistakes():
    for title, columns, code in (('Reasons', 4, reasons()), ('Events', 2, events()), ('Core counters', 1, counters()), ('Metrics', 2, metrics()),
                                 ('Log', 1, logged())):
        page = rows(title, columns)
        if len(code) < FEWEST[title]:
            yield f'{title}: only {len(code)} found in the code'
        yield from (f'{title}: the code has {" | ".join(row)}, the page has not' for row in sorted(code - set(page)))
        yield from (f'{title}: the page has {" | ".join(row)}, the code has not' for row in sorted(set(page) - code))
        yield from (f'{title}: twice on the page: {row[0]}' for row in sorted(set(page)) if page.count(row) > 1)


def main():
    found = list(mistakes())
    print('\n'.join(found))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
