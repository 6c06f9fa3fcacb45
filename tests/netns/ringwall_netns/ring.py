# SPDX-License-Identifier: Apache-2.0
"""The wall's rings, read as an agent would: what the programs have mirrored, while no agent is there to take it."""
import collections
import ctypes
import mmap
import os
import platform
import socket
import struct

Record = collections.namedtuple('Record', 'length offset source destination flags protocol sequence payload')
OUTBOUND, MORE, SYN, FIN, RST = 1 << 0, 1 << 1, 1 << 5, 1 << 6, 1 << 7  # maps/abi/record.h

_HEADER = struct.Struct('=QIIII16s2s2x16s2s2xHBBII4x')
_BPF_OBJ_GET, _SYS_BPF = 7, {'x86_64': 321, 'aarch64': 280}[platform.machine()]
_BUSY, _DISCARDED = 1 << 31, 1 << 30
_libc = ctypes.CDLL(None, use_errno=True)


def records(wall, name, size=4 << 20):
    """Everything that stands unread in a ring ('inside', 'known', 'strangers'; `size` bytes of data). It stays there."""
    ring = _open(wall.pin_path / 'maps' / f'ring_{name}')
    try:
        page = mmap.PAGESIZE
        with mmap.mmap(ring, page, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE) as consumer, \
                mmap.mmap(ring, page + 2 * size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page) as producer:
            at, end = (struct.unpack_from('=Q', m)[0] for m in (consumer, producer))
            return [_record(sample) for sample in _samples(producer, page, size, at, end)]
    finally:
        os.close(ring)


def stream(found, source):
    """The bytes that `source` (address, port) sent, joined by sequence and offset. From its SYN, or the first byte seen."""
    mine = [r for r in found if r.source == source and r.protocol == socket.IPPROTO_TCP]
    first = min((r.sequence + bool(r.flags & SYN) for r in mine), default=0)
    joined = bytearray()
    for record in sorted(mine, key=lambda r: r.sequence + r.offset):
        at = record.sequence + record.offset + bool(record.flags & SYN) - first
        if at <= len(joined):                              # else a gap: what is behind it does not count
            joined[at:at + len(record.payload)] = record.payload
    return bytes(joined)


def _samples(data, page, size, at, end):
    while at < end:
        length, = struct.unpack_from('=I', data, page + at % size)
        assert not length & _BUSY, 'a record is still being written'
        body = length & ~_DISCARDED
        if not length & _DISCARDED:
            start = page + at % size + 8
            yield data[start:start + body]
        at += (body + 8 + 7) // 8 * 8


def _record(sample):
    (_, length, offset, captured, _, source, sport, destination, dport, flags, protocol, _, sequence,
     _) = _HEADER.unpack_from(sample)
    return Record(length, offset, _endpoint(source, sport), _endpoint(destination, dport), flags, protocol, sequence,
                  sample[_HEADER.size:_HEADER.size + captured])


def _endpoint(address, port):
    v4 = address.startswith(bytes(10) + b'\xff\xff')
    text = socket.inet_ntop(socket.AF_INET, address[12:]) if v4 else socket.inet_ntop(socket.AF_INET6, address)
    return (text, int.from_bytes(port, 'big'))


def _open(path):
    name = ctypes.create_string_buffer(str(path).encode())
    attributes = struct.pack('=QII', ctypes.addressof(name), 0, 0)
    descriptor = _libc.syscall(_SYS_BPF, _BPF_OBJ_GET, attributes, len(attributes))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), f'open {path}')
    return descriptor
