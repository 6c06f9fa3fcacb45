# SPDX-License-Identifier: Apache-2.0
"""A command of `ringwall` that goes on until it is stopped."""
import json
import signal
import subprocess
import threading

from . import PATIENCE
from .wall import binary


class Following:
    """`ringwall WORDS…` as it runs: its lines as they come."""

    def __init__(self, wall, *words):
        self.process = subprocess.Popen(
            wall.namespace.command(binary(), *words, '--socket', wall.socket), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip('\n'))

    def documents(self):
        return [json.loads(line) for line in list(self.lines)]

    def interrupt(self):
        """^C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self):
        code = self.process.wait(10 * PATIENCE)
        self._reader.join(10 * PATIENCE)
        self.process.stderr.close()
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.end()
