#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is shipped beside the program: alerts and dashboard name metrics and labels that the code has, and the alerts do what
their own tests say; the chart is of this version. (`scripts/container.sh test` renders the chart, as it takes helm.)"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART, PROMETHEUS, GRAFANA = ROOT / 'deploy/helm/ringwall', ROOT / 'deploy/prometheus', ROOT / 'deploy/grafana/ringwall.json'
NAME = re.compile(r'\b((?:ringwall|process)_\w+)')
MATCHER = re.compile(r'\b(reason|event)(=~?)"([^"]*)"')
SKIPPED = 77


def text_of(name):
    return (ROOT / name).read_text(encoding='utf-8')


def metrics():
    return set(re.findall(r'\("((?:ringwall|process)_\w+)",', text_of('agent/control/metrics.cpp')))


def labels():
    """What `reason` and `event` may be. Counters of the agent: docs_test holds the page against the code."""
    counters = text_of('docs/reference.md').split('\n## Core counters\n', 1)[-1].split('\n## ', 1)[0]
    return {'reason': set(re.findall(r'REASON\(\d+, (\w+),', text_of('maps/abi/reason.h'))),
            'event': set(re.findall(r'EVENT\((\w+), "', text_of('maps/abi/counters.h'))) | set(re.findall(r'\n\| `(\w+)`', counters))}


def expressions():
    for group in yaml.safe_load((PROMETHEUS / 'ringwall.rules.yml').read_text(encoding='utf-8'))['groups']:
        for rule in group['rules']:
            yield f'alert {rule["alert"]}', rule['expr']
    for panel in json.loads(GRAFANA.read_text(encoding='utf-8'))['panels']:
        for target in panel['targets']:
            yield f'panel {panel["title"]}', target['expr']


def expression_mistakes():
    known_metrics, known_labels = metrics(), labels()
    for where, expression in expressions():
        for name in NAME.findall(expression):
            if re.sub('_(bucket|sum|count)$', '', name) not in known_metrics:
                yield f'{where}: no metric {name}'
        for label, operator, value in MATCHER.findall(expression):
            for part in value.split('|') if operator == '=~' else [value]:
                if not any(re.fullmatch(part, known) for known in known_labels[label]):
                    yield f'{where}: no {label} {part}'


def dashboard_mistakes():
    board = json.loads(GRAFANA.read_text(encoding='utf-8'))
    if board.get('uid') != 'ringwall' or 'id' in board:
        yield 'dashboard: its uid is ringwall, and an id is the importing server\'s to give'
    if len({panel['id'] for panel in board['panels']}) != len(board['panels']):
        yield 'dashboard: two panels have one id'
    for panel in board['panels']:
        if any(each['datasource']['uid'] != '${datasource}' for each in [panel, *panel['targets']]):
            yield f'dashboard: panel {panel["title"]} does not take the data source that is chosen'
        if any('$instance' not in target['expr'] for target in panel['targets']):
            yield f'dashboard: panel {panel["title"]} does not take the instance that is chosen'


def untested_alerts():
    tests = (PROMETHEUS / 'ringwall.tests.yml').read_text(encoding='utf-8')
    for where, _ in expressions():
        kind, _, name = where.partition(' ')
        if kind == 'alert' and f'alertname: {name}\n' not in tests:
            yield f'{where}: no test makes it fire'


def chart_mistakes():
    version = re.search(r'^project\(ringwall VERSION (\S+)', text_of('CMakeLists.txt'), re.MULTILINE).group(1)
    chart = yaml.safe_load((CHART / 'Chart.yaml').read_text(encoding='utf-8'))
    for key in ('version', 'appVersion'):
        if chart[key] != version:
            yield f'chart: its {key} is {chart[key]}, the program is {version}'
    schema = json.loads((CHART / 'values.schema.json').read_text(encoding='utf-8'))
    values = yaml.safe_load((CHART / 'values.yaml').read_text(encoding='utf-8'))
    yield from (f'chart: {"/".join(map(str, e.path))}: {e.message}' for e in jsonschema.Draft7Validator(schema).iter_errors(values))


def promtool_mistakes():
    for words in (['check', 'rules', PROMETHEUS / 'ringwall.rules.yml'], ['test', 'rules', PROMETHEUS / 'ringwall.tests.yml']):
        done = subprocess.run(['promtool', *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield done.stdout + done.stderr


def main():
    if not shutil.which('promtool'):
        print('skipped: needs promtool (scripts/setup.sh --servers)')
        return SKIPPED
    found = [*expression_mistakes(), *dashboard_mistakes(), *untested_alerts(), *chart_mistakes(), *promtool_mistakes()]
    print('\n'.join(found))
    return 1 if found or len(list(expressions())) < 20 else 0


if __name__ == '__main__':
    sys.exit(main())
