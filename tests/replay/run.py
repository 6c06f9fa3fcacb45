#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test modules of this folder: `run.py MODULE[.Class[.test]]…`, all of them without arguments. Exit codes as
tests/netns/run.py's."""
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'netns')]
import replay  # pylint: disable=wrong-import-position


def main(names):
    if os.geteuid() != 0:
        print('skipped: needs root, for BPF')
        return 77
    if not replay.BINARY.exists():
        print(f'no program to test at {replay.BINARY}: build it, or set RINGWALL_BINARY')
        return 1
    names = names or sorted(p.stem for p in HERE.glob('*_test.py'))
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, descriptions=False).run(suite)
    if not result.wasSuccessful() or result.testsRun == 0:
        return 1
    return 77 if result.skipped else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
