# SPDX-License-Identifier: Apache-2.0
"""Real calls with real media by sipp (sip-tester 3.6.1), one process a side, each in its namespace."""
import pathlib
import shutil
import subprocess

from . import janitor

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / 'sipp'
_made = 0


class Sipp:
    """One sipp. `calls` at a time, `rate` a second, each `talk_ms` long (caller); media ports from `first_port` on.
    `transport` is sipp's -t; `subject` is the INVITE's, to make it large."""

    def __init__(self, namespace, scenario, address, *, remote=None, port=5060, first_port=16000, calls=1, talk_ms=2000,
                 transport='u1', rate=10, subject='a call'):
        global _made
        self.directory = janitor.scratch() / f'sipp{_made}'
        _made += 1
        self.directory.mkdir(mode=0o755)
        shutil.copy(SCENARIOS / f'{scenario}.xml', self.directory)
        (self.directory / 'speech.pcmu').write_bytes(b'\xff\x7f' * 8000)    # two seconds of near silence, played in a loop
        where = [f'[{remote}]:5060' if ':' in remote else f'{remote}:5060'] if remote else []
        self.process = subprocess.Popen(
            namespace.command('sipp', *where, '-sf', f'{scenario}.xml', '-t', transport, '-bind_local', '-i', address,
                              '-p', port, '-mi', address, '-mp', first_port, '-m', calls, '-r', rate, '-l', calls,
                              '-d', talk_ms, '-key', 'subject', subject,
                              '-reconnect_close', 'false',              # a connection that is closed fails no call
                              '-timeout', '60s', '-timeout_error', '-nostdin', '-trace_err', '-trace_msg',
                              '-message_file', 'messages.log', '-error_file', 'errors.log'),
            cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def wait(self, timeout=70):
        """Waits for the last call; raises with sipp's own words unless every call went well."""
        _, errors = self.process.communicate(timeout=timeout)
        if self.process.returncode != 0:
            written = self.directory / 'errors.log'
            raise RuntimeError(f'sipp: exit {self.process.returncode}: {errors} '
                               f'{written.read_text(errors="replace") if written.exists() else ""}')

    def messages(self):
        log = self.directory / 'messages.log'
        return log.read_text(errors='replace') if log.exists() else ''

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)
