# SPDX-License-Identifier: Apache-2.0
"""What drops, as people see it: the list, the stream, what monitor mode would have dropped, over floods and restarts."""
import time

from ringwall_netns.case import RTP_REFUSED, WallCase
from ringwall_netns.following import Following
from ringwall_netns.wall import endpoint_text


class Drops:
    def setUp(self):
        super().setUp()
        if not self.wall.is_alive():
            self.wall.start()

    def drops(self, *options):
        return self.wall.command('drops', *options)

    def of(self, sender, *options):
        return [d for d in self.drops(*options) if d['source'] == endpoint_text(*sender.endpoint)]

    def follow(self, *options):
        made = Following(self.wall, 'drops', '--follow', *options)
        self.addCleanup(made.close)
        return made

    def test_a_drop_is_listed_with_who_whither_why_and_the_mend(self):
        attacker, closed = self.rtp('attacker'), self.rtp('pbx')
        self.assert_refused(attacker, closed.endpoint, closed, 'no_pinhole', count=3)
        [drop] = self.wait_until(lambda: [d for d in self.of(attacker) if d['packets'] == 3], 'three drops listed')
        self.assertEqual((drop['reason'], drop['passed'], drop['interface'], drop['proto'], drop['destination'], drop['peer'],
                          drop['call_id']),
                         ('no_pinhole', False, 'outer', 'udp', endpoint_text(*closed.endpoint), 'internet', ''))
        self.assertIn('rules', drop['mend'])
        self.assertLessEqual(drop['first'], drop['last'])
        screen = self.wall.command('drops', json_output=False)
        self.assertIn('no_pinhole: a media port that no call has opened', screen)
        self.assertIn(endpoint_text(*attacker.endpoint), screen)

    def test_a_drop_on_a_calls_port_names_the_call(self):
        call, outside, inside = self.inbound()
        self.assert_heard(outside, inside)
        attacker = self.rtp('attacker')
        self.assert_refused(attacker, inside.endpoint, inside, RTP_REFUSED, count=2)
        [drop] = self.wait_until(lambda: [d for d in self.of(attacker) if d['call_id'] == call.call_id], 'the drop names the call')
        self.assertIn('to the networks of peer provider', drop['mend'])

    def test_media_of_a_call_whose_sdp_names_another_address_says_which(self):
        public = '2001:db8:77::9' if self.family == 6 else '203.0.113.9'
        call = self.call('pbx', 'peer')
        call.invite(call.sdp('caller', address=public))
        call.answer()
        call.ack()
        outside, inside, named = call.callee_rtp, call.caller_rtp, endpoint_text(public, call.caller_rtp.port)
        self.wait_until(lambda: [c['media_elsewhere'] for c in self.wall.call(call.call_id)] == [named], 'the call says what it names')
        self.assertIn(f'its SDP names {named}', self.wall.command('calls', json_output=False))
        self.assert_refused(outside, inside.endpoint, inside, 'no_pinhole', count=2)
        drop = self.wait_until(lambda: self.of(outside), 'the drop is listed')[0]
        self.assertIn(f'SDP of call {call.call_id} names {named}', drop['mend'])
        call.bye()
        self.wait_until(lambda: 'SDP of call' not in self.of(outside)[0]['mend'], 'the call has ended')

    def test_filters_show_what_is_asked_for(self):
        attacker, third, closed = self.rtp('attacker'), self.rtp('third'), self.rtp('pbx')
        self.assert_refused(attacker, closed.endpoint, closed, 'no_pinhole', count=1)
        self.assert_refused(third, closed.endpoint, closed, 'no_pinhole', count=1)
        self.wait_until(lambda: self.of(attacker) and self.of(third), 'both are listed')
        found = self.drops('--source', self.address('attacker'))
        self.assertEqual({d['source'].rsplit(':', 1)[0].strip('[]') for d in found}, {self.address('attacker')})
        self.assertFalse(self.drops('--reason', 'spoofed_inside'))
        self.assertTrue(self.of(third, '--reason', 'spoofed_inside,no_pinhole'))
        self.assertFalse(self.drops('--would'))
        for wrong in (['--reason', 'pinhole_rtp'], ['--source', 'nowhere'], ['--reason', 'x;y']):
            done = self.wall.invoke('drops', *wrong)
            self.assertEqual((done.returncode, done.stdout), (2, ''), wrong)

    def test_following_shows_each_as_it_comes_until_it_is_stopped(self):
        attacker, third, closed = self.rtp('attacker'), self.rtp('third'), self.rtp('pbx')
        everything = self.follow('--json')
        picky = self.follow('--json', '--source', self.address('attacker'), '--reason', 'no_pinhole')
        people = self.follow()

        def all_have_seen():
            third.send(closed.endpoint)
            attacker.send(closed.endpoint)
            return everything.lines and picky.lines and people.lines
        self.wait_until(all_have_seen, 'each has a line')
        self.wait_until(lambda: {d['source'] for d in everything.documents()} >=
                        {endpoint_text(*attacker.endpoint), endpoint_text(*third.endpoint)}, 'both sources in one stream')
        for each in (everything, picky, people):
            self.assertEqual(each.interrupt(), 0)
        self.assertEqual({d['source'] for d in picky.documents()}, {endpoint_text(*attacker.endpoint)})
        self.assertIn('no_pinhole', people.lines[0])

    def test_what_a_caller_chose_stays_text(self):
        call = self.call(call_id='a"b\\c%s<{d}>@x').establish()
        attacker, inside = self.rtp('attacker'), call.callee_rtp
        following, people = self.follow('--json'), self.follow()

        def has_seen():
            attacker.send(inside.endpoint)
            return [d for d in following.documents() if d['call_id'] == call.call_id] and \
                [line for line in people.lines if f'call {call.call_id}' in line]
        self.wait_until(has_seen, 'the drop with its call, in both forms')

    def test_a_flood_of_one_kind_does_not_hide_the_seldom_drop_of_another(self):
        attacker, closed = self.rtp('attacker'), self.rtp('pbx')
        before = self.wall.reasons()
        attacker.send(closed.endpoint, 3000)
        self.wall.command('bans', 'add', self.address('attacker'), json_output=False)
        self.addCleanup(self.wall.invoke, 'bans', 'del', self.address('attacker'))
        attacker.send(closed.endpoint)
        self.wait_until(lambda: self.drops('--reason', 'banned'), 'the one that is banned is listed')
        self.assert_dropped(before, ['no_pinhole', 'banned'], 3001)

    def test_a_new_agent_reads_what_fell_without_one(self):
        attacker, closed = self.rtp('attacker'), self.rtp('pbx')
        self.agent_may_be_down = True
        self.wall.kill()
        time.sleep(0.2)  # the flood of another test may have spent the samples of the tick, 67 ms
        attacker.send(closed.endpoint, 4)
        self.wall.start()
        self.wait_until(lambda: [d for d in self.of(attacker) if d['packets'] >= 4], 'four drops listed')

    def test_following_ends_when_the_agent_does(self):
        self.agent_may_be_down = True
        attacker, closed = self.rtp('attacker'), self.rtp('pbx')
        following = self.follow('--json')

        def has_seen():
            attacker.send(closed.endpoint)
            return following.lines
        self.wait_until(has_seen, 'a line')
        self.wall.stop()
        self.assertEqual(following.end(), 1)
        self.assertEqual(self.wall.invoke('drops').returncode, 3)


