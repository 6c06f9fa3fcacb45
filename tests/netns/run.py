#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test modules of this folder: `run.py MODULE[.Class[.test]]…`, all of them without arguments.

Exit 0: all passed. 1: some failed, or none ran. 77: some were skipped, each with the capability that is missing; a
skip is an error in CI (scripts/test.sh).
"""
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from ringwall_netns import janitor, wall  # pylint: disable=wrong-import-position


def main(names):
    if os.geteuid() != 0:
        print('skipped: needs root, for network namespaces and BPF')
        return 77
    if not wall.binary().exists():
        print(f'no program to test at {wall.binary()}: build it, or set RINGWALL_BINARY')
        return 1
    janitor.guard()
    names = names or sorted(p.stem for p in HERE.glob('*_test.py'))
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, descriptions=False).run(suite)
    if not result.wasSuccessful() or result.testsRun + len(result.skipped) == 0:
        return 1
    return 77 if result.skipped else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
