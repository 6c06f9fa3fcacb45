# SPDX-License-Identifier: Apache-2.0
"""Ceilings on calls begun outside: refused at their INVITE, so that no answered call is mute; and who never is refused."""
from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.registrar import Registrar, Telephone


class Ceilings:
    config = {'peers': [{'name': 'provider', 'networks': ['198.51.100.0/24', '2001:db8:100::/64'], 'calls': 3}],
              'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True,
                         'limits': {'INVITE': '1000/s burst 1000'}, 'calls': {'per_source': 2, 'half_open': 4}}]}

    def tearDown(self):
        super().tearDown()
        self.wait_until(lambda: not self.outside()['calls'] and not self.outside()['half_open'], 'nothing is left')

    def outside(self):
        return self.wall.status()['calls_from_outside']

    def start_over(self):
        """Calls that nobody ends would last for minutes."""
        self.wall.detach()
        self.wait_until(lambda: not self.wall.is_alive(), 'the agent has ended')
        self.wall.start()

    def known_full(self, count=1):
        """The agent is behind by the time it takes to read a message."""
        self.wait_until(lambda: self.outside()['sources_at_ceiling'] == count, f'{count} sources at their ceiling')

    def is_refused(self, caller, callee='pbx'):
        """Whether the next call of that party ends at the wall."""
        before = self.wall.reasons()
        if self.gets_through(caller, callee):
            return False
        self.assert_dropped(before, 'calls_full', 1)
        return True

    def gets_through(self, caller, callee='pbx'):
        call = self.call(caller, callee)
        call.send('INVITE', body=call.sdp('caller'), cseq=1, other_tag='', branch=sip.new_branch())
        return self.phone(callee).hears('INVITE', call.call_id, 0.5)

    def assert_call(self, caller):
        """A whole call of that party, heard both ways."""
        call = self.call(caller).establish()
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        call.bye()

    def begin_calls(self, count):
        """INVITEs that nobody answers."""
        call = self.call('attacker')
        for _ in range(count):
            call.send('INVITE', body=call.sdp('caller'), cseq=1, other_tag='', call_id=sip.new_call_id(), branch=sip.new_branch())

    def end(self, calls):
        for call in calls:
            call.bye()

    def test_a_source_at_its_ceiling_is_refused_its_next_call_and_keeps_those_it_has(self):
        calls = [self.call('third').establish() for _ in range(2)]
        self.known_full()
        self.assertTrue(self.is_refused('third'))
        for call in calls:
            self.assert_both_hear(call.caller_rtp, call.callee_rtp)
            call.reinvite()
        self.assert_call('roamer')
        self.assert_call('peer')
        self.end(calls)
        self.known_full(0)
        self.assert_call('third')

    def test_who_begins_calls_and_never_goes_on_with_them_stops_nobody_else(self):
        self.begin_calls(4)
        self.known_full()
        before = self.wall.reasons()
        self.begin_calls(46)
        self.assert_dropped(before, 'calls_full', 46)
        self.assertEqual(self.phone('pbx').count(lambda m: m.method == 'INVITE'), 4)
        self.assertTrue(self.is_refused('attacker'))
        for caller in ('third', 'roamer', 'peer'):
            self.assert_call(caller)
        outbound = self.call('pbx', 'peer').establish()
        self.assert_both_hear(outbound.caller_rtp, outbound.callee_rtp)
        outbound.bye()
        self.start_over()

    def test_an_answer_that_nobody_hears_counts_as_half_open(self):
        calls = [self.call('attacker') for _ in range(4)]
        for call in calls:
            call.invite()
            call.answer()
        self.known_full()
        self.assertTrue(self.is_refused('attacker'))
        calls[0].ack()
        self.known_full(0)
        self.assertEqual(self.outside()['calls'], 1)
        for call in calls[1:]:
            call.ack()
        for call in calls:
            self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.end(calls)

    def test_a_peer_at_its_ceiling_is_refused_and_calls_of_the_inside_are_not(self):
        calls = [self.call(caller).establish() for caller in ('peer', 'peer2', 'peer')]
        self.wait_until(lambda: self.outside()['parties_at_ceiling'] == 1, 'the peer is at its ceiling')
        self.assertTrue(self.is_refused('peer2'))
        outbound = self.call('pbx', 'peer').establish()
        self.assert_both_hear(outbound.caller_rtp, outbound.callee_rtp)
        outbound.bye()
        self.assert_call('third')
        for call in calls:
            self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.end(calls)
        self.wait_until(lambda: self.outside()['parties_at_ceiling'] == 0, 'the peer may call again')
        self.assert_call('peer')

    def test_forged_invites_of_a_peer_use_up_none_of_its_calls(self):
        forger = self.topology.outside.udp(self.address('peer2'), 6500)
        self.addCleanup(forger.close)
        pbx = self.phone('pbx')
        for _ in range(20):                                      # the PBX rings; the forger hears nothing of it
            call_id = sip.new_call_id()
            host = f'{sip.uri_host(self.address("peer2"))}:6500'
            forger.sendto(sip.request('INVITE', pbx.uri, via=host, frm=f'<sip:x@{host}>;tag=1', to=f'<{pbx.uri}>',
                                      call_id=call_id, cseq=1, contact=f'x@{host}').encode(), pbx.endpoint)
            pbx.send(sip.response(180, pbx.expect('INVITE', call_id), tag=sip.new_tag()), (self.address('peer2'), 6500))
        self.wait_until(lambda: self.outside()['half_open'] == 20, 'the agent has read them')
        for caller in ('peer', 'peer2'):
            self.assert_call(caller)
        self.assertEqual(self.outside()['parties_at_ceiling'], 0)
        self.start_over()

    def test_a_dead_agent_refuses_nobody_for_long_and_the_next_one_knows_who_is_full(self):
        calls = [self.call('third').establish() for _ in range(2)]
        self.known_full()
        self.wall.kill()
        self.assertFalse(self.gets_through('third'))             # its beat is not ten seconds old
        self.wall.start()
        self.known_full()
        self.assertTrue(self.is_refused('third'))
        for call in calls:
            self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.end(calls)
        self.known_full(0)


