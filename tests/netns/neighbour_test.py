# SPDX-License-Identifier: Apache-2.0
"""Who else is there: a stranger's XDP program on our interface, another wall in another namespace, each during calls."""
import ctypes
import os
import platform
import struct

from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.topology import Topology, run
from ringwall_netns.wall import Wall

_SYS_BPF = {'x86_64': 321, 'aarch64': 280}[platform.machine()]
_PROG_LOAD, _OBJ_PIN, _PROG_TYPE_XDP = 5, 6, 6    # linux/bpf.h
_libc = ctypes.CDLL(None, use_errno=True)


def _bpf(command, attributes):
    made = _libc.syscall(_SYS_BPF, command, attributes, len(attributes))
    if made < 0:
        number = ctypes.get_errno()
        raise OSError(number, f'bpf({command}): {os.strerror(number)}')
    return made


def pin_a_strangers_program(path):
    """`r0 = XDP_PASS; exit`, pinned."""
    code = ctypes.create_string_buffer(struct.pack('=BBhi', 0xb7, 0, 0, 2) + struct.pack('=BBhi', 0x95, 0, 0, 0))
    name = ctypes.create_string_buffer(b'GPL')
    program = _bpf(_PROG_LOAD, struct.pack('=IIQQIIQI', _PROG_TYPE_XDP, 2, ctypes.addressof(code), ctypes.addressof(name),
                                           0, 0, 0, 0))
    text = ctypes.create_string_buffer(os.fsencode(path))
    try:
        _bpf(_OBJ_PIN, struct.pack('=QI', ctypes.addressof(text), program))
    finally:
        os.close(program)


def assert_none_lost(case, streams):
    """`streams`: (Stream that has stopped, Rtp that heard it)."""
    for stream, receiver in streams:
        missing = set(stream.sent)
        while missing and (packet := receiver.wait(lambda p, s=stream: p.ssrc == s.sender.ssrc, 1.0)):
            missing.discard(packet.sequence)
        case.assertFalse(missing, f'lost {len(missing)} of {len(stream.sent)}')


class Stranger:
    """It holds the interface's one place for native XDP before the wall comes, and leaves later."""
    config = {'attach': 'auto'}

    def stranger(self, word, *arguments):
        run('nsenter', f'--net={self.topology.edge.path}', 'ip', 'link', 'set', 'dev', 'outer', word, *arguments)

    def ingress(self):
        return self.wall.status()['interfaces'][0]['ingress']

    def test_a_call_has_audio_beside_it_and_loses_nothing_as_it_comes_and_goes(self):
        self.wall.detach()
        self.wall.process.wait(10)
        pin = self.wall.directory / 'bpf' / 'stranger'
        pin_a_strangers_program(pin)
        self.stranger('xdpdrv', 'pinned', pin)
        self.wall.start()
        self.assertIn(self.ingress(), ('tcx', 'clsact'))
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside, ['rtp_injection', 'rtp_bleed'])
        with Stream(outside, inside.endpoint, 0.005) as inwards, Stream(inside, outside.endpoint, 0.005) as outwards:
            self.wall.reload()
            self.assertIn(self.ingress(), ('tcx', 'clsact'))
            self.assertIn('xdp', run('ip', '-n', self.topology.edge.name, 'link', 'show', 'outer'), 'it stays')
            self.stranger('xdpdrv', 'off')
            self.wall.reload()
            self.assertEqual(self.ingress(), 'xdp native')
        assert_none_lost(self, [(inwards, inside), (outwards, outside)])
        self.assert_refused(self.rtp('attacker'), inside.endpoint, inside, ['rtp_injection', 'rtp_bleed'])
        call.bye()


class StrangerIPv4(Stranger, WallCase):
    family = 4


class StrangerIPv6(Stranger, WallCase):
    family = 6


class TwoCallsAtOnce(WallCase):
    """Two walls, the same addresses, the same ports, one call each at the same time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_topology = Topology(cls.shape)
        cls.addClassCleanup(cls.other_topology.close)
        cls.other_wall = Wall(cls.other_topology, cls.config)
        cls.addClassCleanup(cls.other_wall.close)
        cls.other_wall.start()

    def other(self):
        """A case of the same kind whose topology and wall are the other ones."""
        made = type(self)()
        made.topology, made.wall, made._phones = self.other_topology, self.other_wall, {}
        self.addCleanup(made.doCleanups)
        self.addCleanup(made._close_phones)       # pylint: disable=protected-access
        return made

    def test_neither_loses_a_packet_and_ending_one_leaves_the_other(self):
        there = self.other()
        call, outside, inside = self.inbound()
        same = {'caller_rtp': there.rtp('peer', outside.port), 'callee_rtp': there.rtp('pbx', inside.port)}
        other_call = there.call(**same, call_id=call.call_id).establish()
        pairs = [(outside, inside), (inside, outside), (other_call.caller_rtp, other_call.callee_rtp),
                 (other_call.callee_rtp, other_call.caller_rtp)]
        for sender, receiver in pairs:
            self.assert_heard(sender, receiver)
        streams = [(Stream(sender, receiver.endpoint, 0.005), receiver) for sender, receiver in pairs]
        for stream, _ in streams:
            stream.__enter__()
        for _ in range(20):
            self.assertEqual(len(self.wall.call(call.call_id)), 1)
            self.assertEqual(len(self.other_wall.call(call.call_id)), 1)
        for stream, _ in streams:
            stream.stop()
        assert_none_lost(self, streams)
        other_call.bye()
        there.assert_closes(other_call.caller_rtp, other_call.callee_rtp, other_call.callee_rtp.endpoint, 2.0)
        self.assert_both_hear(outside, inside)
