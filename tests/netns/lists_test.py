# SPDX-License-Identifier: Apache-2.0
"""List files: what stands in them is in force, what is put into their place is taken up whole, and what is no list changes
nothing. Live calls follow; who decides about an address is told by file and line."""
import os

from ringwall_netns.case import WallCase


class ListCase:
    """`files` by what the configuration calls them; each test begins with lists of somewhere else."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.lists = cls.wall.directory / 'lists'
        cls.lists.mkdir()
        cls.elsewhere = {'allow': ('192.88.99.1', '2001:db8:ffff::1'), 'deny': ('192.88.99.2', '2001:db8:ffff::2'),
                         'feed': ('192.88.99.3', '2001:db8:ffff::3')}
        for kind, addresses in cls.elsewhere.items():
            (cls.lists / kind).write_text(addresses[0 if cls.family == 4 else 1] + '\n', encoding='utf-8')
        cls.wall.configure({'allow': [{'file': str(cls.lists / 'allow')}],
                            'deny': {'files': [str(cls.lists / 'deny')], 'feeds': [str(cls.lists / 'feed')]}})

    def setUp(self):
        super().setUp()
        for kind, addresses in self.elsewhere.items():
            self.put(kind, addresses[0 if self.family == 4 else 1] + '\n')

    def listed(self, kind):
        return next(each for each in self.wall.command('lists') if each['path'] == str(self.lists / kind))

    def put(self, kind, text):
        """As a careful fetcher does: written beside it, then renamed into its place. Waits until it is in force."""
        self.replace(kind, text)
        count = sum(bool(line) and line[0] not in '#;' for line in text.splitlines())
        self.wait_until(lambda: self.is_taken(kind, count), f'{kind} is in force')

    def is_taken(self, kind, count):
        is_last = all(self.explains(kind, line) for line in (self.lists / kind).read_text(encoding='utf-8').splitlines()[-1:])
        found = self.listed(kind)
        return found['prefixes'] == count and not found['trouble'] and is_last

    def explains(self, kind, line):
        address = line.split()[0].split('/')[0]
        return any(str(self.lists / kind) in said for said in self.wall.command('lists', address)['said'])

    def replace(self, kind, text):
        beside = self.lists / f'{kind}.new'
        beside.write_bytes(text.encode('utf-8'))
        os.replace(beside, self.lists / kind)


class Lists(ListCase):
    def test_a_denied_line_shuts_out_as_soon_as_the_file_has_it_and_lets_in_when_it_has_not(self):
        self.assertTrue(self.is_heard('attacker'))
        self.put('deny', f'# nights\r\n{self.address("attacker")} ; called at night\r\n')
        before = self.wall.reasons()
        self.assertFalse(self.is_heard('attacker'))
        self.assert_dropped(before, 'denied', 1)
        self.assertTrue(self.is_heard('third'))
        self.put('deny', f'{self.address("third")}\n')
        self.assertTrue(self.is_heard('attacker'))
        self.assertFalse(self.is_heard('third'))

    def test_a_file_that_is_written_in_place_is_taken_when_it_is_closed(self):
        (self.lists / 'deny').write_text(self.address('attacker') + '\n', encoding='utf-8')
        self.wait_until(lambda: not self.is_heard('attacker'), 'the new line is in force')

    def test_a_file_that_is_being_written_is_no_list_yet(self):
        self.put('deny', f'{self.address("attacker")}\n{self.address("third")}\n')
        seen = self.wall.command('status')['uptime']
        with (self.lists / 'deny').open('w', encoding='utf-8') as file:
            file.write(self.address('attacker') + '\n')
            file.flush()
            self.wait_until(lambda: self.wall.command('status')['uptime'] >= seen + 4, 'the agent has looked', 10)
            self.assertFalse(self.is_heard('third'))
            self.assertEqual(self.listed('deny')['prefixes'], 2)
        self.wait_until(lambda: self.is_taken('deny', 1), 'the new list is in force')
        self.assertTrue(self.is_heard('third'))
        self.assertFalse(self.is_heard('attacker'))

    def test_a_file_behind_a_link_is_taken_though_no_event_tells_of_it(self):
        beyond = self.lists.with_name('beyond')
        beyond.write_text(self.address('third') + '\n', encoding='utf-8')
        beside = self.lists / 'deny.new'
        beside.symlink_to(beyond)
        os.replace(beside, self.lists / 'deny')
        self.wait_until(lambda: self.explains('deny', self.address('third')), 'the link is followed')
        beyond.write_text(self.address('attacker') + '\n', encoding='utf-8')
        self.wait_until(lambda: self.explains('deny', self.address('attacker')), 'what lies behind it is in force', 15)
        self.assertFalse(self.is_heard('attacker'))
        self.assertTrue(self.is_heard('third'))

    def test_a_feed_denies_strangers_and_no_declared_peer(self):
        self.put('feed', f'{self.address("attacker")}\n{self.address("peer")}\n')
        self.assertFalse(self.is_heard('attacker'))
        self.assertTrue(self.is_heard('peer'))
        self.put('deny', f'{self.address("peer")}\n')
        self.assertFalse(self.is_heard('peer'))

    def test_an_allowed_line_overrides_a_feed(self):
        self.put('feed', f'{self.address("attacker")}\n')
        self.assertFalse(self.is_heard('attacker'))
        self.put('allow', f'{self.address("attacker")}\n')
        self.assertTrue(self.is_heard('attacker'))

    def test_a_live_call_with_who_is_denied_now_falls_silent(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.put('deny', f'{self.address("peer")}\n')
        self.assert_refused(outside, inside.endpoint, inside)
        self.put('deny', self.elsewhere['deny'][0 if self.family == 4 else 1] + '\n')
        self.assert_heard(outside, inside)

    def test_what_is_no_list_or_empty_or_gone_changes_nothing_and_is_said(self):
        self.put('feed', f'{self.address("attacker")}\n')
        self.replace('feed', '<html><body>\n<p>502 Bad Gateway</p>\n</body></html>\n')
        self.kept('no list')
        self.replace('feed', '')
        self.kept('empty')
        (self.lists / 'feed').unlink()
        self.kept('No such file')
        (self.lists / 'feed').mkdir()
        self.kept('no regular file')
        (self.lists / 'feed').rmdir()
        self.wall.reload()
        self.kept('No such file')
        self.put('feed', f'{self.address("third")}\n')
        self.assertTrue(self.is_heard('attacker'))

    def kept(self, trouble):
        self.wait_until(lambda: trouble in self.listed('feed')['trouble'], f'the trouble is told: {trouble}', 15)
        self.assertIn('its 1 prefixes of before stay', self.wall.log_tail())
        self.assertFalse(self.is_heard('attacker'))

    def test_broken_lines_are_left_out_and_named_by_file_line_and_column(self):
        text = f'{self.address("attacker")}\n  300.1.2.3\n{self.address("third")}\n'
        self.replace('deny', text)
        self.wait_until(lambda: self.listed('deny')['broken_lines'] == 1, 'the broken line is counted')
        self.assertFalse(self.is_heard('attacker'))
        self.assertFalse(self.is_heard('third'))
        self.assertIn(f'{self.lists / "deny"}:2:3: expected an address, or a prefix without host bits, left out',
                      self.wall.log_tail())

    def test_the_line_that_decides_is_told(self):
        self.put('feed', f'# of others\n{self.address("third")}\n{self.address("attacker")}\n')
        told = self.wall.command('lists', self.address('attacker'))
        self.assertEqual(told['is'], 'denied')
        self.assertTrue(told['because'].endswith(f'{self.lists / "feed"}:3'), told)
        self.put('allow', f'{self.address("attacker")}\n')
        told = self.wall.command('lists', self.address('attacker'))
        self.assertEqual(told['is'], 'allowed')
        self.assertTrue(told['because'].endswith(f'{self.lists / "allow"}:1'), told)
        self.assertEqual(len(told['said']), 3, told)     # the zone `any`, the feed, the allow list
        self.assertEqual(self.wall.command('lists', self.address('peer'))['is'], 'of peer provider')

    def test_a_directory_that_is_replaced_as_a_whole_is_found_again(self):
        aside = self.lists.with_name('aside')
        self.lists.rename(aside)
        self.wait_until(lambda: 'No such file' in self.listed('deny')['trouble'], 'the files are missed')
        aside.rename(self.lists)
        self.wait_until(lambda: not self.listed('deny')['trouble'], 'the files are found', 15)
        self.put('deny', f'{self.address("attacker")}\n')
        self.assertFalse(self.is_heard('attacker'))

    def test_a_start_with_what_is_missing_says_so_and_takes_it_when_it_comes(self):
        (self.lists / 'deny').unlink()
        self.wall.stop()
        self.wall.start()
        self.assertIn('nothing of it is in force', self.wall.log_tail())
        self.put('deny', f'{self.address("attacker")}\n')
        self.assertFalse(self.is_heard('attacker'))


class ListsIPv4(Lists, WallCase):
    family = 4


class ListsIPv6(Lists, WallCase):
    family = 6
