# SPDX-License-Identifier: Apache-2.0
"""tcpdump on an interface of a namespace, and its frames read back."""
import collections
import signal
import struct
import subprocess
import time

from . import janitor

Frame = collections.namedtuple('Frame', 'at raw')
_made = 0


class Capture:
    """Everything that goes over one interface, from `with` to its end. `direction`: in, out or inout."""

    def __init__(self, namespace, interface, expression='udp', direction='inout'):
        global _made
        self.path = janitor.scratch() / f'capture{_made}.pcap'
        _made += 1
        self._process = subprocess.Popen(
            namespace.command('tcpdump', '-i', interface, '-Q', direction, '-U', '--immediate-mode', '-B', '16384', '-s', '0',
                              '-Z', 'root', '-w', self.path, expression),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self._process.stderr:         # it says so once its socket is open
            if 'listening on' in line:
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the capture, once what is on its way has been written; returns the frames."""
        if self._process.poll() is None:
            _settle(self.path)
            self._process.send_signal(signal.SIGINT)
            self._process.wait(10)
            self._process.stderr.close()
        return self.frames()

    def frames(self):
        return list(read(self.path))


def read(path):
    """The frames of a classic pcap file, in order."""
    content = path.read_bytes()
    order = '<' if content[:4] == b'\xd4\xc3\xb2\xa1' else '>'
    at = 24
    while at + 16 <= len(content):
        seconds, micros, captured, _ = struct.unpack(order + 'IIII', content[at:at + 16])
        yield Frame(seconds + micros / 1e6, content[at + 16:at + 16 + captured])
        at += 16 + captured


def without_hop(frame):
    """A frame without what a router must change: Ethernet addresses, TTL and IPv4 header checksum, or hop limit."""
    packet = bytearray(frame.raw[14:])
    if packet[0] >> 4 == 4:
        packet[8] = 0
        packet[10:12] = b'\0\0'
    else:
        packet[7] = 0
    return bytes(packet)


def udp_payload(frame):
    """(source port, destination port, payload) of an unfragmented UDP frame, else None."""
    packet = frame.raw[14:]
    if packet[0] >> 4 == 4:
        start = (packet[0] & 15) * 4
        if packet[9] != 17:
            return None
    else:
        start = 40
        if packet[6] != 17:
            return None
    source, destination, length = struct.unpack('!HHH', packet[start:start + 6])
    return source, destination, bytes(packet[start + 8:start + length])


def _settle(path, quiet=0.15, longest=3.0):
    """Waits until the file has stopped growing."""
    end, size, since = time.monotonic() + longest, -1, time.monotonic()
    while time.monotonic() < end and time.monotonic() - since < quiet:
        now = path.stat().st_size if path.exists() else 0
        if now != size:
            size, since = now, time.monotonic()
        time.sleep(0.02)
