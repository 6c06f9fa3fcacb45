# SPDX-License-Identifier: Apache-2.0
"""What `ringwall replay` says of a call's audio: RTP of its audio m-lines and fax count, nothing else does."""
import pathlib
import struct
import subprocess
import tempfile
import unittest

from call import STEP, Call
from captures import IN, OUT, Script, pcap, udp
from replay import BINARY, CONFIG, replay
from ringwall_netns import media

STRANGER = ('203.0.113.66', 4444)
TRUNK = CONFIG + 'peers: [{ name: trunk, networks: [198.51.100.0/24] }]\n'
ENFORCED = CONFIG + 'zones: [{ name: internet, networks: [any], sip: yes, conformance: enforce }]\n'
DTLS = b'\x16\xfe\xfd' + bytes(60)
VIDEO = media.rtp(1, 8, 96)


def check(username):
    """An ICE connectivity check (RFC 8445 7.2.2, RFC 8489 14.3)."""
    attribute = struct.pack('!HH', 6, len(username)) + username + bytes(-len(username) % 4)
    return struct.pack('!HHI', 1, len(attribute), 0x2112a442) + b'transaction.' + attribute


def audio_of(script, config=CONFIG):
    [call] = replay(pcap(script), config=config).calls
    return call['audio']


class Of(unittest.TestCase):
    def setUp(self):
        self.script = Script()
        self.call = Call(self.script)

    def describe(self, here=(), there=(), **sides):
        self.call.caller.update(more=here, **sides)
        self.call.callee.update(more=there, **sides)
        self.call.answer()

    def told(self, config=CONFIG):
        audio = audio_of(self.script, config)
        return audio['verdict'], audio['in'], audio['out']


class OfWhatIsNoAudio(Of):
    def test_RTCP_is_none_also_on_a_port_with_RTP(self):
        for more in ((), ('a=rtcp-mux',)):
            with self.subTest(more):
                self.setUp()
                self.describe(more, more)
                self.call.both(media.rtcp_receiver_report(7), ports_on=0 if more else 1)
                self.assertEqual(self.told(), ('none in the capture', 0, 0))

    def test_connectivity_checks_and_DTLS_are_none(self):
        self.describe(('a=ice-ufrag:inin', 'a=ice-pwd:' + 'p' * 24, 'a=fingerprint:sha-256 AA',
                       'a=candidate:1 1 UDP 2130706431 192.0.2.10 10000 typ host'),
                      ('a=ice-ufrag:outo', 'a=ice-pwd:' + 'q' * 24, 'a=fingerprint:sha-256 AA',
                       'a=candidate:1 1 UDP 2130706431 198.51.100.7 30000 typ host'))
        self.call.speak(payload=check(b'outo:inin'))
        self.call.hear(payload=check(b'inin:outo'))
        self.call.both(DTLS)
        self.assertEqual(self.told(), ('none in the capture', 0, 0))
        self.call.hear()
        self.assertEqual(self.told(), ('inwards only', 1, 0))

    def test_video_is_none_beside_audio(self):
        self.describe(('m=video 10002 RTP/AVP 96',), ('m=video 30002 RTP/AVP 96',))
        self.call.speak()
        self.call.both(VIDEO, ports_on=2)
        self.assertEqual(self.told(), ('outwards only', 0, 1))

    def test_video_is_none_on_the_port_of_a_bundle(self):
        bundle = ('a=rtcp-mux', 'a=mid:0', 'm=video {} RTP/AVP 96', 'a=rtcp-mux', 'a=mid:1')
        for side in (self.call.caller, self.call.callee):
            side.update(session=['a=group:BUNDLE 0 1'], more=[line.format(side['media'][1]) for line in bundle])
        self.call.answer()
        self.call.both(VIDEO)
        self.assertEqual(self.told(), ('none in the capture', 0, 0))
        self.call.both(media.rtp(1, 7))
        self.assertEqual(self.told(), ('both ways', 1, 1))

    def test_a_call_of_video_alone_has_none_in_its_SDP(self):
        self.describe(line='m=video {} RTP/AVP 96')
        self.call.both(VIDEO)
        self.assertEqual(self.told(), ('none in its SDP', 0, 0))
        summary = replay(pcap(self.script)).summary['calls']
        self.assertEqual((summary['not_offered'], summary['none']), (1, 0))


