# SPDX-License-Identifier: Apache-2.0
"""Calls of our own through `ringwall replay`: what a live wall says to each packet, in every form of a capture."""
import ipaddress
import pathlib
import struct
import subprocess
import tempfile
import unittest

from call import Call, whole_call
from captures import IN, OUT, Script, cooked, cooked2, ethernet, ip, pcap, pcapng, udp
from replay import BINARY, CONFIG, replay, told
from ringwall_netns import sip


class WholeCall(unittest.TestCase):
    def test_is_judged_alike_in_every_form(self):
        script, expected = whole_call()
        forms = {'pcap little µs': pcap(script, nanoseconds=False), 'pcap big ns': pcap(script, order='>'),
                 'pcap big µs': pcap(script, order='>', nanoseconds=False), 'pcap little ns': pcap(script),
                 'pcapng little': pcapng(script), 'pcapng big': pcapng(script, order='>'),
                 'pcapng without flags': pcapng(script, flags=False),
                 'cooked': pcap(script, cooked, 113), 'cooked v2': pcap(script, cooked2, 276),
                 'raw': pcap(script, lambda packet, _: packet, 101),
                 'VLAN': pcap(script, lambda packet, _: ethernet(packet, (0x8100,))),
                 'two VLANs': pcap(script, lambda packet, _: ethernet(packet, (0x88a8, 0x8100)))}
        for form, capture in forms.items():
            with self.subTest(form):
                replayed = replay(capture)
                self.assertEqual(replayed.code, 0, replayed.errors)
                self.assertEqual(told(replayed), expected)
                says_direction = form in ('pcapng little', 'pcapng big', 'cooked', 'cooked v2')
                self.assertEqual([v.get('dir_from') for v in replayed.verdicts],
                                 [None if says_direction else 'address'] * len(expected))

    def test_from_outside_and_over_IPv6(self):
        for where in ({'begins_inside': False}, {'inside': '2001:db8:1::10', 'outside': '2001:db8:99::7'}):
            with self.subTest(where):
                script, expected = whole_call(**where)
                self.assertEqual(told(replay(pcap(script))), expected)

    def test_writes_verdicts_calls_and_a_summary(self):
        script, _ = whole_call()
        replayed = replay(pcap(script, nanoseconds=False))
        self.assertEqual(replayed.verdicts[9], {
            'n': 10, 'ts': 1700000000.2, 'dir': 'in', 'dir_from': 'address', 'src': '198.51.100.7', 'sport': 30000,
            'dst': '192.0.2.10', 'dport': 10002, 'proto': 'udp', 'verdict': 'drop', 'reason': 'no_pinhole'})
        self.assertEqual(len(replayed.calls), 1)
        call = replayed.calls[0]
        self.assertEqual((call['state'], call['answered'], call['peer']), ('ended', True, '198.51.100.7:5060'))
        self.assertEqual(call['started'], 1700000000)
        self.assertEqual(call['audio'], {'verdict': 'both ways', 'in': 4, 'out': 1,
                                         'dropped': {'call_ended': 1, 'rtp_injection': 1}, 'dropped_before_open': 0,
                                         'without_pinhole': {'in': 0, 'out': 0}})
        self.assertEqual([(hole['local'], hole['component'], hole['packets']) for hole in call['pinholes']],
                         [('192.0.2.10:10000', 'rtp', 4), ('192.0.2.10:10001', 'rtcp', 1)])
        self.assertEqual(call['pinholes'][0]['peers'], ['198.51.100.7:30000'])
        self.assertEqual(replayed.summary['calls'], {'seen': 1, 'answered': 1, 'both_ways': 1, 'in_only': 0,
                                                     'out_only': 0, 'refused': 0, 'without_pinhole': 0, 'none': 0,
                                                     'not_offered': 0})
        self.assertEqual((replayed.summary['packets'], replayed.summary['dropped']), (15, 3))
        self.assertIn({'reason': 'no_pinhole', 'src': '198.51.100.7', 'dst': '192.0.2.10:10002', 'packets': 1,
                       'first': 10}, replayed.summary['drops'])


