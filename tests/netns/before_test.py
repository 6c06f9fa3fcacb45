# SPDX-License-Identifier: Apache-2.0
"""A wall that is put up in mid-call. A PBX on this machine that passes on what it hears sends nothing once nothing gets in:
unless its ways back are seen first, both sides would be mute until the next offer."""
import threading

from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream


class Echo:
    """Sends back whatever it hears, as a bridge or an echo test does."""

    def __init__(self, media):
        self._media, self._stop = media, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(5)

    def _run(self):
        while not self._stop.is_set():
            if heard := self._media.wait(timeout=0.1):
                self._media.send(heard.source)


class Before:
    shape = 'host'

    def test_a_call_goes_on_that_was_up_before_the_wall(self):
        self.wall.detach()
        self.wall.process.wait(10)
        caller, pbx, stranger = self.rtp('third'), self.rtp('pbx'), self.rtp('peer')
        with Echo(pbx), Stream(caller, pbx.endpoint, 0.02):
            self.assertIsNotNone(caller.wait(), 'they talk')
            self.wall.start()
            caller.received()
            self.assertIsNotNone(caller.wait(), 'they talk on')
            self.assertGreater(self.wall.reasons().get('return_path', 0), 0)
            self.assert_refused(stranger, pbx.endpoint, reason='no_pinhole')

    def test_after_its_first_look_the_wall_refuses(self):
        self.wall.detach()
        self.wall.process.wait(10)
        self.wall.start()
        stranger, pbx = self.rtp('third'), self.rtp('pbx')
        self.assert_refused(stranger, pbx.endpoint, pbx, 'no_pinhole')


class IPv4(Before, WallCase):
    family = 4


class IPv6(Before, WallCase):
    family = 6
