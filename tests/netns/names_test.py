# SPDX-License-Identifier: Apache-2.0
"""Peers by name: a real name server that comes late, moves records, denies, falls silent, goes, and answers at length."""
from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.nameserver import NameServer

HOST, SERVICE = 'sip.example.net', '_sip._udp.example.net'
SOON = 20.0                                       # asked again after 5 s; a server that is silent costs 6


class NamesCase:
    names = [HOST]

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.wall.configure({'peers': [{'name': 'provider', 'networks': cls.names}], 'zones': None})
        cls.server = NameServer(cls.wall, cls.family)
        cls.addClassCleanup(lambda: cls.server.stop())

    def setUp(self):
        super().setUp()
        self.addCleanup(self.server.stop)

    def serve(self, hosts, services=()):
        self.server.stop()
        self.server.set_hosts(hosts)
        self.server.start(services)

    def name(self):
        return self.wall.status()['names'][0]

    def stands_for(self, *parties):
        return set(map(self.address, parties)) <= set(self.name()['addresses'])

    def wait_for(self, *parties):
        self.wait_until(lambda: self.stands_for(*parties) and not self.name()['trouble'],
                        f'{self.names[0]} is {parties}', SOON)

    def wait_for_trouble(self, text):
        self.wait_until(lambda: text in self.name()['trouble'], f'the trouble is told: {text}', SOON)


class Hosts(NamesCase):
    def test_a_name_is_a_peer_once_a_server_answers_and_the_start_waits_for_none(self):
        self.assertTrue(self.wall.is_alive())     # though there was no server
        self.serve({HOST: [self.address('peer')]})
        self.wait_for('peer')
        self.assertTrue(self.is_heard('peer'))
        self.assertFalse(self.is_heard('attacker'))
        told = self.wall.command('lists', self.address('peer'))
        self.assertEqual(told['is'], 'of peer provider')
        self.assertIn(HOST, told['because'])

    def test_a_record_that_moves_adds_the_new_address_and_keeps_the_old_one_for_a_while(self):
        self.serve({HOST: [self.address('peer')]})
        self.wait_for('peer')
        self.server.set_hosts({HOST: [self.address('third')]})
        self.wait_for('peer', 'third')
        self.assertTrue(self.is_heard('peer'))
        self.assertTrue(self.is_heard('third'))

    def test_a_name_that_is_denied_keeps_its_addresses_and_that_is_said(self):
        self.serve({HOST: [self.address('peer')]})
        self.wait_for('peer')
        failures = self.name()['failures']
        self.server.set_hosts({})
        self.wait_for_trouble('NXDOMAIN')
        self.assertGreater(self.name()['failures'], failures)
        self.assertTrue(self.is_heard('peer'))
        self.assertIn('NXDOMAIN', self.wall.log_tail())
        self.server.set_hosts({HOST: [self.address('peer')]})
        self.wait_for('peer')

    def test_a_server_that_is_gone_takes_nothing_away_and_a_restart_neither(self):
        self.serve({HOST: [self.address('peer')]})
        self.wait_for('peer')
        self.server.stop()
        self.wait_for_trouble('refuse')
        self.assertTrue(self.is_heard('peer'))
        self.wall.kill()
        self.wall.start()
        self.assertTrue(self.stands_for('peer'))
        self.assertTrue(self.is_heard('peer'))
        self.serve({HOST: [self.address('peer')]})
        self.wait_for('peer')

    def test_a_server_that_is_silent_takes_nothing_away(self):
        self.serve({HOST: [self.address('peer')]})
        self.wait_for('peer')
        self.server.pause()
        self.wait_for_trouble('in time')
        self.assertTrue(self.is_heard('peer'))
        self.server.resume()
        self.wait_for('peer')

    def test_an_answer_too_long_for_a_datagram_comes_by_tcp(self):
        """Of at most 512 bytes, RFC 1035; all of its addresses count."""
        many = [f'203.0.113.{n}' if self.family == 4 else f'2001:db8:aaaa::{n:x}' for n in range(100, 160)]
        self.serve({HOST: [*many, self.address('peer')]})
        self.wait_until(lambda: set(many) <= set(self.name()['addresses']), 'all of them', SOON)
        self.wait_for('peer')
        self.assertTrue(self.server.truncates(HOST, 1 if self.family == 4 else 28))

    def test_what_is_inside_is_nobodys_peer(self):
        inside, loopback = self.address('pbx'), '127.0.0.9' if self.family == 4 else '::1'
        self.serve({HOST: [self.address('third'), inside, loopback]})
        self.wait_for('third')
        self.assertTrue({inside, loopback}.isdisjoint(self.name()['addresses']))

    def test_a_reload_to_another_name_asks_for_that_one(self):
        self.serve({'other.example.net': [self.address('roamer')], HOST: [self.address('peer')]})
        self.wait_for('peer')
        self.addCleanup(self.wall.reload)
        self.addCleanup(self.wall.configure, {'peers': [{'name': 'provider', 'networks': [HOST]}], 'zones': None})
        self.wall.configure({'peers': [{'name': 'provider', 'networks': ['other.example.net']}], 'zones': None})
        self.wall.reload()
        self.wait_until(lambda: self.name()['addresses'] == [self.address('roamer')], 'the other name', SOON)
        self.assertTrue(self.is_heard('roamer'))
        self.assertFalse(self.is_heard('peer'))