class Elsewhere(unittest.TestCase):
    def test_is_told_of_a_call_whose_SDP_names_an_address_that_is_not_ours(self):
        for public, where in (('203.0.113.9', {}), ('2001:db8:77::9', {'inside': '2001:db8:1::10', 'outside': '2001:db8:99::7'})):
            with self.subTest(public):
                script = Script()
                call = Call(script, **where)
                call.caller['media'] = (public, 10000)
                call.answer()
                call.hear()
                call.bye()
                replayed = replay(pcap(script))
                [told_of] = replayed.calls
                named = sip.uri_host(public) + ':10000'
                self.assertEqual((told_of['media_elsewhere'], told_of['pinholes']), (named, []))
                self.assertEqual(replayed.verdicts[4]['reason'], 'no_pinhole')
                with tempfile.TemporaryDirectory() as folder:
                    config = pathlib.Path(folder, 'ringwall.yaml')
                    config.write_text(CONFIG, encoding='utf-8')
                    screen = subprocess.run([BINARY, 'replay', '--config', config, '-'], input=pcap(script),
                                            capture_output=True, check=True).stdout.decode()
                self.assertIn(f'its SDP names {named}', screen)

    def test_is_nothing_where_it_is_ours(self):
        script, _ = whole_call()
        self.assertEqual(replay(pcap(script)).calls[0]['media_elsewhere'], '')


class AgentDelay(unittest.TestCase):
    """RTP that comes before the agent could have opened its pinhole is refused, as by a live wall."""

    @classmethod
    def setUpClass(cls):
        script = Script()
        cls.call = Call(script)
        cls.call.invite()
        script.wait(-0.0199)
        cls.call.hear(sequence=1)  # 0.1 ms behind the offer
        script.wait(-0.0198)
        cls.call.hear(sequence=2)  # 0.3 ms
        script.wait(-0.0153)
        cls.call.hear(sequence=3)  # 5 ms
        cls.capture = pcap(script)

    def judged(self, *options):
        return [line.removeprefix('in ') for line in told(replay(self.capture, *options))[1:]]

    def test_is_200_microseconds_unless_said(self):
        replayed = replay(self.capture)
        self.assertEqual(told(replayed)[1:], ['in drop no_pinhole', 'in pass pinhole_early', 'in pass pinhole_early'])
        self.assertEqual(replayed.calls[0]['audio']['dropped_before_open'], 1)

    def test_moves_the_moment_of_opening(self):
        early, late = 'pass pinhole_early', 'drop no_pinhole'
        self.assertEqual(self.judged('--agent-delay', '0s'), [early, early, early])
        self.assertEqual(self.judged('--agent-delay', '100us'), [early, early, early])
        self.assertEqual(self.judged('--agent-delay', '100001ns'), [late, early, early])
        self.assertEqual(self.judged('--agent-delay', '1ms'), [late, late, early])
        self.assertEqual(self.judged('--agent-delay', '1s'), [late, late, late])


