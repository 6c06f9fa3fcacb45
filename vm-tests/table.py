#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the suites said in each kernel, as one table.

  table.py RESULTS               for a terminal
  table.py --document RESULTS    docs/platforms.md

RESULTS holds KERNEL/SUITE.tsv, as vm-tests/guest.sh wrote them, and arm64/unit.tsv of scripts/arm64.sh.
"""
import pathlib
import re
import sys

SUITES = {
    'verdicts': '''the verdict tests by BPF_PROG_TEST_RUN, the way in mostly by XDP; objects of clang 14. Left out, as
  they take an emulated machine many minutes (the filter `quick` of `vm-tests/guest.sh`): floods, full tables, long
  random sequences (`Hammer`, `Soak`, `Property`), a hundred thousand sources at their limits, frames cut at every
  length, the suites of fragments and TCP once more behind VLAN tags (each row of the rule table is tried behind none,
  one and two), and of the questions of `ringwall why` all but ten''',
    'clang19': 'every program loaded from the objects of clang 19, and a part of the verdict tests',
    'native': 'calls, a killed and a stopped agent, takedown: between namespaces, by XDP in the driver',
    'tc': 'the same by TC ingress (tcx; before Linux 6.6 clsact)',
    'generic': 'the same by generic XDP',
    'links': 'calls over tagged frames (VLAN, QinQ), a VLAN device, and a bond that loses its active leg',
    'dispatcher': '''the tests of `native` in libxdp's dispatcher; those of the dispatcher itself, beside other XDP
  programs; and one of an interface that a stranger's program holds. On a kernel without freplace the wall falls back
  to TC ingress: what passed there are the four tests of `native` by TC, and the last one; those of the dispatcher are
  skipped, each class counted as one''',
}
# Whose objects a suite loads, and the budget beyond which tests/kernel/verifier_cost_test.cpp fails.
COMPILERS = {'verdicts': ('clang 14', 200_000), 'clang19': ('clang 19', 300_000)}

PREFACE = '''# Platforms

Written by `scripts/vm-tests.sh --write`. Debian's kernels are booted in an emulated machine (virtme-ng, qemu without
KVM); the other one is the build machine's, which runs all tests besides (`scripts/test.sh`). All run the release build
of the sources {sources} (`vm-tests/results.sh`); the machine was shared, and says little by its seconds.
[architecture.md](architecture.md) says what attaches how.
'''


def read_suite(path):
    """((passed, failed, skipped, seconds, what), {program: (instructions, states)})"""
    result, costs = None, {}
    for kind, name, *rest in (line.split('\t') for line in path.read_text(encoding='utf-8').splitlines()):
        if kind == 'suite':
            result = (*map(int, rest[:4]), rest[4])
        else:
            costs[name] = tuple(map(int, rest))
    return result, costs


def read(results):
    """{kernel: {suite: as of read_suite}}, the oldest kernel first."""
    def version(folder):
        return [int(n) for n in re.findall(r'\d+', folder.name)]
    folders = sorted((f for f in results.iterdir() if f.is_dir()), key=version)
    return {folder.name: {path.stem: read_suite(path) for path in sorted(folder.glob('*.tsv'))} for folder in folders}


def cell(suite):
    if suite is None:
        return 'not run'
    passed, failed, skipped, seconds, _ = suite[0]
    parts = [f'{passed} passed' if passed else '', f'**{failed} failed**' if failed else '',
             f'{skipped} skipped' if skipped else '']
    return f'{", ".join(p for p in parts if p)} ({seconds} s)'


def row(*cells):
    return '| ' + ' | '.join(cells) + ' |'


def suites_table(kernels):
    names = [s for s in SUITES if any(s in suites for suites in kernels.values())]
    yield row('suite', *kernels)
    yield '|---' * (len(kernels) + 1) + '|'
    yield from (row(f'`{name}`', *(cell(suites.get(name)) for suites in kernels.values())) for name in names)
    yield ''
    yield from (f'- `{name}`: {SUITES[name]}' for name in names)
    remarks = [(kernel, name, suite[0][4]) for kernel, suites in kernels.items() for name, suite in suites.items()
               if suite[0][4]]
    if remarks:
        yield '\nWhat was skipped, and why; what failed:\n'
        yield from (f'- {kernel}, `{name}`: {what}' for kernel, name, what in remarks)


def cost(costs, budget):
    if costs is None:
        return '–'
    instructions, states = costs
    text = f'{instructions:,} ({states:,})'
    return text if instructions < budget else f'**{text}**'


def costs_table(kernels):
    programs = sorted({(program, suite) for suites in kernels.values() for suite, (_, costs) in suites.items()
                       for program in costs if suite in COMPILERS})
    yield row('program', 'compiler', *kernels)
    yield '|---' * (len(kernels) + 2) + '|'
    for program, suite in programs:
        compiler, budget = COMPILERS[suite]
        found = (suites[suite][1].get(program) if suite in suites else None for suites in kernels.values())
        yield row(f'`{program}`', compiler, *(cost(costs, budget) for costs in found))


def document(kernels, sources):
    arm64 = kernels.pop('arm64', {}).get('unit')
    yield PREFACE.format(sources=sources)
    yield from suites_table(kernels)
    yield '\n## What the verifier does\n'
    yield 'Instructions processed (and states met) until a program is accepted; Linux gives up at a million. In every kernel'
    yield 'a test holds each under ' + ', '.join(f'{budget:,} ({compiler})' for compiler, budget in COMPILERS.values()) + '.\n'
    yield from costs_table(kernels)
    yield '\n## arm64\n'
    yield f'`scripts/arm64.sh` cross-builds the agent and runs its unit tests under qemu-user: {cell(arm64)}.'
    if arm64 and arm64[0][4]:
        yield f'Left out, or failed: {arm64[0][4]}.'
    yield 'No arm64 kernel has run the programs.'


def terminal(kernels, _):
    for kernel, suites in kernels.items():
        yield f'Linux {kernel}' if kernel != 'arm64' else 'arm64, emulated'
        yield from (f'  {name:12} {cell(suite)} {suite[0][4]}'.rstrip() for name, suite in suites.items())


def main(words):
    folder = pathlib.Path(next(w for w in words if w != '--document'))
    print('\n'.join((document if '--document' in words else terminal)(read(folder), folder.name)))


if __name__ == '__main__':
    main(sys.argv[1:])
