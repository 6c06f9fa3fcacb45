# SPDX-License-Identifier: Apache-2.0
"""`ringwall why`: the answer before a packet is what then becomes of the packet, it names rule, line and call, and leaves no
trace; with an agent and without one."""
from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.wall import endpoint_text

DENIED = {4: '203.0.113.5/32', 6: '2001:db8:cafe::5/128'}
WRONG_USAGE = 2


class Why:
    def why(self, source, destination, *options):
        """Asks, and holds the answer against the words that every answer has."""
        told = self.wall.command('why', self.text(source), self.text(destination), *options)
        self.assertIn(told['reason'], told['steps'][-1]['says'])
        self.assertEqual(told['verdict'] == 'pass', ' would pass: ' in told['sentence'], told['sentence'])
        return told

    def text(self, endpoint):
        return endpoint if isinstance(endpoint, str) else endpoint_text(*endpoint)

    def step(self, told, name):
        return next(step for step in told['steps'] if step['step'] == name)

    def line_of(self, words):
        """FILE:LINE of the first line of the configuration with these words."""
        lines = self.wall.config_path.read_text(encoding='utf-8').splitlines()
        number = next(i for i, line in enumerate(lines, 1) if words in line)
        return f'{self.wall.config_path}:{number}'


class Calls(Why):
    def test_media_of_a_call_is_named_with_its_call_peer_and_line(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        told = self.why(outside.endpoint, inside.endpoint)
        self.assertEqual((told['verdict'], told['reason']), ('pass', 'pinhole_rtp'))
        self.assertIn(call.call_id, told['sentence'])
        self.assertIn(endpoint_text(*outside.endpoint), self.step(told, 'pinhole')['says'])
        source = self.step(told, 'source')
        self.assertIn('peer provider', source['says'])
        self.assertTrue(source['where'].startswith(f'{self.wall.config_path}:'), source)
        self.assertIn('not banned', self.step(told, 'bans')['says'])
        self.assert_both_hear(outside, inside)

    def test_a_stranger_is_told_from_the_peer_with_the_setting_that_would_let_him_in(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        stranger = self.rtp('attacker')
        told = self.why(stranger.endpoint, inside.endpoint)
        self.assertIn(told['reason'], ('rtp_injection', 'rtp_bleed'))
        self.assertIn(endpoint_text(*outside.endpoint), told['sentence'])
        self.assertIn(call.call_id, told['sentence'])
        self.assertIn('peer provider', told['mend'])
        self.assert_refused(stranger, inside.endpoint, inside, ['rtp_injection', 'rtp_bleed'])

    def test_asking_does_not_count_wake_or_open(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        before, holes = self.wall.reasons(), self.wall.pinholes()
        self.why(self.rtp('attacker').endpoint, inside.endpoint)
        self.why(self.address('attacker'), self.address('pbx'), '--method', 'INVITE')
        self.assertEqual(self.wall.reasons(), before)
        for hole, then in zip(self.wall.pinholes(), holes):
            self.assertEqual((hole['packets'], hole['refused']), (then['packets'], then['refused']))
        self.assertEqual(len([c for c in self.wall.calls() if c['state'] == 'early']), 0)

    def test_a_call_that_has_ended_is_named_and_since_when(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.bye()
        self.wait_until(lambda: self.hole_phase(inside.endpoint) == 'closed', 'the hole closes')
        told = self.why(outside.endpoint, inside.endpoint)
        self.assertEqual((told['verdict'], told['reason']), ('drop', 'call_ended'))
        self.assertRegex(told['sentence'], rf'call {call.call_id}, ended [0-9.]+ s ago')

    def test_what_nobody_opened_and_what_is_not_guarded(self):
        inside = endpoint_text(self.address('pbx'), 10100)
        told = self.why((self.address('peer'), 30000), inside)
        self.assertEqual(told['reason'], 'no_pinhole')
        self.assertIn(self.line_of('media_ports'), told['sentence'])
        told = self.why((self.address('peer'), 30000), (self.address('pbx'), 53))
        self.assertEqual(told['reason'], 'not_guarded')

    def test_what_leaves_is_told_too(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        told = self.why(inside.endpoint, outside.endpoint)
        self.assertEqual((told['packet']['direction'], told['reason']), ('out', 'out_media'))
        self.assertEqual(self.why((self.address('pbx'), 5060), (self.address('peer'), 5060))['reason'], 'out_sip')
        self.assertEqual(self.why((self.address('pbx'), 10100), (self.address('peer'), 53))['reason'], 'out_flow')


class Sip(Why):
    config = {'deny': {'networks': [DENIED[4], DENIED[6]]},
              'zones': [{'name': 'phones', 'networks': ['203.0.113.20/32', '2001:db8:f00d::/64'], 'sip': True,
                         'limits': {'REGISTER': '10/h burst 4'}},
                        {'name': 'internet', 'networks': ['any']}]}

    def ask(self, party, *options):
        return self.why(self.address(party), self.address('pbx'), *options)

    def test_who_may_speak_and_by_which_word(self):
        told = self.ask('peer')
        self.assertEqual((told['verdict'], told['reason'], told['packet']['carries']), ('pass', 'sip', 'INVITE'))
        self.assertIn(self.line_of('name: provider'), self.step(told, 'admission')['where'])
        told = self.ask('attacker')
        self.assertEqual((told['verdict'], told['reason']), ('drop', 'not_a_peer'))
        self.assertIn('zone internet', told['sentence'])
        self.assertIn('sip: yes', told['mend'])

    def test_a_limit_says_how_much_is_left_and_when_there_is_more(self):
        told = self.ask('roamer', '--method', 'REGISTER')
        self.assertEqual(told['reason'], 'sip')
        self.assertIn('10/h burst 4', self.step(told, 'limits')['says'])
        self.assertIn('3 like it would pass now', self.step(told, 'limits')['says'])
        phone, pbx = self.phone('roamer'), self.phone('pbx')
        for _ in range(4):
            call_id = sip.new_call_id()
            phone.send(sip.request('REGISTER', f'sip:{pbx.host_port}', via=phone.host_port,
                                   frm=f'<{phone.uri}>;tag=1', to=f'<{phone.uri}>', call_id=call_id, cseq=1), pbx.endpoint)
            self.assertTrue(pbx.hears('REGISTER', call_id, 3))
        told = self.ask('roamer', '--method', 'REGISTER')
        self.assertEqual((told['verdict'], told['reason']), ('drop', 'rate_limited'))
        self.assertRegex(self.step(told, 'limits')['says'], r'0 like it would pass now, the next in [0-9.]+ (s|min)')
        self.assertEqual(self.ask('roamer', '--method', 'OPTIONS')['reason'], 'sip')

    def test_what_was_refused_lately_is_what_is_asked_about(self):
        phone, pbx = self.phone('roamer', 5066), self.phone('pbx')

        def is_told():
            phone.send(sip.request('REGISTER', f'sip:{pbx.host_port}', via=phone.host_port, frm=f'<{phone.uri}>;tag=1',
                                   to=f'<{phone.uri}>', call_id=sip.new_call_id(), cseq=1), pbx.endpoint)
            return [d for d in self.wall.command('drops', '--reason', 'rate_limited') if d.get('class') == 'REGISTER']
        [drop] = self.wait_until(is_told, 'a REGISTER over the limit, named as such')
        self.assertIn('REGISTER in limits of zone phones, or limits: { office-of: N }', drop['mend'])
        self.assertIn('rate_limited (REGISTER)', self.wall.command('drops', json_output=False))
        told = self.ask('roamer')
        self.assertEqual((told['packet']['carries'], told['reason']), ('REGISTER', 'rate_limited'))
        self.assertIn('REGISTER of this source dropped', self.step(told, 'lately')['says'])
        self.assertIn('office-of', told['mend'])
        self.assertEqual(self.ask('roamer', '--method', 'INVITE')['reason'], 'sip')

    def test_a_denied_source_is_told_with_its_line(self):
        told = self.ask('third')
        self.assertEqual((told['verdict'], told['reason']), ('drop', 'denied'))
        self.assertIn(self.line_of(DENIED[self.family]), told['sentence'])

    def test_a_ban_is_told_with_its_cause_and_its_end(self):
        self.addCleanup(self.wall.invoke, 'bans', 'del', self.address('roamer'))
        self.wall.invoke('bans', 'add', self.address('roamer'), '--for', '10m', '--reason', 'calls at night')
        told = self.ask('roamer')
        self.assertEqual(told['reason'], 'banned')
        self.assertRegex(told['sentence'], r'banned by command, "calls at night", (9|10) min left')
        self.assertEqual(told['mend'], f'ringwall bans del {self.address("roamer")}')

    def test_tcp_is_asked_by_its_syn(self):
        told = self.ask('attacker', 'tcp')
        self.assertEqual((told['reason'], told['packet']['carries']), ('not_a_peer', 'SYN'))
        self.assertEqual(self.ask('peer', 'tcp')['reason'], 'sip_stream')

    def test_wrong_usage_says_what_was_expected(self):
        for words in (['here', 'there'], [self.address('peer'), '127.0.0.1' if self.family == 6 else '::1'],
                      [self.address('peer'), self.address('pbx'), 'sctp'],
                      [self.address('peer'), self.address('pbx'), '--method', 'DANCE']):
            done = self.wall.invoke('why', *words)
            self.assertEqual(done.returncode, WRONG_USAGE, done.stderr)
            self.assertIn('expected' if '1' not in words[-1] else 'family', done.stderr)


class Alone(Why):
    """Without an agent, and with a file that has changed."""
    config = {'on_agent_loss': {'after': '1s', 'do': 'peers'}}

    def test_it_answers_and_says_that_the_agent_is_gone(self):
        self.agent_may_be_down = True
        self.assertTrue(self.why(self.address('peer'), self.address('pbx'))['config']['of_agent'])
        self.wall.kill()
        where = (self.address('pbx'), 10100)
        told = self.wait_until(lambda: self.lost(self.why((self.address('peer'), 30000), where)), 'the agent is lost', 10)
        self.assertEqual((told['verdict'], told['reason']), ('pass', 'agent_lost'))
        self.assertFalse(told['agent']['alive'])
        self.assertFalse(told['config']['of_agent'])
        self.assertIn('no sign of life', told['sentence'])
        self.assertEqual(self.why((self.address('attacker'), 30000), where)['reason'], 'no_pinhole')
        self.wall.start()
        self.assertEqual(self.why((self.address('peer'), 30000), where)['reason'], 'no_pinhole')

    def lost(self, told):
        return told if not told['agent']['alive'] else None

    def test_a_file_that_has_changed_since_is_told(self):
        text = self.wall.config_path.read_text(encoding='utf-8')
        self.addCleanup(self.wall.write_config, text)
        line = self.line_of('media_ports')
        self.wall.write_config('# one more line\n' + text)
        told = self.why((self.address('peer'), 30000), (self.address('pbx'), 10100))
        self.assertTrue(told['config']['changed'])
        self.assertIn(line, told['sentence'])

    def test_a_word_of_conf_d_has_its_own_file_and_line(self):
        fragment = self.wall.config_path.parent / 'conf.d' / '50-deny.yaml'
        fragment.parent.mkdir(exist_ok=True)
        self.addCleanup(self.wall.reload)
        self.addCleanup(fragment.unlink)
        fragment.write_text(f'deny:\n  networks:\n  - {self.address("third")}\n', encoding='utf-8')
        self.wall.reload()
        for content, has_changed in (None, False), ('# nothing\n', True):
            if content:
                fragment.write_text(content, encoding='utf-8')
            told = self.why((self.address('third'), 30000), (self.address('pbx'), 10100))
            self.assertEqual((told['reason'], told['config']['changed']), ('denied', has_changed))
            self.assertIn(f'{fragment}:3', told['sentence'])


class CallsIPv4(Calls, WallCase):
    pass


class CallsIPv6(Calls, WallCase):
    family = 6


class SipIPv4(Sip, WallCase):
    pass


class SipIPv6(Sip, WallCase):
    family = 6


class AloneIPv4(Alone, WallCase):
    pass


class AloneIPv6(Alone, WallCase):
    family = 6
