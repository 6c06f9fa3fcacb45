# SPDX-License-Identifier: Apache-2.0
"""`ringwall sources`: who is no stranger, and all about one address."""
from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.registrar import Registrar, Telephone

ZONE = [{'name': 'internet', 'networks': ['any'], 'sip': True}]


class SourcesCase:
    config = {'zones': ZONE}

    def sources(self):
        return {each['source']: each for each in self.wall.command('sources')}

    def about(self, party):
        return self.wall.command('sources', self.address(party))

    def pair(self, party, port=5060):
        return f'{sip.uri_host(self.address(party))}:{port}'

    def test_the_other_side_of_a_call_is_known_while_it_lives(self):
        call, outside, inside = self.inbound()
        known = self.sources()[self.pair('peer')]
        self.assertEqual((known['peer'], known['known_as']), ('provider', ['party']))
        about = self.about('peer')
        self.assertEqual([each['source'] for each in about['known']], [self.pair('peer')])
        self.assertIn('provider', about['is'])
        self.assertEqual(about['call_count'], 1)
        self.assertEqual([each['call_id'] for each in about['calls']], [call.call_id])
        call.bye('callee')
        self.wait_until(lambda: self.about('peer')['call_count'] == 0, 'the call is over')

    def test_a_stranger_is_told_with_his_ban_and_his_drops(self):
        self.assertNotIn(self.pair('attacker'), self.sources())
        self.assertEqual(self.wall.invoke('bans', 'add', self.pair('attacker', 5999), '--for', '10m').returncode, 0)
        self.addCleanup(self.wall.lift_bans)
        self.assertEqual(self.wall.invoke('bans', 'add', self.address('third')).returncode, 0)
        self.assertFalse(self.is_heard('attacker', 5999))
        about = self.wait_until(lambda: (told := self.about('attacker'))['drops'] and told, 'the drop is told')
        self.assertEqual([each['source'] for each in about['bans']], [self.pair('attacker', 5999)])
        self.assertEqual({each['reason'] for each in about['drops']}, {'banned'})
        self.assertEqual((about['known'], about['calls']), ([], []))
        screen = self.wall.command('sources', self.address('attacker'), json_output=False)
        for said in [self.pair('attacker', 5999), 'a stranger: in no call', 'by command', 'banned']:
            self.assertIn(said, screen)

    def test_a_registered_telephone_is_known_by_its_port_and_remembered_by_its_address(self):
        pbx = Registrar(self.topology.home_of('pbx'), self.address('pbx'), {'100': 'secret'}, port=5060)
        self.addCleanup(pbx.close)
        telephone = Telephone(self.phone('roamer', 6000), pbx, '100', 'secret')
        self.assertEqual(telephone.register(), 200)
        found = self.wait_until(lambda: self.pair('roamer', 6000) in self.sources() and self.sources(), 'it is known')
        self.assertIn('registered', found[self.pair('roamer', 6000)]['known_as'])
        self.assertEqual(found[self.address('roamer')]['known_as'], ['remembered'])
        before = self.sources()
        self.wall.kill()
        self.wall.start()
        self.assertEqual({source: each['known_as'] for source, each in self.sources().items()},
                         {source: each['known_as'] for source, each in before.items()})

    def test_what_is_no_address_is_refused(self):
        done = self.wall.invoke('sources', 'no-address')
        self.assertEqual(done.returncode, 2)
        self.assertIn('expected an IPv4 or IPv6 address', done.stderr)


class SourcesIPv4(SourcesCase, WallCase):
    family = 4


class SourcesIPv6(SourcesCase, WallCase):
    family = 6
