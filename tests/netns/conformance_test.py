# SPDX-License-Identifier: Apache-2.0
"""Media of the right sender that is not as negotiated, and RTP of the wrong one: told, with the call, or refused."""
import time

from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.topology import PROVIDER_NETWORKS
from ringwall_netns.wall import endpoint_text


def peers(conformance):
    return [{'name': 'provider', 'networks': PROVIDER_NETWORKS, 'conformance': conformance}]


def fax(body):
    """The same description, of T.38 on the audio's port."""
    lines = [line for line in body.split('\r\n') if not line.startswith('a=')]
    audio = next(i for i, line in enumerate(lines) if line.startswith('m=audio'))
    lines[audio] = f'm=image {lines[audio].split()[1]} udptl t38'
    return '\r\n'.join(lines)


class Conformance:
    def heard(self, sender, inside, payload_type=0, count=5):
        inside.received()
        sent = sender.send(inside.endpoint, count, payload_type)
        time.sleep(0.2)
        return [p.sequence for p in inside.received() if p.ssrc == sender.ssrc and p.sequence in sent]

    def last_refused(self, call, inside):
        holes = [h for leg in self.wall.call(call.call_id) for h in leg['pinholes']]
        return next(h for h in holes if h['local'] == endpoint_text(*inside.endpoint))

    def test_injection_and_bleed_are_counted_with_the_call_they_aim_at(self):
        call, outside, inside = self.inbound()
        attacker = self.rtp('attacker')
        self.assert_refused(attacker, inside.endpoint, inside, 'rtp_bleed')
        hole = self.last_refused(call, inside)
        self.assertEqual((hole['refused'], hole['last_refused']['reason']), (5, 'rtp_bleed'))
        self.assertEqual(hole['last_refused']['source'], endpoint_text(*attacker.endpoint))
        with Stream(outside, inside.endpoint):
            self.assertTrue(inside.wait(lambda p: p.ssrc == outside.ssrc))
            self.assert_refused(attacker, inside.endpoint, inside, 'rtp_injection')
        self.assertEqual(self.last_refused(call, inside)['last_refused']['reason'], 'rtp_injection')
        self.wait_until(lambda: call.call_id in self.wall.log_tail(), 'the log names the call')

    def test_music_on_hold_of_another_ssrc_is_heard(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        outside.ssrc ^= 0x5a5a5a5a  # behind the peer, unannounced
        with Stream(outside, inside.endpoint, 0.02):
            self.assertTrue(inside.wait(lambda p: p.ssrc == outside.ssrc))
        call.reinvite(offer=call.sdp('caller', direction='sendonly'), answer=call.sdp('callee', direction='recvonly'))
        self.wait_until(lambda: self.hole_phase(inside.endpoint) == 'held', 'the hole is held')
        outside.ssrc ^= 0x0f0f0f0f  # announced: at once
        self.assertEqual(len(self.heard(outside, inside)), 5)

    def test_fax_takes_over_the_port_of_the_audio_and_gives_it_back(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        udptl = b'\x00\x07\x06\x40\x80\x00\x00\x01\x02\x00\x00'
        received = call.request('INVITE', 'callee', body=fax(call.sdp('callee')))
        self.wait_until(lambda: self.wall.pinhole(inside.endpoint)['component'] == 'rtp+udptl', 'both are awaited')
        self.assert_heard(outside, inside)
        outside.send_raw(udptl, inside.endpoint)
        self.assertTrue(inside.wait(lambda p: p.raw == udptl), 'before the answer')
        call.respond(received, 200, side='caller', body=fax(call.sdp('caller')))
        call.ack(side='callee')
        self.wait_until(lambda: self.wall.pinhole(inside.endpoint)['component'] == 'udptl', 'the fax has the port')
        outside.send_raw(udptl, inside.endpoint)
        self.assertTrue(inside.wait(lambda p: p.raw == udptl), 'after the answer')
        call.reinvite('callee')
        self.assert_both_hear(outside, inside)


class Counting(Conformance):
    config = {'peers': peers('count')}

    def test_a_payload_type_that_was_not_negotiated_is_heard_and_told(self):
        call, outside, inside = self.inbound()
        before = self.wall.reasons()
        self.assertEqual(len(self.heard(outside, inside, 18)), 5)
        self.assertEqual(self.wall.reasons().get('pinhole_nonconformant', 0) - before.get('pinhole_nonconformant', 0), 5)
        hole = self.last_refused(call, inside)
        self.assertEqual((hole['refused'], hole['nonconformant']), (0, 5))
        self.assertEqual((hole['last_refused']['reason'], hole['last_refused']['passed']), ('wrong_payload_type', True))


class Enforcing(Conformance):
    config = {'peers': peers('enforce')}

    def test_a_payload_type_that_was_not_negotiated_is_refused_and_the_call_heard(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        before = self.wall.reasons()
        self.assertEqual(self.heard(outside, inside, 18), [])
        self.assert_dropped(before, 'wrong_payload_type', 5)
        self.assertEqual(len(self.heard(outside, inside, 0)), 5)
        self.assertEqual(len(self.heard(outside, inside, 101)), 5)
        self.assertIn('conformance: count', self.last_refused(call, inside)['last_refused']['mend'])

    def test_a_reload_reaches_the_call_that_is_up(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assertEqual(self.heard(outside, inside, 18), [])
        self.wall.configure({'peers': peers('off')})
        self.wall.command('reload', json_output=False)
        self.assertEqual(len(self.heard(outside, inside, 18)), 5)
        self.wall.configure(self.config)
        self.wall.command('reload', json_output=False)


class CountingIPv4(Counting, WallCase):
    family = 4


class CountingIPv6(Counting, WallCase):
    family = 6


class EnforcingIPv4(Enforcing, WallCase):
    family = 4


class EnforcingIPv6(Enforcing, WallCase):
    family = 6
