# SPDX-License-Identifier: Apache-2.0
"""Calls that a known party outside begins while something else goes on: INVITE, 180, 200, ACK, and whether it is then heard
inside. What is lost is sent again, as RFC 3261 17.1.1.2 has it (timer A: 0.5 s, 1 s)."""
import contextlib
import dataclasses
import time

from ringwall_netns.call import Call

COPIES_AFTER = (0.5, 1.0)                                  # seconds; then the last copy has as long again
AUDIO_SECONDS, PACKET_SECONDS = 1.0, 0.02
CALLS_A_SECOND = 5


@dataclasses.dataclass
class Tried:
    calls: int = 0
    up: int = 0                                            # the caller was heard
    at_once: int = 0                                       # of these, without any copy

    def add(self, other):
        self.calls += other.calls
        self.up += other.up
        self.at_once += other.at_once


def keep_calling(caller, callee, seconds):
    """Calls between two phones, one after the other, as long as the time is not over."""
    tried, due = Tried(), time.monotonic()
    end = due + seconds
    while due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        tried.add(try_one(caller, callee))
        due = max(due + 1 / CALLS_A_SECOND, time.monotonic())
    return tried


def try_one(caller, callee):
    call = Call(caller, callee)
    copies = 0
    try:
        call.invited, copies = _until_received(call, 'INVITE', body=call.sdp('caller'), cseq=1, other_tag='')
        call.ring()
        call.answer()
        copies += _until_received(call, 'ACK', cseq=1)[1]
        is_up = is_heard(call)
    except TimeoutError:
        is_up = False
    _hang_up(call)
    return Tried(1, int(is_up), int(is_up and copies == 0))


def _until_received(call, method, **options):
    """The request as the callee received it, and how many copies it took. (A caller sends its ACK again for each copy of
    the 200, whose timer is the same.)"""
    text = call.send(method, **options)
    for copies, wait in enumerate(COPIES_AFTER):
        try:
            return call.callee.expect(method, call.call_id, wait), copies
        except TimeoutError:
            call.caller.send(text, call.callee.endpoint)
    return call.callee.expect(method, call.call_id, COPIES_AFTER[-1]), len(COPIES_AFTER)


def is_heard(call):
    """Whether the caller's media arrives, within a second."""
    end = time.monotonic() + AUDIO_SECONDS
    while time.monotonic() < end:
        call.caller_rtp.send(call.callee_rtp.endpoint)
        if call.callee_rtp.wait(lambda packet: packet.ssrc == call.caller_rtp.ssrc, PACKET_SECONDS):
            return True
    return False


def _hang_up(call):
    """As far as BYE gets through."""
    with contextlib.suppress(TimeoutError):
        call.respond(_until_received(call, 'BYE')[0], 200)
    call.close()
