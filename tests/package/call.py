#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A call through eth0 without a telephone at either end: what its two ends would send is put on the two ends of the veth
pair of lib.sh's make_network, whose namespace this runs in.

    call.py answer         INVITE from outside, 200 from inside, ACK
    call.py hear           exit 0 where the inside hears the party's media
    call.py overhear       exit 0 where the inside hears a stranger's media on the same port
"""
import random
import socket
import sys

from scapy.all import IP, UDP, Ether, Raw, get_if_hwaddr, sendp

PBX, PARTY, STRANGER = '192.0.2.10', '192.0.2.20', '192.0.2.66'
INSIDE_MEDIA, OUTSIDE_MEDIA = 10000, 30000
CALL_ID = 'over-every-restart@192.0.2.20'


def inwards(source, sport, dport, payload):
    sendp(Ether(src=get_if_hwaddr('far'), dst=get_if_hwaddr('eth0')) / IP(src=source, dst=PBX) / UDP(sport=sport, dport=dport) / Raw(payload),
          iface='far', verbose=False)


def outwards(payload):
    sendp(Ether(src=get_if_hwaddr('eth0'), dst=get_if_hwaddr('far')) / IP(src=PBX, dst=PARTY) / UDP(sport=5060, dport=5060) / Raw(payload),
          iface='eth0', verbose=False)


def sdp(address, port):
    return (f'v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n'
            f'm=audio {port} RTP/AVP 0\r\n')


def message(start, method, to_tag, contact, body=''):
    lines = [start, f'Via: SIP/2.0/UDP {PARTY}:5060;branch=z9hG4bK-{method}', f'From: <sip:party@{PARTY}>;tag=1',
             f'To: <sip:pbx@{PBX}>{to_tag}', f'Call-ID: {CALL_ID}', f'CSeq: 1 {method}', f'Contact: <sip:{contact}:5060>']
    if 'SIP/2.0' != start[:7]:
        lines.append('Max-Forwards: 70')
    if body:
        lines.append('Content-Type: application/sdp')
    return ('\r\n'.join([*lines, f'Content-Length: {len(body)}']) + '\r\n\r\n' + body).encode()


def answer():
    inwards(PARTY, 5060, 5060, message(f'INVITE sip:pbx@{PBX} SIP/2.0', 'INVITE', '', PARTY, sdp(PARTY, OUTSIDE_MEDIA)))
    outwards(message('SIP/2.0 200 OK', 'INVITE', ';tag=2', PBX, sdp(PBX, INSIDE_MEDIA)))
    inwards(PARTY, 5060, 5060, message(f'ACK sip:pbx@{PBX} SIP/2.0', 'ACK', ';tag=2', PARTY))


def is_heard(source):
    """One packet of G.711, and whether it is received, within a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media:
        media.bind((PBX, INSIDE_MEDIA))
        media.settimeout(1)
        sequence = random.getrandbits(16)
        inwards(source, OUTSIDE_MEDIA, INSIDE_MEDIA, b'\x80\x00' + sequence.to_bytes(2, 'big') + bytes(4) + b'wall' + b'\xff' * 160)
        try:
            return media.recvfrom(2048)[1] == (source, OUTSIDE_MEDIA)
        except TimeoutError:
            return False


def main(what):
    if what == 'answer':
        answer()
        return 0
    return 0 if is_heard({'hear': PARTY, 'overhear': STRANGER}[what]) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
