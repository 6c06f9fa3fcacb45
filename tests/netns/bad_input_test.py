# SPDX-License-Identifier: Apache-2.0
"""What our parser cannot read is delivered all the same, counted by its defect, opens nothing and kills nobody."""
import socket
import struct

from ringwall_netns import sip
from ringwall_netns.case import WallCase


class BadInput:
    def deliver(self, raw, opens_nothing_at=None):
        """Sends bytes from the peer to the PBX's SIP port; they must arrive unchanged, and the wall must count them."""
        before = self.defects()
        self.phone('peer').send(raw, self.phone('pbx').endpoint)
        self.assertEqual(self.phone('pbx').expect_bytes(lambda got: got == raw), raw)
        if opens_nothing_at:
            self.assert_refused(self.rtp('peer'), opens_nothing_at, reason='no_pinhole')
        self.wait_until(lambda: self.defects() != before, f'a defect is counted; counters: {self.wall.counters()}')
        self.assertTrue(self.wall.is_alive())

    def defects(self):
        return {label: count for label, count in self.wall.counters().items() if 'sip_' in label or 'sdp_' in label}

    def invite(self, **options):
        call = self.call()
        values = {'via': call.caller.host_port, 'frm': call.party('caller'), 'to': call.party('callee', ''),
                  'call_id': call.call_id, 'cseq': 1, 'contact': f'peer@{call.caller.host_port}', 'body': call.sdp('caller')}
        return call, sip.request('INVITE', call.callee.uri, **{**values, **options}).encode()

    def test_a_message_cut_anywhere_is_delivered_and_opens_nothing(self):
        _, whole = self.invite()
        for length in (20, 60, 150, len(whole) // 2, len(whole) - 40):
            with self.subTest(length=length):
                self.deliver(whole[:length])

    def test_a_header_of_60_kilobytes_in_fragments_is_delivered(self):
        _, raw = self.invite(extra=[f'Subject: {"x" * 60000}'])
        self.assertGreater(len(raw), 60000)
        pbx = self.phone('pbx')
        self.phone('peer').send(raw, pbx.endpoint)
        self.assertEqual(pbx.expect_bytes(lambda got: len(got) == len(raw)), raw)
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)

    def test_nuls_are_delivered_and_open_nothing(self):
        _, raw = self.invite()
        self.deliver(raw.replace(b'Max-Forwards: 70', b'Max-\0Forwards: \0\0'))
        self.deliver(b'INVITE ' + bytes(300))

    def test_a_message_without_call_id_is_delivered(self):
        call, raw = self.invite()
        self.deliver(raw.replace(f'Call-ID: {call.call_id}\r\n'.encode(), b''))

    def test_two_call_ids_two_lengths_and_a_foreign_cseq_are_delivered(self):
        call, raw = self.invite()
        self.deliver(raw.replace(b'CSeq: 1', b'Call-ID: another\r\nCSeq: 1'))
        self.deliver(raw.replace(b'Content-Length:', b'Content-Length: 0\r\nContent-Length:'))
        self.deliver(raw.replace(b'CSeq: 1 INVITE', b'CSeq: 1 OPTIONS'))
        self.deliver(raw.replace(b'CSeq: 1 ', b'CSeq: 99999999999 '))

    def test_a_length_past_the_end_is_delivered(self):
        _, raw = self.invite(body='')
        self.deliver(raw.replace(b'Content-Length: 0', b'Content-Length: 5000'))

    def test_an_answer_with_a_port_past_65535_opens_nothing(self):
        self.check_answer(lambda call: call.sdp('callee').replace(f'm=audio {call.callee_rtp.port} ', 'm=audio 99999 '))

    def test_an_answer_with_a_connection_of_another_family_opens_nothing(self):
        wrong, right = ('IP6', 'IP4') if self.family == 4 else ('IP4', 'IP6')
        self.check_answer(lambda call: call.sdp('callee').replace(f'c=IN {right}', f'c=IN {wrong}'))

    def test_an_answer_with_a_damaged_media_line_opens_nothing(self):
        self.check_answer(lambda call: call.sdp('callee').replace('m=audio', 'm='))

    def test_an_answer_without_media_lines_opens_nothing_and_is_no_error(self):
        call = self.call()
        call.invite()
        call.answer(body=call.sdp('callee', ports=[]))
        call.ack()
        self.assert_refused(call.caller_rtp, call.callee_rtp.endpoint, call.callee_rtp)
        self.assertEqual(self.wall.pinholes(call.call_id), [])

    def check_answer(self, body_of):
        call = self.call()
        call.invite()
        before = self.defects()
        call.answer(body=body_of(call))
        call.ack()
        self.wait_until(lambda: self.defects() != before, f'a defect is counted; counters: {self.wall.counters()}')
        self.assert_refused(call.caller_rtp, call.callee_rtp.endpoint, call.callee_rtp)

    def test_ip_and_udp_lengths_that_lie_are_refused_at_a_guarded_port(self):
        inside = self.rtp('pbx')
        for lie in (3, 7, 60000):
            with self.subTest(udp_length=lie):
                before = self.wall.reasons()
                self.send_raw_udp(inside.endpoint, lie)
                self.assert_dropped(before, ['malformed', 'no_pinhole'], 1)
        self.assertEqual(inside.received(), [])

    def send_raw_udp(self, to, udp_length):
        family = socket.AF_INET if self.family == 4 else socket.AF_INET6
        raw = self.topology.outside.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP)
        with raw:
            raw.bind((self.address('peer'), 0))
            if self.family == 6:
                raw.setsockopt(socket.IPPROTO_IPV6, 7, -1)          # IPV6_CHECKSUM: ours, wrong as it is
            raw.sendto(struct.pack('!HHHH', 4000, to[1], udp_length, 0) + b'\x80' + bytes(30), (to[0], 0))

    def test_noise_on_the_sip_port_is_delivered(self):
        for raw in (b'\r\n\r\n', b'\0', b'\xff' * 1200, b'SIP/2.0 200\r\n', b'INVITE', b'a' * 1400):
            with self.subTest(raw=raw[:12]):
                self.phone('peer').send(raw, self.phone('pbx').endpoint)
                self.phone('pbx').expect_bytes(lambda got, raw=raw: got == raw)
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)


class IPv4(BadInput, WallCase):
    family = 4


class IPv6(BadInput, WallCase):
    family = 6