class DropsIPv4(Drops, WallCase):
    pass


class DropsIPv6(Drops, WallCase):
    family = 6


class Monitored:
    config = {'mode': 'monitor'}

    def test_what_would_have_dropped_is_told_by_reason_peer_and_call(self):
        call, _, inside = self.inbound()
        attacker, peer, closed = self.rtp('attacker'), self.rtp('peer'), self.rtp('pbx')
        self.wait_until(lambda: self.wall.pinhole(inside.endpoint), 'the pinhole stands')
        attacker.send(closed.endpoint, 2)
        peer.send(closed.endpoint, 2)
        attacker.send(inside.endpoint, 2)

        def told():
            found = {(d['reason'], d['peer'], d['call_id']) for d in self.wall.command('drops', '--would')}
            return {('no_pinhole', 'internet', ''), ('no_pinhole', 'provider', '')} <= found and \
                [f for f in found if f[0] in RTP_REFUSED and f[2] == call.call_id]
        self.wait_until(told, 'all three are told')
        self.assertTrue(all(d['passed'] for d in self.wall.command('drops')))
        screen = self.wall.command('drops', '--would', json_output=False)
        for word in ('no_pinhole:', 'provider', 'internet', call.call_id):
            self.assertIn(word, screen)


class MonitoredIPv4(Monitored, WallCase):
    pass


class MonitoredIPv6(Monitored, WallCase):
    family = 6
