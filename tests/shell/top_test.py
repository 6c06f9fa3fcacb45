#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ringwall top` on a terminal that goes without a SIGHUP, as one that is not of its session does: it ends.
`top_test.py RINGWALL`."""
import os
import pty
import select
import subprocess
import sys
import time
import unittest

RINGWALL = ''
PATIENCE_S = 30


class Gone(unittest.TestCase):
    def setUp(self):
        self.master, slave = pty.openpty()
        self.addCleanup(self.close_master)
        self.top = subprocess.Popen([RINGWALL, 'top', '--socket', '/nonexistent/ringwall.sock'], stdin=slave, stdout=slave,
                                    stderr=subprocess.DEVNULL, start_new_session=True, env={**os.environ, 'TERM': 'xterm'})
        self.addCleanup(self.end)
        os.close(slave)
        self.see(b'no agent')

    def end(self):
        self.top.kill()
        self.top.wait()

    def close_master(self):
        if self.master >= 0:
            os.close(self.master)
        self.master = -1

    def see(self, text):
        shown, end = b'', time.monotonic() + PATIENCE_S
        while text not in shown:
            self.assertTrue(select.select([self.master], [], [], max(0.0, end - time.monotonic()))[0], shown)
            shown += os.read(self.master, 65536)

    def test_it_ends_when_its_terminal_is_gone(self):
        self.close_master()
        self.assertEqual(self.top.wait(PATIENCE_S), 0)

    def test_it_goes_on_while_nobody_types(self):
        with self.assertRaises(subprocess.TimeoutExpired):
            self.top.wait(1)                             # it waits for a key a tenth of that
        os.write(self.master, b'q')
        self.see(b'\x1b[?1049l')                         # the screen as it was
        self.assertEqual(self.top.wait(PATIENCE_S), 0)


if __name__ == '__main__':
    RINGWALL = sys.argv.pop(1)
    unittest.main()