class Direction(unittest.TestCase):
    def one(self, capture, config=CONFIG):
        replayed = replay(capture, config=config)
        return told(replayed)[0], replayed.verdicts[0].get('dir_from')

    def test_is_the_captures_where_it_says_so(self):
        spoofed, outward = Script(), Script()
        spoofed.add(IN, udp(('192.0.2.66', 4000), ('192.0.2.10', 10000), b'x' * 20))
        outward.add(OUT, udp(('203.0.113.1', 4000), ('198.51.100.7', 10000), b'x' * 20))
        for write in (pcapng, lambda script: pcap(script, cooked, 113)):
            self.assertEqual(self.one(write(spoofed)), ('in drop spoofed_inside', None))
            self.assertEqual(self.one(write(outward)), ('out pass out_other', None))

    def test_is_else_that_of_the_source(self):
        public = CONFIG.replace('media_ports', 'external: { 203.0.113.1: 192.0.2.10 }\n  media_ports')
        for source, expected in (('192.0.2.66', 'out pass out_flow'), ('203.0.113.1', 'in pass out_of_scope')):
            script = Script()
            script.add(IN, udp((source, 10000), ('198.51.100.7', 10000), b'x' * 20))
            self.assertEqual(self.one(pcap(script)), (expected, 'address'))
        self.assertEqual(self.one(pcap(script), public)[0].split()[0], 'out')

    def test_of_what_is_not_IP_is_inwards(self):
        capture = pcap(Script()) + struct.pack('<IIII', 1, 0, 42, 42) + b'\xff' * 12 + b'\x08\x06' + b'who has' * 4
        replayed = replay(capture)
        self.assertEqual(replayed.verdicts, [{'n': 1, 'ts': 1.0, 'dir': 'in', 'dir_from': 'address', 'src': '::', 'sport': 0,
                                              'dst': '::', 'dport': 0, 'proto': 'none', 'verdict': 'pass',
                                              'reason': 'not_ip'}])


class Time(unittest.TestCase):
    """Deadlines are the capture's."""

    def test_of_days_without_packets_ends_what_should_have_ended(self):
        script = Script()
        call = Call(script)
        call.answer()
        call.hear(sequence=1)
        script.wait(23 * 3600)
        call.speak()  # keeps the sleeping hole's call awake
        call.hear(sequence=2)
        script.wait(3 * 3600)
        call.hear(sequence=3)
        script.wait(3600 * 24 * 365 * 50)
        call.hear(sequence=4)
        replayed = replay(pcap(script))
        self.assertEqual(replayed.code, 0, replayed.errors)
        self.assertEqual(told(replayed)[4:7], ['in pass pinhole_rtp', 'out pass out_media', 'in pass pinhole_rtp'])
        self.assertEqual([line.split()[1] for line in told(replayed)[7:]], ['drop', 'drop'])

    def test_that_goes_back_stands_still(self):
        script, expected = whole_call()
        script.packets = [(time - 10**10 if number == 7 else time, *rest)
                          for number, (time, *rest) in enumerate(script.packets)]
        replayed = replay(pcap(script))
        self.assertEqual(told(replayed), expected)
        self.assertIn('time went back before 1 packet: it was held still; `reordercap` sorts a capture by time',
                      replayed.summary['remarks'])

    def test_decides_whether_a_rule_is_in_force(self):
        rule = 'rules: [{ allow: udp, to: 192.0.2.10, ports: 12000, from: [any], until: 2023-11-14T22:13:30Z }]\n'
        script = Script()
        for _ in range(2):  # BEGIN is 22:13:20
            script.add(IN, udp(('198.51.100.7', 4000), ('192.0.2.10', 12000), b'x' * 20))
            script.wait(20)
        self.assertEqual(told(replay(pcap(script), config=CONFIG + rule)), ['in pass rule', 'in drop no_pinhole'])


