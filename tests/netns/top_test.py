# SPDX-License-Identifier: Apache-2.0
"""`ringwall top` in a real terminal: tmux, 80x24, another size, without colour, without an agent."""
import itertools
import os
import re
import shlex
import subprocess

from ringwall_netns.case import WallCase
from ringwall_netns.topology import run
from ringwall_netns.wall import binary, endpoint_text


_numbers = itertools.count()
COLOR = re.compile('\x1b\\[3[0-8]')              # 39 is the terminal's own


class Terminal:
    """A tmux server of its own with one window in which a shell runs."""

    def __init__(self, namespace, directory, width=80, height=24):
        self._socket = directory / f'tmux-{next(_numbers)}'
        self._pane = ['tmux', '-S', str(self._socket)]
        environment = {k: v for k, v in os.environ.items() if k not in ('TMUX', 'NO_COLOR')}
        environment.update(TERM='xterm-256color', LANG='C.UTF-8', PS1='$ ')
        subprocess.run([*self._pane, '-f', '/dev/null', 'new-session', '-d', '-x', str(width), '-y', str(height),
                        *namespace.command('sh')], env=environment, check=True)

    def _tmux(self, *words):
        return run(*self._pane, *words)

    def type(self, *keys):
        self._tmux('send-keys', *keys)

    def enter(self, line):
        self._tmux('send-keys', '-l', line)
        self.type('Enter')

    def screen(self, *, escapes=False):
        return self._tmux('capture-pane', '-p', *(['-e'] if escapes else []))

    def resize(self, width, height):
        self._tmux('resize-window', '-x', width, '-y', height)

    def close(self):
        subprocess.run([*self._pane, 'kill-server'], capture_output=True, check=False)


class Top:
    def setUp(self):
        super().setUp()
        if not self.wall.is_alive():
            self.wall.start()
        self.terminal = Terminal(self.wall.namespace, self.wall.directory)
        self.addCleanup(self.terminal.close)

    def start(self, *environment):
        self.terminal.enter(' '.join([*environment, shlex.quote(str(binary())), 'top', '--socket', str(self.wall.socket)]))
        self.see('packets/s pass')

    def see(self, *words, timeout=10):
        return self.wait_until(lambda: (s := self.terminal.screen()) if all(w in self.terminal.screen() for w in words) else None,
                               f'{words} on the screen:\n{self.terminal.screen()}', timeout)

    def test_each_page_shows_what_there_is_and_q_gives_the_terminal_back(self):
        self.terminal.enter('echo before-$((6*7))')
        self.see('before-42')
        call, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        attacker, closed = self.rtp('attacker'), self.rtp('pbx')
        self.assert_refused(attacker, closed.endpoint, closed, 'no_pinhole')
        self.start()
        lines = self.see('[1 drops]', 'no_pinhole', 'q quit').rstrip('\n').split('\n')
        self.assertEqual(len(lines), 24)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.terminal.type('2')
        self.see('[2 sources]', self.address('attacker'))
        self.terminal.type('Tab')
        self.see('[3 calls]', 'confirmed', 'provider')
        self.terminal.type('4')
        self.see('[4 pinholes]', endpoint_text(*inside.endpoint), 'answered')
        self.terminal.type('s')
        self.see('sort: refused')
        self.terminal.type('q')
        self.see('before-42')                      # the screen as it was
        self.assertNotIn('[4 pinholes]', self.terminal.screen())
        self.terminal.enter('echo code-$? ; stty -a | grep -o " echo "')
        self.see('code-0', ' echo')

    def test_it_follows_the_terminals_size(self):
        self.start()
        for width, height in ((120, 40), (40, 8), (80, 24)):
            self.terminal.resize(width, height)

            def fits():
                lines = self.terminal.screen().rstrip('\n').split('\n')
                return lines[0].startswith('ringwall ') and len(lines) == height and lines[-1].startswith('q quit')
            self.wait_until(fits, f'{width}x{height} is filled:\n{self.terminal.screen()}')
        self.terminal.type('q')

    def test_no_color_is_respected(self):
        self.start()
        self.assertRegex(self.terminal.screen(escapes=True), COLOR)
        self.terminal.type('C-c')
        self.terminal.enter('clear')
        self.start('NO_COLOR=1')
        self.assertNotRegex(self.terminal.screen(escapes=True), COLOR)
        self.terminal.type('q')

    def test_it_says_that_the_agent_is_gone_and_goes_on_when_one_is_back(self):
        self.agent_may_be_down = True
        self.start()
        self.wall.stop()
        self.see('no agent: none answers at')
        self.wall.start()
        self.see('packets/s pass')
        self.assertNotIn('no agent', self.terminal.screen())
        self.terminal.type('q')

    def test_without_a_terminal_it_is_wrong_usage(self):
        done = self.wall.invoke('top')
        self.assertEqual((done.returncode, done.stdout), (2, ''))
        self.assertIn('needs a terminal', done.stderr)
        self.terminal.enter(f'TERM=nonsense {shlex.quote(str(binary()))} top; echo code-$?')
        self.see('code-2', 'needs a terminal')
        self.terminal.enter(f'clear; TERM=dumb {shlex.quote(str(binary()))} top; echo dumb-code-$?')
        self.see('dumb-code-2', 'needs a terminal')


class TopIPv4(Top, WallCase):
    pass


class TopIPv6(Top, WallCase):
    family = 6
