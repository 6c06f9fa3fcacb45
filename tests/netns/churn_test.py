# SPDX-License-Identifier: Apache-2.0
"""What changes on the machine while calls go on: interfaces come and go, addresses of `self` do."""
from ringwall_netns.case import WallCase
from ringwall_netns.media import Rtp, Stream
from ringwall_netns.sip import Phone
from ringwall_netns.call import Call
from ringwall_netns.topology import run

VETHS, EVERY = 100, 10                            # so many come; each tenth stays


class Churn:
    """A hundred interfaces that `outside` means come and go beside the one that the call goes over."""
    config = {'outside': ['outer', 'churn*']}

    def ip(self, *lines):
        run('ip', '-n', self.topology.edge.name, '-batch', '-', input='\n'.join(lines))

    def attached(self):
        return [i['name'] for i in self.wall.status()['interfaces'] if i['name'].startswith('churn')]

    def test_a_hundred_interfaces_that_come_and_go_cost_a_call_nothing(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        with Stream(outside, inside.endpoint, 0.005) as inwards, Stream(inside, outside.endpoint, 0.005) as outwards:
            for number in range(VETHS):
                made = [f'link add churn{number} type veth peer name other{number}', f'link set churn{number} up']
                self.ip(*made, *([f'link del churn{number}'] if number % EVERY else []))
            self.wait_until(lambda: len(self.attached()) == VETHS // EVERY, 'those that stayed are attached', 30.0)
            self.ip(*[f'link del churn{number}' for number in range(0, VETHS, EVERY)])
            self.wait_until(lambda: not self.attached(), 'and then none', 30.0)
        self.assertGreater(len(inwards.sent), 100)
        for stream, receiver in ((inwards, inside), (outwards, outside)):
            missing = set(stream.sent)
            while missing and (packet := receiver.wait(lambda p, s=stream: p.ssrc == s.sender.ssrc, 1.0)):
                missing.discard(packet.sequence)
            self.assertFalse(missing, f'lost {len(missing)} of {len(stream.sent)}')
        call.bye()


class ChurnIPv4(Churn, WallCase):
    family = 4


class ChurnIPv6(Churn, WallCase):
    family = 6


class Self:
    """`protect: [self]`: what the outside interface has is guarded, from the moment that it has it."""
    shape = 'host'
    config = {'protect': {'networks': ['self']}}
    new = {4: '192.0.2.77', 6: '2001:db8:1::77'}

    def change(self, word, more=''):
        address = self.new[self.family]
        lines = f'addr {word} {address}/{32 if self.family == 4 else 128} dev outer {more}' + (' nodad' if ':' in address else '')
        run('ip', '-n', self.topology.edge.name, '-batch', '-', input=lines)

    def counts_as(self, reason, sender, to):
        before = self.wall.reasons().get(reason, 0)
        sender.send(to)
        return self.wall.reasons().get(reason, 0) > before

    def test_an_address_is_guarded_while_it_is_there_and_its_calls_have_audio(self):
        attacker, port = self.rtp('attacker'), self.rtp('peer').port
        to = (self.new[self.family], port)
        self.assertTrue(self.counts_as('out_of_scope', attacker, to), 'nobody has the address yet')
        self.change('add')
        self.wait_until(lambda: self.counts_as('no_pinhole', attacker, to), 'the new address is guarded')
        inside = Rtp(self.topology.inside, *to)
        self.addCleanup(inside.close)
        self.assert_refused(attacker, to, inside, 'no_pinhole')

        phone = Phone(self.topology.inside, to[0], 5060, user='new')
        self.addCleanup(phone.close)
        call = Call(self.phone('peer'), phone, callee_rtp=inside)    # the first: the agent knew it before the programs
        self.addCleanup(call.close)
        call.establish()
        self.assert_both_hear(call.caller_rtp, inside)
        self.assert_refused(attacker, to, inside, ['rtp_injection', 'rtp_bleed'])
        call.bye()

        self.change('del')
        self.wait_until(lambda: self.counts_as('out_of_scope', attacker, to), 'it is gone, and no longer guarded')
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)


class SelfIPv4(Self, WallCase):
    family = 4

    def test_an_address_with_a_label_of_its_own_is_guarded(self):
        """As ifupdown names them: `iface eth0:1`."""
        attacker, to = self.rtp('attacker'), (self.new[4], self.rtp('peer').port)
        self.change('add', 'label outer:1')
        self.wait_until(lambda: self.counts_as('no_pinhole', attacker, to), 'it is guarded')
        self.change('del')
        self.wait_until(lambda: self.counts_as('out_of_scope', attacker, to), 'it is gone')


class SelfIPv6(Self, WallCase):
    family = 6
