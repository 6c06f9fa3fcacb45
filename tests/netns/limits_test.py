# SPDX-License-Identifier: Apache-2.0
"""Limits with real packets: what pays, what pays nothing, and that an agent's death changes neither."""
import time

from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.registrar import Registrar, Telephone

# By the hour: nothing is paid back while a class runs, and each test has sources or methods of its own.
TIGHT = {'REGISTER': '1/h burst 2', 'OPTIONS': '1/h burst 2', 'INVITE': '1/h burst 2', 'MESSAGE': '1/h burst 2'}
COPY_AFTER = 0.5                                   # RFC 3261 timer E


class Limited:
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True, 'limits': TIGHT}]}

    def setUp(self):
        super().setUp()
        self.pbx = Registrar(self.topology.home_of('pbx'), self.address('pbx'), {'100': 'secret'})
        self.addCleanup(self.pbx.close)

    def use(self, **zone):
        self.addCleanup(self.wall.reload)
        self.addCleanup(self.wall.configure, self.config)
        self.wall.configure({'zones': [{**self.config['zones'][0], **zone}]})
        self.wall.reload()

    def text(self, method, party, port=5060):
        phone = self.phone(party, port)
        pbx = sip.uri_host(self.address('pbx'))
        return sip.request(method, f'sip:{pbx}', via=phone.host_port, frm=f'<{phone.uri}>;tag=1', to=f'<sip:100@{pbx}>',
                           call_id=sip.new_call_id(), cseq=1)

    def gets_through(self, text, party, port=5060):
        """Whether this datagram gets to the PBX, by its count or the wall's."""
        before, refused = self.pbx.heard(self.address(party)), sum(self.refused().values())
        self.phone(party, port).send(text, self.pbx.endpoint)
        self.wait_until(lambda: self.pbx.heard(self.address(party)) > before or sum(self.refused().values()) > refused,
                        'it is judged')
        return self.pbx.heard(self.address(party)) > before

    def refused(self):
        counts = self.wall.reasons()
        return {name: counts.get(name, 0) for name in ('rate_limited', 'total_limited', 'rate_limit_full')}

    def heard_of(self, count, method, party, port=5060):
        return sum(self.gets_through(self.text(method, party, port), party, port) for _ in range(count))


class Exact(Limited):
    def test_a_copy_is_free_when_it_is_due_and_pays_before(self):
        first = self.text('MESSAGE', 'third')
        self.assertTrue(self.gets_through(first, 'third'))
        sent = time.monotonic()
        self.assertTrue(self.gets_through(first, 'third'))           # too soon: it pays, and spends the second
        self.assertFalse(self.gets_through(first, 'third') and time.monotonic() < sent + 0.4)
        self.assertFalse(self.gets_through(self.text('MESSAGE', 'third'), 'third'))
        self.wait_until(lambda: time.monotonic() > sent + COPY_AFTER, 'the copy is due')
        free = self.wall.counters()['free_copies']
        self.assertTrue(self.gets_through(first, 'third'))
        self.assertEqual(self.wall.counters()['free_copies'], free + 1)
        self.assertFalse(self.gets_through(self.text('MESSAGE', 'third'), 'third'))

    def test_a_register_after_a_real_challenge_passes_over_its_limit(self):
        self.assertEqual(self.heard_of(5, 'REGISTER', 'third', 6000), 3)  # each was challenged: one is free by that
        telephone = Telephone(self.phone('third', 6001), self.pbx, '100', 'secret')
        self.assertIsNone(telephone.register(timeout=0.3))       # not even asked: its address has spent the limit
        telephone = Telephone(self.phone('attacker', 6001), self.pbx, '100', 'secret')
        self.assertEqual(self.heard_of(1, 'REGISTER', 'attacker', 6000), 1)
        self.assertEqual(telephone.ask(), 401)                   # that was the second
        self.assertEqual(self.heard_of(5, 'REGISTER', 'attacker', 6002), 0)
        free = self.wall.counters()['free_registers']
        self.assertEqual(telephone.register(), 200)
        self.assertEqual(self.wall.counters()['free_registers'], free + 1)
        self.assertEqual(self.heard_of(3, 'REGISTER', 'attacker', 6001), 2)  # registered: it has a bucket of its own

    def test_a_zones_total_holds_for_all_its_sources_together_and_not_for_others(self):
        self.use(limits={'SUBSCRIBE': '1/h burst 100'}, total_limits={'SUBSCRIBE': '1/h burst 5'})
        passed = self.heard_of(4, 'SUBSCRIBE', 'third') + self.heard_of(4, 'SUBSCRIBE', 'roamer')
        self.assertEqual(passed, 5)
        self.assertGreaterEqual(self.refused()['total_limited'], 3)
        self.assertEqual(self.heard_of(5, 'SUBSCRIBE', 'peer'), 5)
        self.assertEqual(self.heard_of(1, 'PUBLISH', 'third'), 1)

    def test_an_office_has_the_limits_of_its_telephones(self):
        self.use(limits={'office-of': 3})
        burst = 30                                               # of REFER, ten a telephone; 1.5 a second come back
        began, before = time.monotonic(), self.refused()['rate_limited']
        for _ in range(burst + 40):
            self.phone('third').send(self.text('REFER', 'third'), self.pbx.endpoint)

        def passed():
            return self.pbx.heard(self.address('third'), 'REFER')
        self.wait_until(lambda: passed() + self.refused()['rate_limited'] - before >= burst + 40, 'all are judged')
        self.assertTrue(burst <= passed() <= burst + 1 + 1.5 * (time.monotonic() - began), passed())
        self.assertEqual(self.heard_of(1, 'REFER', 'roamer'), 1)

    def test_an_agent_that_dies_and_comes_back_changes_nothing(self):
        first = self.text('MESSAGE', 'roamer')
        self.assertTrue(self.gets_through(first, 'roamer'))
        self.assertEqual(self.heard_of(3, 'OPTIONS', 'roamer'), 2)
        telephone = Telephone(self.phone('roamer', 6100), self.pbx, '100', 'secret')
        self.assertEqual(self.heard_of(1, 'REGISTER', 'roamer', 6101), 1)
        sent = time.monotonic()
        self.assertEqual(telephone.ask(), 401)
        self.wall.kill()
        self.wall.start()
        self.assertEqual(self.heard_of(3, 'OPTIONS', 'roamer'), 0)
        self.assertEqual(self.heard_of(3, 'REGISTER', 'roamer', 6102), 0)
        self.wait_until(lambda: time.monotonic() > sent + COPY_AFTER, 'the copy is due')
        self.assertTrue(self.gets_through(first, 'roamer'))
        self.assertEqual(self.heard_of(3, 'MESSAGE', 'roamer'), 1)
        self.assertEqual(telephone.register(), 200)              # the challenge was before the restart