class Sizes(unittest.TestCase):
    def offer(self, write):
        """An INVITE of 5,000 bytes leaves; then media."""
        script = Script()
        call = Call(script)
        call.offer = call._request('INVITE', 1, sip.sdp(*call.here), to_tag='', extra=[f'X-Long: {"x" * 4500}'])
        write(script, call.offer.encode())
        script.wait(1)
        call.hear()
        return replay(pcap(script))

    def test_that_TC_does_not_run_go_through_XDPs_parser(self):
        replayed = self.offer(lambda script, text: script.add(OUT, udp(('192.0.2.10', 5060), ('198.51.100.7', 5060), text)))
        self.assertEqual(told(replayed), ['out pass out_sip', 'in pass pinhole_early'])
        self.assertTrue(any('1 outbound packet went through XDP' in remark for remark in replayed.summary['remarks']))

    def test_of_fragments_make_one_message(self):
        def fragments(script, text):
            for first in range(0, len(text) + 8, 1480):
                last = min(first + 1480, len(text) + 8)
                script.add(OUT, udp(('192.0.2.10', 5060), ('198.51.100.7', 5060), text, fragment=(7, first, last)))
        replayed = self.offer(fragments)
        self.assertEqual(told(replayed)[-1], 'in pass pinhole_early')
        self.assertEqual(replayed.verdicts[1]['sport'], 0)

    def test_cut_by_the_snap_length_are_judged_by_what_they_were(self):
        script, expected = whole_call()
        sip_packets = 4
        script.packets = script.packets[sip_packets:-4]
        whole = replay(pcap(script))
        cut = replay(pcap(script, cut=60))
        self.assertEqual(told(cut), told(whole))
        self.assertTrue(any('cut by the snap length' in remark for remark in cut.summary['remarks']))
        self.assertNotEqual(told(whole), expected[sip_packets:-4])  # without its SIP

    def test_of_SIP_that_was_cut_open_nothing(self):
        script = Script()
        call = Call(script)
        call.invite()
        call.hear()
        self.assertEqual(told(replay(pcap(script, cut=300))), ['out pass out_sip', 'in drop no_pinhole'])

    def test_of_little_and_of_much_are_run_all_the_same(self):
        script = Script()
        script.add(OUT, ip('192.0.2.10', '198.51.100.7', 50, b''))
        script.add(OUT, b'\x45')
        script.add(IN, b'\x60')
        script.add(IN, udp(('198.51.100.7', 4000), ('192.0.2.10', 12000), b'x' * 65000))
        script.add(OUT, udp(('192.0.2.10', 4000), ('198.51.100.7', 12000), b'x' * 65000))
        replayed = replay(pcapng(script))
        self.assertEqual(replayed.code, 0, replayed.errors)
        self.assertEqual(told(replayed), ['out pass out_other', 'out pass out_unparsable', 'in drop malformed',
                                          'in drop no_pinhole', 'out pass out_other'])


class Configured(unittest.TestCase):
    def test_monitor_lets_everything_pass_under_its_reason(self):
        script, expected = whole_call()
        replayed = replay(pcap(script), config=CONFIG.replace('enforce', 'monitor'))
        self.assertEqual(told(replayed), [line.replace('drop', 'pass') for line in expected])
        self.assertEqual(replayed.summary['dropped'], 3)

    def test_limits_count_in_the_captures_time(self):
        limits = 'zones: [{ name: internet, networks: [any], sip: yes, limits: { OPTIONS: 60/min burst 2 } }]\n'
        script = Script()
        for number in range(6):
            text = sip.request('OPTIONS', 'sip:x@192.0.2.10', via='198.51.100.7:5060', frm='<sip:a@x>;tag=1', to='<sip:x@y>',
                               call_id=sip.new_call_id(), cseq=number + 1)
            script.add(IN, udp(('198.51.100.7', 5060), ('192.0.2.10', 5060), text.encode()))
            if number == 3:
                script.wait(1.1)
        self.assertEqual(told(replay(pcap(script), config=CONFIG + limits)),
                         ['in pass sip'] * 2 + ['in drop rate_limited'] * 2 + ['in pass sip', 'in drop rate_limited'])


def remembered(name, *addresses):
    """struct named of maps/abi/named.h."""
    mapped = b''.join(ipaddress.ip_address(f'::ffff:{address}').packed for address in addresses)
    return (name.encode().ljust(256, b'\0') + struct.pack('=II', len(addresses), 0) + mapped).ljust(3080, b'\0')


