# SPDX-License-Identifier: Apache-2.0
"""The media of many calls at once, 50 packets a second each way: rtp_streams at either end, and who lost what."""
import os
import pathlib
import subprocess

from .wall import binary


class End:
    """One end of the calls: a rtp_streams in one namespace."""

    def __init__(self, namespace, flows):
        self._process = subprocess.Popen(namespace.command(program()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for (local, local_port), (remote, remote_port) in flows:
            self.tell(f'flow {local} {local_port} {remote} {remote_port}')

    def ask(self, command):
        self._process.stdin.write(command + '\n')
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def tell(self, command):
        answer = self.ask(command)
        if answer != 'ok':
            raise RuntimeError(f'rtp_streams: {command}: {answer}')

    def counts(self):
        """[(sent, received)] by call."""
        numbers = list(map(int, self.ask('count').split()))
        return list(zip(numbers[::2], numbers[1::2]))

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Streams:
    """Both ends. `calls` are pairs of endpoints, the one outside first."""

    def __init__(self, outside, inside, calls):
        self.ends = (End(outside, calls), End(inside, [(there, here) for here, there in calls]))

    def go(self):
        for end in self.ends:
            end.tell('go')

    def stop(self):
        for end in self.ends:
            end.tell('stop')

    def forget(self):
        for end in self.ends:
            end.tell('forget')

    def sent(self):
        """The fewest packets that any call has sent, over both directions."""
        return min(sent for end in self.ends for sent, _ in end.counts())

    def received(self):
        return sum(received for end in self.ends for _, received in end.counts())

    def lost(self):
        """{(direction, number of the call): packets} of those that have lost some, and how many were sent in all."""
        outside, inside = (end.counts() for end in self.ends)
        lost, total = {}, 0
        for direction, senders, receivers in (('in', outside, inside), ('out', inside, outside)):
            for number, ((sent, _), (_, received)) in enumerate(zip(senders, receivers)):
                total += sent
                if sent != received:
                    lost[direction, number] = sent - received
        return lost, total

    def close(self):
        for end in self.ends:
            end.close()


def program():
    beside = binary().parent / 'tests/netns/rtp_streams'
    return pathlib.Path(os.environ.get('RINGWALL_RTP_STREAMS', beside))