class ExactIPv4(Exact, WallCase):
    family = 4


class ExactIPv6(Exact, WallCase):
    family = 6


class Excess(Limited):
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True, 'on_excess': 'ban 10m',
                         'limits': {'REGISTER': '1000/s burst 1000', 'OPTIONS': '1/h burst 2'}}]}

    def setUp(self):
        super().setUp()
        self.addCleanup(self.wall.lift_bans)

    def flood(self, party, port, count=200):
        for _ in range(count):
            self.phone(party, port).send(self.text('OPTIONS', party, port), self.pbx.endpoint)
        return True

    def flood_until(self, party, port, condition, what):
        """The agent must have read that he has shown himself, before what he sends counts."""
        self.wait_until(lambda: self.flood(party, port, 50) and condition(), what)

    def bans(self):
        return {source: ban['cause'] for source, ban in self.wall.bans().items()}

    def is_silenced(self, party, port):
        return Telephone(self.phone(party, port), self.pbx, '100', 'secret').register(timeout=0.3) is None

    def test_who_floods_after_he_has_shown_where_he_is_is_banned_and_who_only_floods_is_not(self):
        self.flood('roamer', 6200)                               # nobody knows whether he is there
        guesser = Telephone(self.phone('attacker', 6200), self.pbx, '100', 'secret')
        self.assertEqual(guesser.register(password='wrong'), 401)
        self.flood_until('attacker', 6200, lambda: 'excess' in self.bans().values(), 'the ban')
        self.assertEqual(len(self.bans()), 1, self.bans())
        self.assertTrue(self.is_silenced('attacker', 6201))
        self.assertFalse(self.is_silenced('roamer', 6202))
        self.assertIn('packets over the rate limit', self.wall.log_tail())

    def test_who_is_registered_and_a_peer_are_limited_and_never_banned(self):
        telephone = Telephone(self.phone('third', 6300), self.pbx, '100', 'secret')
        self.assertEqual(telephone.register(), 200)
        self.flood('third', 6300)
        self.flood('peer', 6300)
        guesser = Telephone(self.phone('third', 6301), self.pbx, '100', 'secret')
        self.assertEqual(guesser.register(password='wrong'), 401)
        port = f'{sip.uri_host(self.address("third"))}:6301'
        self.flood_until('third', 6301, lambda: self.bans().get(port) == 'excess', 'a ban of the guilty port')
        self.assertEqual(list(self.bans()), [port])
        self.assertEqual(telephone.register(), 200)


class ExcessIPv4(Excess, WallCase):
    family = 4


class ExcessIPv6(Excess, WallCase):
    family = 6
