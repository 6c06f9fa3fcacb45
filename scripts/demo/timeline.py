# SPDX-License-Identifier: Apache-2.0
"""What the demo prints: a clock, what is done, what came of it, and whether that is right."""
import time


class Timeline:
    def __init__(self):
        self._start = time.monotonic()
        self.wrong = []

    def heading(self, text):
        print(f'\n{text}\n{"-" * len(text)}', flush=True)

    def step(self, text):
        """Something happens."""
        print(f'{self._clock()}  {text}', flush=True)

    def claim(self, is_right, text):
        """Something came of it. What is wrong is remembered: the demo then fails."""
        print(f'{self._clock()}  {"  ok  " if is_right else "WRONG "} {text}', flush=True)
        if not is_right:
            self.wrong.append(text)
        return is_right

    def quote(self, text):
        """Output of a command, as the operator sees it."""
        for line in text.rstrip().splitlines():
            print(f'{" " * 9}| {line}', flush=True)

    def verdict(self):
        print()
        if self.wrong:
            print(f'demo: {len(self.wrong)} things were not right:')
            for text in self.wrong:
                print(f'  - {text}')
            return 1
        print(f'demo: all of it was right, in {time.monotonic() - self._start:.0f} s. Everything it made has been removed.')
        return 0

    def _clock(self):
        return f'{time.monotonic() - self._start:6.1f} s'
