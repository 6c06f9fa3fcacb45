# SPDX-License-Identifier: Apache-2.0
"""Standard input and output of `ringwall replay`."""
import json
import pathlib
import subprocess
import tempfile
import unittest

from call import whole_call
from captures import pcap
from replay import BINARY, CONFIG


class Streams(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='rw-replay-')
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / 'ringwall.yaml').write_text(CONFIG, encoding='utf-8')
        script, self.expected = whole_call()
        (self.folder / 'capture').write_bytes(pcap(script))

    def run_in_shell(self, words):
        """As a shell has it: `<&-` closes a descriptor."""
        return subprocess.run(['/bin/sh', '-c', f'exec {BINARY} replay --config ringwall.yaml {words}'], cwd=self.folder,
                              capture_output=True, text=True, check=False, timeout=20)

    def test_are_called_dash(self):
        ran = self.run_in_shell('- --verdicts - <capture')
        self.assertEqual(ran.returncode, 0, ran.stderr)
        verdicts = [json.loads(line) for line in ran.stdout.splitlines()]
        self.assertEqual([v['reason'] for v in verdicts], [line.split()[2] for line in self.expected])
        self.assertIn('12 pass, 3 drop', ran.stderr)
        self.assertIn('1 call, 1 answered: audio both ways in 1', ran.stderr)
        self.assertNotIn('\x1b', ran.stderr)  # a bar is for terminals

    def test_that_are_closed_cannot_be_read_or_written(self):
        for words in ('- <&-', '- <&- >&-', 'capture --json >&-', 'capture --verdicts - >&-', 'capture --calls - >&-'):
            with self.subTest(words):
                ran = self.run_in_shell(words)
                self.assertEqual(ran.returncode, 1)
                self.assertIn('ringwall: read -: ' if words[0] == '-' else 'Bad file descriptor', ran.stderr)

    def test_that_are_closed_and_not_used_do_not_matter(self):
        ran = self.run_in_shell('capture --json <&- 2>&-')
        self.assertEqual((ran.returncode, json.loads(ran.stdout)['calls']['both_ways']), (0, 1))
