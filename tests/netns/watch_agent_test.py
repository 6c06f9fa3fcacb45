# SPDX-License-Identifier: Apache-2.0
"""What else befalls an agent: its control socket is taken away, its worker ends, it hangs."""
import os
import signal
import socket

from ringwall_netns.case import TEST_SECONDS, WallCase
from ringwall_netns.topology import run
from ringwall_netns.watched import Watched

NO_AGENT, BAD_CONFIG = 3, 5


class ControlSocket(Watched, WallCase):
    def answers(self):
        return self.wall.invoke('status').returncode == 0

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.worker()}/fd'))

    def test_one_that_is_deleted_is_there_again(self):
        self.assertTrue(self.answers())
        before = self.wait_until(self.descriptors, 'the worker is there')
        worker = self.worker()
        for take_away in (self.wall.socket.unlink, lambda: self.wall.socket.rename(self.wall.directory / 'moved')):
            take_away()
            self.wait_until(self.answers, 'the agent answers again')
            self.assertIn('control.lost: ', self.wall.log_tail())
            self.assertEqual(self.wall.socket.stat().st_mode & 0o777, 0o660)
        self.wait_until(lambda: self.descriptors() == before, 'the worker has closed the old ones')
        self.assertTrue(self.answers())
        self.assertEqual(self.worker(), worker, 'by the same worker')
        os.kill(worker, signal.SIGKILL)
        self.wait_until(lambda: self.worker() not in (None, worker), 'another worker')
        self.assertTrue(self.answers())

    def test_what_somebody_else_has_put_there_stays_until_he_takes_it_away(self):
        os.kill(self.wall.process.pid, signal.SIGSTOP)
        self.wall.socket.unlink()
        others = socket.socket(socket.AF_UNIX)
        self.addCleanup(others.close)
        others.bind(str(self.wall.socket))
        others.listen()
        os.kill(self.wall.process.pid, signal.SIGCONT)
        self.wait_until(lambda: self.logged('cannot be made anew: another agent answers'), 'it says so')
        others.close()                                           # its file stays, and nobody answers
        self.wait_until(self.answers, 'the agent answers again')
        self.assertEqual(self.logged('cannot be made anew: another agent answers'), 1)


class Workers(Watched, WallCase):
    config = {'protect': {'networks': ['192.0.2.0/24', 'self']}}

    @classmethod
    def prepare(cls):
        with cls.wall.config_path.open('a', encoding='utf-8') as file:
            file.write('# as long as what the package installs\n' * 300)

    def next_worker(self, killed):
        os.kill(killed, signal.SIGKILL)
        return self.wait_until(lambda: self.worker() not in (None, killed) and self.worker(), 'another worker', 15.0)

    def test_what_the_parent_says_while_a_worker_starts_is_heard(self):
        for number in range(5):
            worker = self.hung_at_its_birth()
            said = self.logged('is protected from now on')
            self.in_edge('ip', 'addr', 'add', f'203.0.113.{number}/32', 'dev', 'outer')
            self.wait_until(lambda s=said: self.logged('is protected from now on') > s, 'the parent has more to say')
            os.kill(worker, signal.SIGCONT)
            self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'it answers')
            self.assertEqual(self.wall.invoke('reload').returncode, 0)

    def hung_at_its_birth(self):
        killed = self.worker()
        os.kill(killed, signal.SIGKILL)
        while (worker := self.worker()) in (None, killed):
            pass                                                 # stopped before it has read its first word
        os.kill(worker, signal.SIGSTOP)
        return worker

    def test_one_that_hangs_before_it_is_ready_gives_its_place_to_another(self):
        signal.alarm(3 * TEST_SECONDS)
        hung = self.hung_at_its_birth()
        self.wait_until(lambda: self.worker() not in (None, hung), 'another one is there', 90.0)
        self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'it answers', 15.0)
        self.assertEqual(self.logged('agent.hangs: '), 1)

    def test_the_next_one_knows_that_the_last_reload_was_refused(self):
        good = self.wall.config_path.read_text(encoding='utf-8')
        self.wall.write_config(good + 'bogus: 1\n')
        self.assertEqual(self.wall.invoke('reload').returncode, BAD_CONFIG)
        self.next_worker(self.worker())
        self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'it answers', 15.0)
        self.assertIn('unknown key "bogus"', self.wall.status()['config']['error'])
        self.wall.write_config(good)
        self.wall.reload()
        self.assertEqual(self.wall.status()['config']['error'], '')

    def test_a_worker_that_ends_again_and_again_keeps_nobody_from_looking(self):
        for _ in range(6):
            self.next_worker(self.worker())
        os.kill(self.worker(), signal.SIGKILL)                   # the next one comes after seconds
        said = self.logged(r'attach\.lost: outer: .* egress program')
        run('bpftool', 'link', 'detach', 'pinned', self.pin('egress'))
        self.wait_until(lambda: self.logged(r'attach\.lost: outer: .* egress program') > said, 'the loss is seen')
        self.assertIsNone(self.worker())
        self.wait_until(lambda: self.wall.invoke('status').returncode == 0, 'a worker answers', 15.0)


class Hanging(Watched, WallCase):
    def test_commands_say_in_seconds_that_no_agent_answers(self):
        processes = [self.wall.process.pid, self.worker()]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            for command in ('status', 'calls'):
                done = self.wall.invoke(command, timeout=12)
                self.assertEqual((done.returncode, done.stdout), (NO_AGENT, ''))
                self.assertIn('has not answered for 5 s', done.stderr)
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)
        self.assertEqual(self.wall.invoke('status').returncode, 0)