class CeilingsIPv4(Ceilings, WallCase):
    family = 4


class CeilingsIPv6(Ceilings, WallCase):
    family = 6


class Help:
    """Who is registered may call for help past every ceiling."""
    config = {'ceilings': {'calls': 1},
              'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True, 'limits': {'INVITE': '1000/s burst 1000'}}]}

    def invite(self, party, port, uri):
        phone, call_id = self.phone(party, port), sip.new_call_id()
        phone.send(sip.request('INVITE', uri, via=phone.host_port, frm=f'<{phone.uri}>;tag=1', to=f'<{uri}>',
                               call_id=call_id, cseq=1), (self.address('desk'), 5060))
        return self.phone('desk').hears('INVITE', call_id, 0.5)

    def test_who_is_registered_may_call_for_help_past_the_ceiling(self):
        registrar = Registrar(self.topology.home_of('pbx'), self.address('pbx'), {'100': 'secret'})
        self.addCleanup(registrar.close)
        self.assertEqual(Telephone(self.phone('roamer', 6000), registrar, '100', 'secret').register(), 200)
        call = self.call('third', 'desk').establish()
        self.wait_until(lambda: self.wall.status()['calls_from_outside']['calls'] == 1, 'all are at their ceiling')
        help_at, anyone = f'sip:112@{sip.uri_host(self.address("desk"))}', f'sip:200@{sip.uri_host(self.address("desk"))}'
        self.wait_until(lambda: not self.invite('roamer', 6000, anyone), 'refused')
        self.assertTrue(self.invite('roamer', 6000, help_at))
        for uri in ('urn:service:sos', 'URN:service:SOS.fire', 'tel:1-1-2'):
            self.assertTrue(self.invite('roamer', 6000, uri), uri)
        self.assertFalse(self.invite('roamer', 6000, 'urn:service:sosx'))
        self.assertFalse(self.invite('roamer', 6001, help_at))   # not from where it is registered
        self.assertFalse(self.invite('attacker', 6000, help_at))
        call.bye()


class HelpIPv4(Help, WallCase):
    family = 4


class HelpIPv6(Help, WallCase):
    family = 6


class Voicemail:
    """What answers a stranger earns him nothing."""
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True,
                         'limits': {'INVITE': '1/h burst 4', 'OPTIONS': '1/h burst 2', 'REGISTER': '1/h burst 2', 'BYE': '1/h burst 1'}}]}

    def reached(self, method, count):
        """How many of so many new requests get to the PBX."""
        call, before = self.call('attacker'), self.judged()
        for _ in range(count):
            call.send(method, other_tag='', branch=sip.new_branch())
        self.wait_until(lambda: self.judged() >= before + count, 'all have been judged')
        return self.phone('pbx').count(lambda m: m.method == method and m['call-id'] == call.call_id)

    def judged(self):
        return sum(self.wall.reasons().values())

    def test_a_call_lets_its_own_requests_through_and_nothing_else(self):
        call = self.call('attacker').establish()
        self.wait_until(lambda: self.outside() == 1, 'the agent has seen it')
        self.assertEqual(self.reached('OPTIONS', 20), 2)
        self.assertEqual(self.reached('REGISTER', 20), 2)
        self.assertEqual(self.reached('INVITE', 20), 3)          # and one began the call
        for _ in range(5):
            call.reinvite()
            call.request('INFO')
            call.request('OPTIONS')                              # with the call's tags
        self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        call.bye()

    def outside(self):
        return self.wall.status()['calls_from_outside']['calls']


class VoicemailIPv4(Voicemail, WallCase):
    family = 4


class VoicemailIPv6(Voicemail, WallCase):
    family = 6
