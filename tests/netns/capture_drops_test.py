# SPDX-License-Identifier: Apache-2.0
"""`ringwall capture`: what drops, as Wireshark reads it."""
import subprocess

from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.following import Following
from ringwall_netns.topology import run
from ringwall_netns.wall import binary, endpoint_text


def fields(path, *names):
    """What tshark says of each packet, a list of strings each."""
    wanted = [word for name in names for word in ('-e', name)]
    text = run('tshark', '-n', '-r', path, '-T', 'fields', '-E', 'separator=/t', *wanted)
    return [line.split('\t') for line in text.splitlines()]


class Captures:
    def capture(self, *options):
        made = Following(self.wall, 'capture', *options)
        self.addCleanup(made.close)
        return made

    def file(self):
        return self.wall.directory / f'{self.id().rsplit(".", 1)[1]}.pcapng'

    def send_until(self, ended, *sending):
        """Sends until the capture has ended; returns its exit code."""
        def is_over():
            for sender, to in sending:
                sender.send(to)
            return ended.process.poll() is not None
        self.wait_until(is_over, 'the capture has what it wants')
        return ended.end()

    def test_wireshark_shows_reason_sentence_and_call(self):
        call, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        attacker, closed, path = self.rtp('attacker'), self.rtp('pbx'), self.file()
        running = self.capture('-w', path, '--count', 20)
        self.assertEqual(self.send_until(running, (attacker, closed.endpoint), (attacker, inside.endpoint)), 0)
        source, address = ('ip.src', 'ip.dst') if self.family == 4 else ('ipv6.src', 'ipv6.dst')
        packets = fields(path, 'frame.comment', source, address, 'udp.srcport', 'udp.dstport', 'frame.interface_name',
                         'udp.length')
        self.assertEqual(len(packets), 20)
        by_port = {endpoint_text(p[2], p[4]): p for p in packets}
        one = by_port[endpoint_text(*closed.endpoint)]
        self.assertIn('drop no_pinhole: a media port that no call has opened', one[0])
        self.assertEqual((one[1], one[3], one[5], one[6]), (self.address('attacker'), str(attacker.port), 'outer', '180'))
        other = by_port[endpoint_text(*inside.endpoint)]
        self.assertTrue(any(f'drop {reason}: ' in other[0] for reason in RTP_REFUSED), other)
        self.assertIn(f'call {call.call_id}', other[0])

    def test_every_packet_is_there_whole_until_it_is_stopped(self):
        attacker, closed, path = self.rtp('attacker'), self.rtp('pbx'), self.file()
        running = self.capture('-w', path)
        self.wait_until(lambda: path.exists() and path.stat().st_size, 'the capture has begun')
        sent = attacker.send(closed.endpoint, 300)
        whole = b'\xfe' * 1400
        attacker.send_raw(whole, closed.endpoint)

        def numbers():
            self.assertIsNone(running.process.poll())
            done = subprocess.run(['tshark', '-n', '-r', str(path), '-d', f'udp.port=={closed.port},rtp', '-T', 'fields', '-e',
                                   'rtp.seq'], capture_output=True, text=True, check=False)
            return {int(n) for n in done.stdout.split()} >= set(sent)
        self.wait_until(numbers, 'all that was sent is in the file', 10)
        self.wait_until(lambda: whole in path.read_bytes(), 'the long one, whole')
        self.assertEqual(running.interrupt(), 0)
        times = [float(t) for [t] in fields(path, 'frame.time_epoch')]
        self.assertEqual(times, sorted(times))

    def test_filters_and_standard_output(self):
        attacker, third, closed, path = self.rtp('attacker'), self.rtp('third'), self.rtp('pbx'), self.file()
        with path.open('wb') as output:
            running = subprocess.Popen(
                self.wall.namespace.command(binary(), 'capture', '-w', '-', '--count', 3, '--reason', 'no_pinhole',
                                            '--source', self.address('third'), '--socket', self.wall.socket),
                stdout=output, stderr=subprocess.DEVNULL)
            self.addCleanup(running.wait)

            def is_over():
                attacker.send(closed.endpoint)
                third.send(closed.endpoint)
                return running.poll() is not None
            self.wait_until(is_over, 'three packets')
        self.assertEqual(running.returncode, 0)
        source = 'ip.src' if self.family == 4 else 'ipv6.src'
        self.assertEqual({p[0] for p in fields(path, source)}, {self.address('third')})

    def test_it_ends_by_itself_and_empties_no_file_in_vain(self):
        path = self.file()
        done = self.wall.invoke('capture', '-w', path, '--seconds', 1, '--reason', 'spoofed_inside')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('0 packets written', done.stderr)
        path.write_bytes(b'of yesterday')
        self.assertEqual(self.wall.invoke('capture', '-w', path, '--reason', 'nonsense').returncode, 2)
        self.assertEqual(self.wall.invoke('capture', '-w', path, '--count', 0).returncode, 2)
        self.assertEqual(self.wall.invoke('capture').returncode, 2)
        done = subprocess.run([binary(), 'capture', '-w', path, '--socket', self.wall.directory / 'none.sock'],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(path.read_bytes(), b'of yesterday')
        self.assertEqual(self.wall.invoke('capture', '-w', self.wall.directory / 'no' / 'such').returncode, 1)


class CapturesIPv4(Captures, WallCase):
    pass


class CapturesIPv6(Captures, WallCase):
    family = 6
