#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the suites said in each kernel, as one table.

  table.py RESULTS.tsv…               for a terminal
  table.py --document RESULTS.tsv…    docs/platforms.md

A file is what vm-tests/guest.sh wrote, named by the kernel's version; one that is missing never finished its boot.
"""
import pathlib
import sys

SUITES = {
    'verdicts': 'the verdict tests by BPF_PROG_TEST_RUN, but floods and long random sequences; objects of clang 14',
    'clang19': 'the same with the objects of clang 19',
    'native': 'calls, restart and takedown between namespaces, XDP in the driver',
    'tc': 'the same with TC ingress (tcx, or clsact before 6.6)',
    'generic': 'the same with generic XDP',
    'links': 'calls over VLAN devices, tagged frames and a bond',
}

PREFACE = '''# Platforms

Written by `scripts/vm-tests.sh --write`: Debian's kernels, booted in an emulated machine (virtme-ng, qemu without KVM),
running the release build. The kernel of the machine that builds runs all tests besides (`scripts/test.sh`).
[architecture.md](architecture.md) says what attaches how.
'''


def read(path):
    """({suite: (passed, failed, skipped, seconds, missing)}, {program: (instructions, states)}) of one kernel."""
    suites, costs = {}, {}
    lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
    for kind, name, *rest in (line.split('\t') for line in lines):
        if kind == 'suite':
            suites[name] = (*map(int, rest[:4]), rest[4])
        else:
            costs[name] = tuple(rest)
    return suites, costs


def cell(result):
    if result is None:
        return 'not run'
    passed, failed, skipped, seconds, _ = result
    counts = f'{passed} passed' + (f', **{failed} failed**' if failed else '') + (f', {skipped} skipped' if skipped else '')
    return f'{counts} ({seconds} s)'


def document(kernels):
    names = [s for s in SUITES if any(s in suites for suites, _ in kernels.values())]
    yield PREFACE
    yield '| suite | ' + ' | '.join(kernels) + ' |'
    yield '|---' * (len(kernels) + 1) + '|'
    for name in names:
        yield f'| `{name}` | ' + ' | '.join(cell(suites.get(name)) for suites, _ in kernels.values()) + ' |'
    yield ''
    yield from (f'- `{name}`: {SUITES[name]}' for name in names)
    skips = [(kernel, name, result[4]) for kernel, (suites, _) in kernels.items() for name, result in suites.items()
             if result[2]]
    if skips:
        yield '\nSkipped, for what the kernel cannot do:\n'
        yield from (f'- {kernel}, `{name}`: {missing}' for kernel, name, missing in skips)
    yield '\n## What the verifier does\n'
    yield 'Instructions processed (and states kept) until a program is accepted. A test holds each under 200,000; Linux'
    yield 'gives up at a million.\n'
    yield '| program | ' + ' | '.join(kernels) + ' |'
    yield '|---' * (len(kernels) + 1) + '|'
    for program in sorted({p for _, costs in kernels.values() for p in costs}):
        costs = [costs.get(program) for _, costs in kernels.values()]
        yield f'| `{program}` | ' + ' | '.join(f'{int(c[0]):,} ({c[1]})' if c else '–' for c in costs) + ' |'


def terminal(kernels):
    for kernel, (suites, _) in kernels.items():
        yield f'Linux {kernel}'
        yield from (f'  {name:12} {cell(result)}' for name, result in suites.items())
        if not suites:
            yield '  did not finish'


def main(words):
    paths = [pathlib.Path(w) for w in words if w != '--document']
    kernels = {path.stem: read(path) for path in paths}
    print('\n'.join((document if '--document' in words else terminal)(kernels)))


if __name__ == '__main__':
    main(sys.argv[1:])