class Names(unittest.TestCase):
    CONFIG = CONFIG + 'peers: [{ name: trunk, networks: [sip.example.net] }, { name: other, networks: [203.0.113.0/24] }]\n'

    def test_that_no_wall_knows_are_said(self):
        script, _ = whole_call(begins_inside=False)
        replayed = replay(pcap(script), '--pin-path', '/sys/fs/bpf/rw-nowhere', config=self.CONFIG)
        self.assertIn('no wall here knows the addresses of sip.example.net (peer trunk)', replayed.errors)
        self.assertEqual(told(replayed)[0], 'in drop not_a_peer')

    def test_stand_for_what_the_wall_of_that_path_remembers(self):
        folder = tempfile.TemporaryDirectory(prefix='rw-replay-')
        self.addCleanup(folder.cleanup)
        pins = pathlib.Path(folder.name)
        entry = remembered('sip.example.net', '198.51.100.7')
        subprocess.run(['mount', '-t', 'bpf', 'bpf', pins], check=True)
        try:
            (pins / 'maps').mkdir()
            subprocess.run(['bpftool', 'map', 'create', pins / 'maps/names', 'type', 'hash', 'key', '8', 'value', '3080',
                            'entries', '8', 'name', 'names', 'flags', '1'], check=True)
            subprocess.run(['bpftool', 'map', 'update', 'pinned', pins / 'maps/names', 'key', *'10000000',
                            'value', *map(str, entry)], check=True)
            script, expected = whole_call(begins_inside=False)
            replayed = replay(pcap(script), '--pin-path', pins, config=self.CONFIG)
        finally:
            subprocess.run(['umount', pins], check=True)
        self.assertEqual(told(replayed), expected)
        self.assertNotIn('no wall here', replayed.errors)


class Mistakes(unittest.TestCase):
    def test_in_the_capture_say_where_and_keep_what_was_read(self):
        script, expected = whole_call()
        whole = pcap(script)
        replayed = replay(whole[:-1])
        self.assertEqual(replayed.code, 1)
        self.assertEqual(told(replayed), expected[:-1])
        last = 16 + 14 + 20 + 8 + 172
        self.assertIn(f'at byte {len(whole) - last}: the file ends in the middle of a packet', replayed.errors)
        self.assertEqual(len(replayed.calls), 1)

    def test_are_named(self):
        for capture, said in ((b'', 'the file is empty'), (b'not a capture', 'neither pcap nor pcapng'),
                              (pcap(whole_call()[0], link_type=105), 'link type 105 (IEEE 802.11)')):
            replayed = replay(capture)
            self.assertEqual((replayed.code, replayed.verdicts), (1, []))
            self.assertIn(said, replayed.errors)

    def test_that_would_empty_a_file_are_refused(self):
        whole = pcap(whole_call()[0])
        with tempfile.TemporaryDirectory(prefix='rw-replay-') as folder:
            path = pathlib.Path(folder)
            (path / 'ringwall.yaml').write_text(CONFIG, encoding='utf-8')
            (path / 'capture').write_bytes(whole)
            (path / 'link').symlink_to('capture')
            for outputs, said in ((['--verdicts', path / 'capture'], 'it is the capture'),
                                  (['--calls', path / 'link'], 'it is the capture'),
                                  (['--verdicts', path / 'out', '--calls', path / 'out'], 'the verdicts go there')):
                ran = subprocess.run([BINARY, 'replay', '--config', path / 'ringwall.yaml', path / 'capture', *outputs],
                                     capture_output=True, text=True, check=False)
                self.assertEqual(ran.returncode, 1)
                self.assertIn(said, ran.stderr)
                self.assertEqual((path / 'capture').read_bytes(), whole)

    def test_have_exit_codes(self):
        self.assertEqual(replay(pcap(Script()), config='version: 1\n').code, 5)
        self.assertEqual(replay(pcap(Script()), '--agent-delay', 'soon').code, 2)
        for words, code in ((['replay'], 2), (['replay', '--config', '/nowhere', '/dev/null'], 5)):
            self.assertEqual(subprocess.run([BINARY, *words], capture_output=True, check=False).returncode, code)
