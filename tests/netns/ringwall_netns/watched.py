# SPDX-License-Identifier: Apache-2.0
"""What a test of the wall that watches itself looks at."""
import json
import re
import time

from ringwall_netns.scrape import ask
from ringwall_netns.topology import run
from ringwall_netns.wall import _descendants

AT_TC = ('tcx', 'clsact')


class Watched:
    def attachment(self):
        (only,) = self.wall.attached()
        return only

    def lost(self):
        return self.wall.counters()['attachments_lost']

    def logged(self, pattern):
        return len(re.findall(pattern, self.wall.log.read_text(encoding='utf-8')))

    def in_edge(self, *command):
        return run('nsenter', f'--net={self.topology.edge.path}', *command)

    def pin(self, hook):
        return self.wall.pin_path / 'links' / f'outer-{hook}'

    def link_id(self, hook):
        return json.loads(run('bpftool', '-j', 'link', 'show', 'pinned', self.pin(hook)))['id']

    def worker(self):
        return next(iter(_descendants(self.wall.process.pid)), None)

    def readiness(self):
        return ask(self.topology.edge, '/readyz')

    def assert_stays(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assertTrue(condition())
            time.sleep(0.01)

    def assert_guards(self):
        self.assert_refused(self.rtp('third'), self.rtp('pbx').endpoint, reason='no_pinhole')
