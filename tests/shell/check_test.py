#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `ringwall check` prints, to the letter, for each configuration of tests/data/config/mistakes, and the same as JSON; the
schema that `ringwall schema` prints beside an independent validator; and the examples of docs/examples, good by both.
`check_test.py RINGWALL [--write]`: --write takes what is printed now for what is expected."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / 'tests/data/config'
RINGWALL = ''
SCRATCH = tempfile.TemporaryDirectory()           # ends with the program
OF_THE_CHART = pathlib.Path(SCRATCH.name, 'of_the_chart.yaml')
OF_THE_CHART.write_text(yaml.safe_load((ROOT / 'deploy/helm/ringwall/values.yaml').read_text(encoding='utf-8'))['config'], encoding='utf-8')
EXAMPLES = [ROOT / 'deploy/ringwall.yaml', OF_THE_CHART, DATA / 'every_key.yaml', *sorted((ROOT / 'docs/examples').glob('*.yaml'))]
# YAML 1.2's core schema: what the schema speaks of. PyYAML knows 1.1, where `no` and 1:30 are no strings.
CORE = {'bool': r'true|True|TRUE|false|False|FALSE', 'null': r'~|null|Null|NULL|', 'int': r'[-+]?[0-9]+',
        'float': r'[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?'}


class CoreLoader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}


for kind, pattern in CORE.items():
    CoreLoader.add_implicit_resolver(f'tag:yaml.org,2002:{kind}', re.compile(f'(?:{pattern})$'), None)


