# SPDX-License-Identifier: Apache-2.0
"""The test case that every netns test stands on: a topology, a wall, phones, and claims about who is heard."""
import re
import signal
import time
import unittest

from . import PATIENCE, sip
from .call import Call
from .media import Rtp
from .sip import Phone
from .topology import ADDRESSES, Topology
from .wall import DRAIN, ROOT, Wall, endpoint_text

TEST_SECONDS = int(90 * PATIENCE)                 # one test at most

# The labels whose verdict is a drop, from the one list there is.
DROPS = re.findall(r'REASON\(\d+, (\w+), drop,', (ROOT / 'maps/abi/reason.h').read_text(encoding='utf-8'))

# RTP from who may not send: what it is called depends on whether the call is being spoken just then.
RTP_REFUSED = ['rtp_injection', 'rtp_bleed']


class WallCase(unittest.TestCase):
    """One topology and wall a class. `shape`, `link` (topology.LINKS), `family` (4 or 6) and `config` (changes of
    wall.DEFAULT) are the class's; so is `wall_kind`, by which its wall is made."""
    shape = 'edge'
    link = 'veth'
    family = 4
    config = {}
    wall_kind = Wall

    @classmethod
    def setUpClass(cls):
        cls.topology = Topology(cls.shape, cls.link)
        cls.addClassCleanup(cls.topology.close)
        cls.wall = cls.wall_kind(cls.topology, cls.config)
        cls.addClassCleanup(cls.wall.close)
        cls.prepare()
        cls.wall.start()

    @classmethod
    def prepare(cls):
        """What is there before the wall is."""

    def setUp(self):
        signal.signal(signal.SIGALRM, self._out_of_time)
        signal.alarm(TEST_SECONDS)
        self.addCleanup(signal.alarm, 0)
        self._phones = {}
        self.addCleanup(self._close_phones)

    def tearDown(self):
        if not self.wall.is_alive() and not getattr(self, 'agent_may_be_down', False):
            self.fail(f'the agent did not survive this test:\n{self.wall.log_tail()}')

    # parties

    def address(self, party):
        return ADDRESSES[party][0 if self.family == 4 else 1]

    def phone(self, party, port=5060):
        """The phone of a party, on its own socket; made at first use."""
        if (party, port) not in self._phones:
            self._phones[party, port] = Phone(self.topology.home_of(party), self.address(party), port, user=party)
        return self._phones[party, port]

    def rtp(self, party, port=None):
        made = Rtp(self.topology.home_of(party), self.address(party), port)
        self.addCleanup(made.close)
        return made

    def call(self, caller='peer', callee='pbx', **options):
        """A call that has not begun. Inbound unless told otherwise."""
        made = Call(self.phone(caller), self.phone(callee), **options)
        self.addCleanup(made.close)
        return made

    def inbound(self, **options):
        """(call, media outside, media inside) of an established inbound call."""
        call = self.call(**options).establish()
        return call, call.caller_rtp, call.callee_rtp

    def outbound(self, **options):
        """(call, media outside, media inside) of an established outbound call."""
        call = self.call('pbx', 'peer', **options).establish()
        return call, call.callee_rtp, call.caller_rtp

    def is_heard(self, party, port=5060):
        """Whether an OPTIONS of that party reaches the PBX."""
        phone, pbx, call_id = self.phone(party, port), self.phone('pbx'), sip.new_call_id()
        phone.send(sip.request('OPTIONS', f'sip:{pbx.host_port}', via=phone.host_port, frm=f'<{phone.uri}>;tag=1',
                               to=f'<{pbx.uri}>', call_id=call_id, cseq=1), pbx.endpoint)
        return pbx.hears('OPTIONS', call_id, 0.3)

    # claims

    def wait_until(self, condition, what, timeout=5.0):
        """Waits for a condition; returns what it returned."""
        end = time.monotonic() + timeout * PATIENCE
        while not (found := condition()):
            if time.monotonic() > end:
                self.fail(f'not within {timeout} s: {what}')
            time.sleep(0.01)
        return found

    def assert_heard(self, sender, receiver, to=None, count=10, timeout=3.0):
        """`sender` is heard: within the time a first packet arrives, and after that every one of `count`."""
        to = to or receiver.endpoint
        end = time.monotonic() + timeout * PATIENCE
        while True:
            first = sender.send(to)[0]
            if receiver.wait(lambda p: p.ssrc == sender.ssrc and p.sequence >= first, 0.02):
                break
            if time.monotonic() > end:
                self.fail(f'{endpoint_text(*sender.endpoint)} was not heard at {endpoint_text(*to)} within {timeout} s'
                          f'{self._explain(to)}')
        sent = set(sender.send(to, count))
        missing = set(sent)
        while missing and (packet := receiver.wait(lambda p: p.ssrc == sender.ssrc, 1.0 * PATIENCE)):
            missing.discard(packet.sequence)
        self.assertFalse(missing, f'lost {len(missing)} of {count} packets to {endpoint_text(*to)}{self._explain(to)}')

    def assert_both_hear(self, one, other):
        self.assert_heard(one, other)
        self.assert_heard(other, one)

    def assert_refused(self, sender, to, receiver=None, reason=None, count=5):
        """None of `count` packets arrives, and the wall counts them all as drops, under `reason` where it is named."""
        before = self.wall.reasons()
        if receiver:
            receiver.received()
        sent = set(sender.send(to, count))
        self.assert_dropped(before, reason, count)
        heard = {p.sequence for p in receiver.received() if p.ssrc == sender.ssrc} if receiver else set()
        self.assertFalse(heard & sent, f'heard {sorted(heard & sent)} at {endpoint_text(*to)}, which should be shut')

    def assert_dropped(self, before, reason, count):
        """The counters since `before` show `count` drops: of `reason`, a list of reasons, or of any (None)."""
        names = DROPS if reason is None else [reason] if isinstance(reason, str) else list(reason)

        def counted():
            now = self.wall.reasons()
            return sum(now.get(name, 0) - before.get(name, 0) for name in names) >= count
        try:
            self.wait_until(counted, f'{count} drops as {" or ".join(names)}', 3.0)
        except AssertionError:
            now = self.wall.reasons()
            grown = {k: v - before.get(k, 0) for k, v in now.items() if v != before.get(k, 0)}
            self.fail(f'expected {count} drops as {" or ".join(names)}; counted {grown}')

    def assert_closes(self, stream_sender, receiver, to, within):
        """While `stream_sender` goes on sending, nothing is heard any more from some moment on; returns that moment in
        seconds from now. `within` bounds the wait, and then a further 300 ms must be silent."""
        start = last = time.monotonic()
        receiver.received()
        while time.monotonic() - last < 0.3:
            stream_sender.send(to)
            time.sleep(0.005)
            last = max([last, *(p.at for p in receiver.received() if p.ssrc == stream_sender.ssrc)])
            if time.monotonic() - start > within * PATIENCE + 0.3:
                self.fail(f'still open {time.monotonic() - start:.3f} s later{self._explain(to)}')
        return last - start

    def assert_open_for_good(self, sender, receiver, seconds=DRAIN + 0.5):
        """Stays open: every packet of the next `seconds` arrives."""
        receiver.received()
        sent, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            sent += sender.send(receiver.endpoint)
            time.sleep(0.01)
        missing = set(sent)
        while missing and (packet := receiver.wait(lambda p: p.ssrc == sender.ssrc, 1.0 * PATIENCE)):
            missing.discard(packet.sequence)
        self.assertFalse(missing, f'lost {len(missing)} of {len(sent)} packets{self._explain(receiver.endpoint)}')

    def assert_no_loss(self, stream, receiver):
        """Every packet of a stopped stream has arrived."""
        missing = set(stream.stop())
        while missing and (packet := receiver.wait(lambda p: p.ssrc == stream.sender.ssrc, PATIENCE)):
            missing.discard(packet.sequence)
        self.assertFalse(missing, f'lost {len(missing)} of {len(stream.sent)} packets')
        return len(stream.sent)

    def hole_phase(self, local):
        hole = self.wall.pinhole(local)
        return hole['phase'] if hole else None

    def _explain(self, to):
        try:
            return f'; hole: {self.wall.pinhole(to)}; verdicts: {self.wall.reasons()}'
        except (RuntimeError, KeyError, ValueError) as error:
            return f'; and the wall does not answer: {error}'

    def _close_phones(self):
        for phone in self._phones.values():
            phone.close()

    def _out_of_time(self, *_):
        raise TimeoutError(f'the test took longer than {TEST_SECONDS} s')
