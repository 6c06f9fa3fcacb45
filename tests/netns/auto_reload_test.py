# SPDX-License-Identifier: Apache-2.0
"""The configuration taken up by itself: an edit, a fragment in conf.d, a ConfigMap's swapped link; a bad one changes nothing
and is seen in the status; live calls go on. What the new policy no longer allows ends."""
import os
import time

import yaml
from ringwall_netns.case import WallCase

SETTLED_S = 3                                    # of the agent's own uptime: looks are one a second


class AutoReload:
    config = {'auto_reload': True}

    def setUp(self):
        super().setUp()
        self.addCleanup(self.back_to_the_start)

    def back_to_the_start(self):
        for fragment in self.conf_d().glob('*.yaml'):
            fragment.unlink()
        self.wall.configure(self.config)
        self.wall.reload()

    def conf_d(self):
        return self.wall.config_path.parent / 'conf.d'

    def mode(self):
        return self.wall.status()['mode']

    def error(self):
        return self.wall.status()['config']['error']

    def put_fragment(self, name, content):
        self.conf_d().mkdir(exist_ok=True)
        (self.conf_d() / name).write_text(yaml.safe_dump(content), encoding='utf-8')

    def wait_for_looks(self):
        seen = self.wall.status()['uptime']
        self.wait_until(lambda: self.wall.status()['uptime'] >= seen + SETTLED_S, 'the agent has looked', 10)

    def test_an_edited_file_comes_into_force_by_itself_and_live_calls_go_on(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        beyond = self.rtp('pbx', 20500)
        self.assert_heard(self.rtp('third'), beyond)
        self.wall.configure({**self.config, 'protect': {'media_ports': '10000-21000'}})
        self.wait_until(lambda: not self.is_heard_now(self.rtp('third'), beyond), 'the ports are guarded', 10)
        self.assert_both_hear(outside, inside)
        call.bye()

    def is_heard_now(self, sender, receiver):
        sender.send(receiver.endpoint)
        return receiver.wait(lambda p: p.ssrc == sender.ssrc, 0.2) is not None

    def test_a_bad_file_changes_nothing_and_is_seen_until_it_is_mended(self):
        call, outside, inside = self.inbound()
        self.wall.write_config(self.wall.config_path.read_text(encoding='utf-8') + 'mode: both\n')
        self.wait_until(lambda: 'appears twice' in self.error(), 'the mistake is shown', 10)
        self.assertIn(f'{self.wall.config_path}:', self.error())
        self.assert_both_hear(outside, inside)
        self.wall.configure({**self.config, 'mode': 'monitor'})
        self.wait_until(lambda: self.mode() == 'monitor', 'the mended file is in force', 10)
        self.assertEqual(self.error(), '')
        call.bye()

    def test_fragments_are_taken_up_as_they_come_and_go(self):
        third = self.rtp('third')
        inside = self.rtp('pbx', 12000)
        self.assert_refused(third, inside.endpoint, inside, 'no_pinhole')
        self.put_fragment('50-rule.yaml', {'rules': [{'allow': 'udp', 'to': 'any', 'ports': 12000,
                                                      'from': self.address('third')}]})
        self.wait_until(lambda: self.is_heard_now(third, inside), 'the rule of the fragment holds', 10)
        self.put_fragment('60-mode.yaml', {'mode': 'monitor'})
        self.wait_until(lambda: '60-mode.yaml:1:7: mode: got "monitor"' in self.error(), 'the contradiction is shown', 10)
        self.assertIn(f'{self.wall.config_path.name}:', self.error())
        self.assert_heard(third, inside)
        (self.conf_d() / '60-mode.yaml').unlink()
        self.wait_until(lambda: self.error() == '', 'it is gone', 10)
        (self.conf_d() / '50-rule.yaml').unlink()
        self.wait_until(lambda: not self.is_heard_now(third, inside), 'the rule is gone', 10)

    def test_a_call_that_is_no_longer_allowed_ends_and_the_others_do_not(self):
        _, outside, inside = self.inbound()
        other, other_outside, other_inside = self.inbound(caller='peer2')
        self.assert_both_hear(outside, inside)
        self.assert_both_hear(other_outside, other_inside)
        self.wall.configure({**self.config, 'deny': {'networks': [self.address('peer')]}})
        self.wait_until(lambda: not self.is_heard_now(outside, inside), 'the denied peer is not heard', 10)
        self.assert_both_hear(other_outside, other_inside)
        self.assertIn('the new policy denies who sends the call\'s media', self.wall.log_tail())
        other.bye()

    def test_changes_that_follow_one_another_are_one(self):
        """Over several looks of the agent. Where this machine made a pause of its own, it may be taken for the end."""
        reloads = lambda: self.wall.log.read_text(encoding='utf-8').count('config.reload')
        taken, pauses, written, end = reloads(), 0, time.monotonic(), time.monotonic() + SETTLED_S
        while written < end:
            self.wall.configure({**self.config, 'mode': 'monitor'})
            time.sleep(0.1)
            pauses += time.monotonic() - written > 0.25
            written = time.monotonic()
        self.wait_until(lambda: self.mode() == 'monitor' and reloads() > taken, 'the last one is in force', 10)
        self.assertLessEqual(reloads(), taken + 1 + pauses)

    def test_a_file_whose_writer_stalls_is_taken_when_it_is_closed(self):
        text = yaml.safe_dump({**self.wall.config, 'mode': 'monitor'})
        with self.wall.config_path.open('w', encoding='utf-8') as file:
            file.write('version: 1\nmode: mon')
            file.flush()
            self.wait_for_looks()
            self.assertEqual((self.mode(), self.error()), ('enforce', ''))
            file.seek(0)
            file.write(text)
        self.wait_until(lambda: self.mode() == 'monitor', 'it is in force', 10)

    def test_told_not_to_it_waits_for_the_command(self):
        self.wall.configure({**self.config, 'auto_reload': False})
        self.wait_until(lambda: self.wall.status()['config']['loaded'] and self.is_loaded(), 'it is told', 10)
        self.wall.configure({**self.config, 'auto_reload': False, 'mode': 'monitor'})
        self.wait_for_looks()
        self.assertEqual(self.mode(), 'enforce')
        self.wall.reload()
        self.assertEqual(self.mode(), 'monitor')

    def is_loaded(self):
        """After a reload by command what stands in the file is in force, whoever was first."""
        self.wall.reload()
        return True


class AutoReloadIPv4(AutoReload, WallCase):
    family = 4


class AutoReloadIPv6(AutoReload, WallCase):
    family = 6


class ConfigMap(WallCase):
    """As Kubernetes mounts one: each file a link into `..data`, which is itself a link, and swapped."""
    config = {'auto_reload': True}

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.mount = cls.wall.directory / 'mount'
        cls.mount.mkdir()
        cls.wall.config_path = cls.mount / 'ringwall.yaml'
        cls.generation = 0
        cls.swap(cls.wall.config)
        cls.wall.config_path.symlink_to('..data/ringwall.yaml')

    @classmethod
    def swap(cls, config):
        cls.generation += 1
        folder = cls.mount / f'..{cls.generation}'
        folder.mkdir()
        (folder / 'ringwall.yaml').write_text(yaml.safe_dump(config), encoding='utf-8')
        beside = cls.mount / '..data_tmp'
        beside.symlink_to(folder.name)
        os.replace(beside, cls.mount / '..data')

    def test_is_taken_up_when_its_link_is_swapped(self):
        self.assertEqual(self.wall.status()['mode'], 'enforce')
        self.swap({**self.wall.config, 'mode': 'monitor'})
        self.wait_until(lambda: self.wall.status()['mode'] == 'monitor', 'the new ConfigMap is in force', 10)
        self.swap({**self.wall.config, 'mode': 'of course'})
        self.wait_until(lambda: 'of course' in self.wall.status()['config']['error'], 'the bad one is shown', 10)
        self.assertEqual(self.wall.status()['mode'], 'monitor')
        self.swap(self.wall.config)
        self.wait_until(lambda: self.wall.status()['mode'] == 'enforce', 'the good one is back', 10)
        self.assertEqual(self.wall.status()['config']['error'], '')