def run(*words, cwd):
    done = subprocess.run([RINGWALL, *words], cwd=cwd, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr, done.returncode


def place_of(case):
    """`case` is NAME.yaml, or a folder with ringwall.yaml in it."""
    return (case, 'ringwall.yaml') if case.is_dir() else (case.parent, case.name)


def printed(case):
    cwd, name = place_of(case)
    out, err, code = run('check', '--config', name, cwd=cwd)
    return f'{out}{err}exit {code}\n'


def told(case):
    """What `check --json` says, as it is printed without."""
    cwd, name = place_of(case)
    out, err, code = run('check', '--json', '--config', name, cwd=cwd)
    document = json.loads(out)
    severities = {'error': '', 'warning': 'warning: '}
    lines = ['{file}:{line}:{column}: '.format(**each) + severities[each['severity']] + each['text'] for each in document['findings']]
    return '\n'.join([*(['good'] if document['good'] else []), *lines, f'{err}exit {code}\n'])


def cases():
    return sorted(p for p in (DATA / 'mistakes').iterdir() if p.is_dir() or p.suffix == '.yaml')


def validator():
    schema = json.loads(run('schema', cwd=ROOT)[0])
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def is_valid(text):
    return not list(validator().iter_errors(yaml.load(text, CoreLoader)))


class Check(unittest.TestCase):
    maxDiff = None

    def test_prints_to_the_letter_what_is_expected(self):
        self.assertGreaterEqual(len(cases()), 20)
        for case in cases():
            with self.subTest(case.name):
                self.assertEqual(printed(case), case.with_suffix('.expected').read_text(encoding='utf-8'))

    def test_says_the_same_as_json(self):
        for case in cases():
            with self.subTest(case.name):
                self.assertEqual(told(case), case.with_suffix('.expected').read_text(encoding='utf-8'))

    def test_warns_of_each_line_of_a_list_that_is_left_out(self):
        lines = {'0.0.0.0/0': 'holds all of IPv4 or IPv6, which no list may', '::/0': 'holds all of IPv4 or IPv6, which no list may',
                 'any': 'holds all of IPv4 or IPv6, which no list may',
                 '203.0.113.5/24': 'expected an address, or a prefix without host bits',
                 '198.51.100.0 - 198.51.100.9': 'a range, expected prefixes'}
        with tempfile.TemporaryDirectory() as folder:
            deny, gone = pathlib.Path(folder, 'deny.txt'), pathlib.Path(folder, 'gone.txt')
            deny.write_text('\n'.join([*(f'192.0.2.{i}' for i in range(8)), *lines]), encoding='utf-8')
            pathlib.Path(folder, 'ringwall.yaml').write_text(
                'version: 1\noutside: [eth0]\nprotect: { networks: [self], media_ports: 10000-20000 }\n'
                f'deny: {{ files: [{deny}, {gone}] }}\n', encoding='utf-8')
            expected = [*(f'{deny}:{number}:1: warning: {text}, left out' for number, text in enumerate(lines.values(), 9)),
                        f'{gone}: warning: cannot read: No such file or directory; nothing of it is in force']
            out, err, code = run('check', '--config', 'ringwall.yaml', cwd=folder)
            self.assertEqual((out, err.splitlines(), code), ('good\n', expected, 0))
            out, _, code = run('check', '--json', '--config', 'ringwall.yaml', cwd=folder)
            findings = json.loads(out)['findings']
            self.assertEqual([(f['severity'], f['file'], f['line']) for f in findings],
                             [*(('warning', str(deny), number) for number in range(9, 14)), ('warning', str(gone), None)])
            self.assertEqual(code, 0)

    def test_finds_the_examples_good_and_without_a_warning(self):
        self.assertGreaterEqual(len(EXAMPLES), 6)
        for example in EXAMPLES:
            with self.subTest(example.name):
                out, err, code = run('check', '--config', example.name, cwd=example.parent)
                if example.name != 'every_key.yaml':         # which contradicts itself, and names lists that are not there
                    self.assertEqual(err, '')
                self.assertEqual((out, code), ('good\n', 0))


class Schema(unittest.TestCase):
    def test_is_what_the_tree_has(self):
        self.assertEqual(run('schema', cwd=ROOT)[0], (ROOT / 'policy/schema/ringwall.schema.json').read_text(encoding='utf-8'))

    def test_finds_the_examples_good_in_the_eyes_of_another_validator(self):
        for example in EXAMPLES:
            with self.subTest(example.name):
                document = yaml.load(example.read_text(encoding='utf-8'), CoreLoader)
                self.assertEqual([e.message for e in validator().iter_errors(document)], [])

    def test_finds_the_mistakes_that_are_of_shape(self):
        for name in ['misspelt_keys', 'misspelt_words', 'everything_missing', 'parts_missing', 'wrong_kinds',
                     'numbers_out_of_range', 'quoted_numbers', 'ports']:
            with self.subTest(name):
                self.assertFalse(is_valid((DATA / f'mistakes/{name}.yaml').read_text(encoding='utf-8')))

    def test_leaves_contradictions_to_check(self):
        for name in ['contradictions', 'shadowed', 'too_tight', 'too_open']:
            with self.subTest(name):
                self.assertTrue(is_valid((DATA / f'mistakes/{name}.yaml').read_text(encoding='utf-8')))

    def test_has_examples_that_are_good(self):
        schema = validator().schema

        def look(node):
            if isinstance(node, dict):
                for example in [*node.get('examples', []), *([node['default']] if 'default' in node else [])]:
                    errors = list(jsonschema.Draft7Validator({**node, 'definitions': schema['definitions']}).iter_errors(example))
                    self.assertEqual([e.message for e in errors], [], example)
            for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
                if not isinstance(node, dict) or each not in (node.get('examples'), node.get('default')):
                    look(each)

        look(schema)

    def test_is_named_in_the_first_line_of_what_is_shipped(self):
        for example in EXAMPLES:
            if example.parent != DATA:
                self.assertTrue(example.read_text(encoding='utf-8').startswith(
                    '# yaml-language-server: $schema=/usr/share/ringwall/ringwall.schema.json\n'), example)


if __name__ == '__main__':
    RINGWALL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    if '--write' in sys.argv:
        for each in cases():
            each.with_suffix('.expected').write_text(printed(each), encoding='utf-8')
    else:
        unittest.main()