class Registrars(NamesCase):
    """A provider of many addresses, of which name servers give everybody others: the one that the inside registers with is
    the peer's, too. `third` answers from port 5060, where the return path lets it in anyhow; what counts is the other port."""
    config = {'timers': {'sip_return_path': '32s'}}

    def register(self, uri=f'sip:{HOST}', expires=600, via=()):
        pbx, registrar, call_id = self.phone('pbx'), self.phone('third'), sip.new_call_id()
        pbx.send(sip.request('REGISTER', uri, via=pbx.host_port, frm=f'<{pbx.uri}>;tag={sip.new_tag()}', to=f'<{pbx.uri}>',
                             call_id=call_id, cseq=1, contact=pbx.uri[4:], extra=[*via, f'Expires: {expires}']),
                 registrar.endpoint)
        asked = registrar.expect('REGISTER', call_id)
        registrar.send(sip.response(200, asked, tag='r', extra=[f'Contact: <{pbx.uri}>;expires={expires}']), pbx.endpoint)
        pbx.expect(200, call_id)

    def is_peer(self, party):
        return self.wall.command('lists', self.address(party))['is'] == 'of peer provider'

    def test_a_registrar_by_the_peers_name_is_the_peer_over_kill_and_reload_and_no_other_is(self):
        self.serve({HOST: [self.address('peer')]})
        self.wait_for('peer')
        outsider = sip.uri_host(self.address('attacker'))
        self.register(via=[f'Via: SIP/2.0/UDP {outsider}:5060;branch={sip.new_branch()}'])
        self.register('sip:other.example.net')
        self.register(expires=0)
        self.assertFalse(self.is_heard('third', 5099))
        self.assertFalse(self.is_peer('third'))

        self.register()
        self.wait_until(lambda: self.is_peer('third'), 'the registrar is the peer')
        self.assertTrue(self.is_heard('third', 5099))
        self.assertTrue(self.stands_for('peer', 'third'))
        self.assertEqual(self.name()['registrars'], 1)
        self.assertIn(f'{self.address("third")} joins {HOST} (peer provider)', self.wall.log_tail())
        self.assertFalse(self.is_heard('attacker'))

        self.wall.kill()
        self.wall.start()
        self.assertTrue(self.is_heard('third', 5099))
        self.assertEqual(self.name()['registrars'], 1)
        self.wall.reload()
        self.assertTrue(self.is_heard('third', 5099))
        self.assertTrue(self.is_heard('peer'))
        self.assertFalse(self.is_heard('attacker'))

        self.take_the_name_out_and_put_it_back()
        self.assertFalse(self.is_heard('third', 5099))
        self.wait_for('peer')
        self.assertTrue(self.is_heard('peer'))    # what status says is in force
        self.register()
        self.wait_until(lambda: self.is_peer('third'), 'the registrar is the peer again')
        self.assertTrue(self.is_heard('third', 5099))

    def take_the_name_out_and_put_it_back(self):
        for networks in (['203.0.113.200/32'], self.names):
            self.wall.configure({'peers': [{'name': 'provider', 'networks': networks}], 'zones': None})
            self.wall.reload()


class Services(NamesCase):
    names = [SERVICE]

    def test_a_service_is_all_its_targets_whatever_their_ports(self):
        self.serve({'a.example.net': [self.address('peer')], 'b.example.net': [self.address('third')]},
                   [(SERVICE, 'a.example.net', 5060), (SERVICE, 'b.example.net', 5080),
                    (SERVICE, 'gone.example.net', 5060)])
        self.wait_for('peer', 'third')
        self.assertTrue(self.is_heard('peer'))
        self.assertTrue(self.is_heard('third'))
        self.assertFalse(self.is_heard('attacker'))

    def test_a_service_without_records_keeps_what_it_had(self):
        self.serve({'a.example.net': [self.address('peer')]}, [(SERVICE, 'a.example.net', 5060)])
        self.wait_for('peer')
        self.serve({})
        self.wait_for_trouble('NXDOMAIN')
        self.assertTrue(self.is_heard('peer'))


class HostsIPv4(Hosts, WallCase):
    family = 4


class HostsIPv6(Hosts, WallCase):
    family = 6


class RegistrarsIPv4(Registrars, WallCase):
    family = 4


class RegistrarsIPv6(Registrars, WallCase):
    family = 6


class ServicesIPv4(Services, WallCase):
    family = 4


class ServicesIPv6(Services, WallCase):
    family = 6
