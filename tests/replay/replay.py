# SPDX-License-Identifier: Apache-2.0
"""Runs `ringwall replay` on a capture in memory, and reads what it wrote."""
import collections
import json
import os
import pathlib
import subprocess
import tempfile

BINARY = pathlib.Path(os.environ.get('RINGWALL_BINARY', pathlib.Path(__file__).parents[2] / 'build/release/ringwall'))

CONFIG = '''
version: 1
mode: enforce
outside: [eth0]
protect:
  networks: [192.0.2.0/24, "2001:db8:1::/48"]
  media_ports: 10000-20000
'''

Replayed = collections.namedtuple('Replayed', 'code verdicts calls summary errors')


def replay(capture, *options, config=CONFIG):
    """`capture`: bytes. The verdicts are a list of dictionaries, the summary that of --json."""
    with tempfile.TemporaryDirectory(prefix='rw-replay-') as folder:
        path = pathlib.Path(folder)
        (path / 'ringwall.yaml').write_text(config, encoding='utf-8')
        (path / 'capture').write_bytes(capture)
        ran = subprocess.run([BINARY, 'replay', '--config', path / 'ringwall.yaml', path / 'capture', '--json',
                              '--verdicts', path / 'verdicts', '--calls', path / 'calls', *options],
                             capture_output=True, text=True, check=False, timeout=120)
        verdicts = [json.loads(line) for line in _text(path / 'verdicts').splitlines()]
        return Replayed(ran.returncode, verdicts, json.loads(_text(path / 'calls') or '[]'),
                        json.loads(ran.stdout or '{}'), ran.stderr)


def _text(path):
    return path.read_text(encoding='utf-8') if path.exists() else ''


def told(replayed):
    """What most tests compare: "in drop no_pinhole" for each packet."""
    return [f'{v["dir"]} {v["verdict"]} {v["reason"]}' for v in replayed.verdicts]
