#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of this folder with podman as the environment sets it up: scripts/container.sh test."""
import os
import pathlib
import signal
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'netns')]
from ringwall_netns import janitor  # pylint: disable=wrong-import-position


def main(image, names):
    import pod  # pylint: disable=import-outside-toplevel
    if pod.daemonset().container['image'] != image:
        print(f'the chart says another image than {image}')
        return 1
    janitor.guard()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))  # unittest would go on with the next test; the guard sweeps
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), '*_test.py')
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, descriptions=False).run(suite)
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2:]))
