# SPDX-License-Identifier: Apache-2.0
"""RTP on real sockets: numbered packets, counts a source, and a stream that goes on whatever the test does meanwhile."""
import collections
import itertools
import random
import socket
import struct
import threading
import time

Packet = collections.namedtuple('Packet', 'source sequence ssrc payload_type at raw')
SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104       # linux/udp.h
SO_TIMESTAMPNS, TIMESPEC = 35, struct.Struct('qq') # asm-generic/socket.h; as 64-bit machines have it
_ports = itertools.count(10000 + 2 * random.randrange(200), 2)


def next_port():
    """An even port of the guarded range that this process has not used yet: an ended call's tombstone, and an address
    that an outsider named within 5 minutes, would speak in the next test."""
    return next(_ports)


def rtp(sequence, ssrc, payload_type=0, payload=b'\xff' * 160):
    return struct.pack('!BBHII', 0x80, payload_type, sequence & 0xffff, (160 * sequence) & 0xffffffff, ssrc) + payload


def rtcp_receiver_report(ssrc):
    return struct.pack('!BBHI', 0x80, 201, 1, ssrc)


class Rtp:
    """One media socket: sends numbered RTP from its own address and port, remembers who was heard."""

    def __init__(self, namespace, address, port=None):
        self.address, self.port = address, port or next_port()
        self.ssrc, self.sequence = random.getrandbits(32) or 1, 0
        self._socket = namespace.udp(address, self.port)
        self._lock = threading.Lock()

    @property
    def endpoint(self):
        return (self.address, self.port)

    def send(self, to, count=1, payload_type=0):
        """Sends `count` packets at once; returns their sequence numbers."""
        with self._lock:
            sent = range(self.sequence, self.sequence + count)
            self.sequence += count
        for number in sent:
            self._socket.sendto(rtp(number, self.ssrc, payload_type), to)
        return list(sent)

    def send_raw(self, payload, to):
        self._socket.sendto(payload, to)

    def send_together(self, datagrams, to):
        """One buffer, to be cut by the last who can (UDP_SEGMENT); all but the last datagram as long as the first."""
        self._socket.setsockopt(SOL_UDP, UDP_SEGMENT, len(datagrams[0]))
        self._socket.sendto(b''.join(datagrams), to)
        self._socket.setsockopt(SOL_UDP, UDP_SEGMENT, 0)

    def receive_together(self):
        """From here on what is received may be many datagrams in one (UDP_GRO)."""
        self._socket.setsockopt(SOL_UDP, UDP_GRO, 1)

    def received(self):
        """Every datagram that has come since the last call."""
        self._socket.setblocking(False)
        packets = []
        try:
            while True:
                packets.append(_packet(*self._socket.recvfrom(65535)))
        except BlockingIOError:
            return packets

    def note_arrivals(self):
        """From here on the kernel notes when it receives what comes: for `arrivals`."""
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def arrivals(self):
        """(datagram, ns of CLOCK_REALTIME at which the kernel received it) of every one since the last call, however late
        this asks."""
        self._socket.setblocking(False)
        came = []
        try:
            while True:
                raw, notes, _, _ = self._socket.recvmsg(65535, 64)
                seconds, ns = next(TIMESPEC.unpack(value) for _, kind, value in notes if kind == SO_TIMESTAMPNS)
                came.append((raw, seconds * 1_000_000_000 + ns))
        except BlockingIOError:
            return came

    def wait(self, fits=lambda packet: True, timeout=2.0):
        """The next packet that fits; others are forgotten. None when the time is over, but never without a look: a
        machine that stood still has packets waiting."""
        end = time.monotonic() + timeout
        left = timeout
        while left > 0:
            left = end - time.monotonic()
            self._socket.settimeout(max(left, 0.001))
            try:
                packet = _packet(*self._socket.recvfrom(65535))
            except socket.timeout:
                return None
            if fits(packet):
                return packet
        return None

    def close(self):
        self._socket.close()


class Stream:
    """Sends from an Rtp every `interval` seconds in the background, until it is stopped."""

    def __init__(self, sender, to, interval=0.01):
        self.sender, self.to, self.interval = sender, to, interval
        self.sent = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stops, and returns the sequence numbers that were sent."""
        self._stop.set()
        self._thread.join(5)
        return self.sent

    def _run(self):
        due = time.monotonic()
        while not self._stop.is_set():
            self.sent += self.sender.send(self.to)
            due += self.interval
            self._stop.wait(max(0.0, due - time.monotonic()))


def _packet(raw, source):
    at = time.monotonic()
    if len(raw) >= 12 and raw[0] >> 6 == 2:
        _, payload_type, sequence, _, ssrc = struct.unpack('!BBHII', raw[:12])
        return Packet(source[:2], sequence, ssrc, payload_type & 0x7f, at, raw)
    return Packet(source[:2], None, None, None, at, raw)