class OfFax(Of):
    def test_counts(self):
        self.describe()
        self.call.speak()
        for side in (self.call.caller, self.call.callee):
            side['line'] = 'm=image {} udptl t38'
        self.call.renegotiate()
        self.script.wait(3)
        self.call.both(b'\0\1\1\6\0\0')
        self.assertEqual(self.told(), ('both ways', 1, 2))


class Refused(Of):
    def test_needs_audio_of_the_calls_own_party(self):
        wrong_type = media.rtp(1, 7, 90)
        for config, source, payload, expected in (
                (ENFORCED, None, wrong_type, 'refused'),                            # by its payload type
                (TRUNK, ('198.51.100.99', 4444), None, 'refused'),                  # on probation
                (CONFIG, (self.call.outside, 4444), None, 'refused'),               # from another port
                (CONFIG, STRANGER, None, 'none in the capture'),
                (TRUNK, STRANGER, None, 'none in the capture'),
                (TRUNK, ('198.51.100.99', 4444), b'\0' * 40, 'none in the capture')):
            with self.subTest(source=source):
                self.setUp()
                self.describe()
                self.call.hear(source, payload=payload)
                audio = audio_of(self.script, config)
                self.assertEqual((audio['verdict'], sum(audio['dropped'].values())), (expected, 1))

    def test_is_not_what_comes_after_the_end(self):
        self.describe()
        self.call.bye()
        self.script.wait(3)
        self.call.hear()
        self.call.hear((self.call.outside, 30001), self.call.here[1] + 1, payload=media.rtcp_receiver_report(7))
        audio = audio_of(self.script)
        self.assertEqual((audio['verdict'], audio['dropped']), ('none in the capture', {'call_ended': 2}))

    def test_is_what_came_before_its_pinhole_was_open_from_who_may_send_there(self):
        for source, expected in ((None, 'refused'), (STRANGER, 'none in the capture')):
            with self.subTest(source):
                self.script = Script()
                self.call = Call(self.script, begins_inside=False)
                self.call.invite()
                self.call.hear(source)
                self.call.respond(200)
                self.call.ack()
                audio = audio_of(self.script)
                self.assertEqual((audio['verdict'], audio['dropped_before_open']), (expected, 1))


class WithoutAPinhole(Of):
    def setUp(self):
        super().setUp()
        self.call.caller['media'] = ('203.0.113.9', 10000)  # public, and not declared
        self.call.answer()

    def test_is_said_where_the_inside_has_opened_the_way_back(self):
        self.call.speak()
        self.call.hear()
        self.call.hear(sequence=2)
        audio = audio_of(self.script)
        self.assertEqual((audio['verdict'], audio['in'], audio['out'], audio['without_pinhole']),
                         ('without a pinhole', 0, 0, {'in': 2, 'out': 1}))
        self.assertEqual(replay(pcap(self.script)).summary['calls']['without_pinhole'], 1)
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder, 'ringwall.yaml')
            config.write_text(CONFIG, encoding='utf-8')
            screen = subprocess.run([BINARY, 'replay', '--config', config, '-'], input=pcap(self.script),
                                    capture_output=True, check=True).stdout.decode()
        self.assertIn('2 in and 1 out passed without a pinhole', screen)
        self.assertIn('without a pinhole in 1', screen)

    def test_is_not_said_of_other_flows_nor_of_RTCP(self):
        self.call.speak(payload=media.rtcp_receiver_report(7))
        self.call.hear(payload=media.rtcp_receiver_report(7))
        self.script.wait(STEP).add(OUT, udp(self.call.here, STRANGER, media.rtp(1, 9)))
        self.script.wait(STEP).add(IN, udp(STRANGER, self.call.here, media.rtp(1, 7)))
        self.assertEqual(audio_of(self.script)['verdict'], 'none in the capture')

    def test_is_outwards_only_where_nothing_comes_back(self):
        self.call.speak()
        self.assertEqual(audio_of(self.script)['verdict'], 'outwards only')
