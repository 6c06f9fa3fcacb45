#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo's calls: a provider outside, an attacker beside it, a phone inside, and the wall between them.

sipp makes the calls, with real RTP both ways; the figures come from captures on both sides of the wall and from the
wall's own counters.
"""
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tests/netns'), str(pathlib.Path(__file__).parent)]
from ringwall_netns import sip
from ringwall_netns.capture import Capture, udp_payload
from ringwall_netns.media import Rtp
from ringwall_netns.sip import Phone
from ringwall_netns.sipp import Sipp
from ringwall_netns.topology import ADDRESSES, Topology
from ringwall_netns.wall import Wall
from timeline import Timeline

INSIDE_PORT, OUTSIDE_PORT = 16000, 17000
DRAIN_S = 2.0
FLOOD, BURST = 2000, 4


class Scene:
    """One shape of the little internet, with its wall running."""

    def __init__(self, timeline, shape, family):
        self.say, self.family = timeline, family
        self.registers_let_through = None         # what the wall says of the flood; None = there was none
        self.topology = Topology(shape)
        self.wall = Wall(self.topology, {'timers': {'drain': f'{DRAIN_S:.0f}s'}})
        self.inner_wire = (self.topology.inside, 'eth0') if shape == 'edge' else (self.topology.edge, 'outer')
        self.wall.start()
        interface = self.wall.status()['interfaces'][0]
        timeline.step(f'the wall stands on interface {interface["name"]} '
                      f'({interface["ingress"]} in, {interface["egress"]} out)')

    def close(self):
        self.wall.close()
        self.topology.close()

    def address(self, party):
        return ADDRESSES[party][0 if self.family == 4 else 1]

    def rtp(self, party, port):
        return Rtp(self.topology.home_of(party), self.address(party), port)

    def refused(self, party, port, count=50):
        """`party` sends RTP to the phone's media port; how many packets the wall refused meanwhile, by reason."""
        before, sender = self.wall.reasons(), self.rtp(party, port)
        sender.send((self.address('pbx'), INSIDE_PORT), count)
        sender.close()
        time.sleep(0.1)
        after = self.wall.reasons()
        return {k: after[k] - before.get(k, 0) for k in ('no_pinhole', 'rtp_injection', 'rtp_bleed', 'call_ended')
                if after.get(k, 0) != before.get(k, 0)}

    # chapters

    def before_the_call(self):
        self.say.step(f'nobody is calling; the provider and an attacker each send 50 RTP packets to the phone, port {INSIDE_PORT}')
        counts = [self.refused('peer', OUTSIDE_PORT), self.refused('attacker', 4000)]
        self.say.claim(counts == [{'no_pinhole': 50}] * 2, f'all refused, as "no call has opened this port": {counts}')

    def call(self, inbound, talk_s, during=lambda: None):
        """A whole sipp call; `during` happens in its middle. Claims that no packet was lost and both sides were heard."""
        caller, callee = ('peer', 'pbx') if inbound else ('pbx', 'peer')
        media = {'peer': OUTSIDE_PORT, 'pbx': INSIDE_PORT}
        who = 'the provider calls the phone' if inbound else 'the phone calls the provider'
        self.say.step(f'{who} (sipp, G.711, {talk_s:.0f} s of talk)')
        with Capture(self.topology.outside, 'eth0') as outer_wire, Capture(*self.inner_wire) as inner_wire:
            answering = Sipp(self.topology.home_of(callee), 'uas', self.address(callee), first_port=media[callee])
            time.sleep(0.5)
            calling = Sipp(self.topology.home_of(caller), 'uac', self.address(caller), remote=self.address(callee),
                           first_port=media[caller], talk_ms=int(talk_s * 1000))
            try:
                self.wait_for_speech()
                during()
                calling.wait()
                answering.wait()
            finally:
                calling.stop()
                answering.stop()
            self.compare_wires(outer_wire.stop(), inner_wire.stop())

    def wait_for_speech(self):
        """A call that is answered, and heard: what comes before its first packet isn't called injected."""
        end = time.monotonic() + 10
        while not [c for c in self.wall.calls()
                   if c['state'] == 'confirmed' and any(hole['packets'] for hole in c['pinholes'])]:
            if time.monotonic() > end:
                raise RuntimeError('nobody was heard within 10 s')
            time.sleep(0.05)

    def compare_wires(self, outer, inner):
        ways = {'in': (OUTSIDE_PORT, INSIDE_PORT), 'out': (INSIDE_PORT, OUTSIDE_PORT)}
        count = {}
        for wire, frames in (('outer', outer), ('inner', inner)):
            packets = [udp_payload(frame) for frame in frames]
            for way, ports in ways.items():
                count[wire, way] = [p for p in packets if p and p[:2] == ports]
        self.say.claim(all(len(c) > 50 for c in count.values()),
                       f'both sides were heard: {len(count["inner", "in"])} RTP packets in, {len(count["outer", "out"])} out')
        self.say.claim(count['outer', 'in'] == count['inner', 'in'] and count['inner', 'out'] == count['outer', 'out'],
                       'not one was lost, reordered or changed between the two sides of the wall')
        arrived = [p for p in (udp_payload(frame) for frame in inner) if p]
        strangers = [p for p in arrived if p[1] == INSIDE_PORT and p[0] != OUTSIDE_PORT]
        self.say.claim(not strangers, f'{len(strangers)} packets of the attacker came through to the phone')
        registers = sum(1 for p in arrived if p[2].startswith(b'REGISTER'))
        if self.registers_let_through is not None:
            self.say.claim(registers == self.registers_let_through, f'{registers} REGISTERs of the flood came through to the phone')

    def show_calls(self):
        self.say.step('what `ringwall calls` says:')
        self.say.quote(self.wall.command('calls', json_output=False))

    def attack(self):
        self.say.step('an attacker who knows address and port sends 500 RTP packets into the live call')
        refused = self.refused('attacker', 4000, 500)
        self.say.claim(refused == {'rtp_injection': 500},
                       f'all refused, as RTP injected into a call that is being spoken: {refused}')
        holes = [h for call in self.wall.calls() for h in call['pinholes']]
        self.say.claim(sum(h['refused'] for h in holes) >= 500, 'and they are counted with the call they aimed at')

    def flood(self):
        self.say.step(f'a scanner sends {FLOOD} REGISTERs while the call goes on')
        scanner = Phone(self.topology.outside, self.address('attacker'), 5099)
        before = self.wall.reasons()
        for number in range(FLOOD):
            scanner.send(sip.request('REGISTER', f'sip:{self.address("pbx")}', via=scanner.host_port, frm=f'<{scanner.uri}>;tag=1',
                                     to=f'<{scanner.uri}>', call_id=sip.new_call_id(), cseq=number + 1),
                         (self.address('pbx'), 5060))
        scanner.close()
        time.sleep(0.2)
        cut = self.wall.reasons().get('rate_limited', 0) - before.get('rate_limited', 0)
        self.registers_let_through = FLOOD - cut
        self.say.claim(FLOOD - BURST - 2 <= cut <= FLOOD - BURST,
                       f'{cut} were cut, {FLOOD - cut} let through (the limit allows {BURST} at once, then 15 a minute)')

    def restart(self):
        self.say.step('kill -9 of the agent in the middle of the call; the wall goes on without it for a second')
        self.wall.kill()
        refused_by_kernel = self.rtp('attacker', 4002)
        refused_by_kernel.send((self.address('pbx'), INSIDE_PORT), 50)
        refused_by_kernel.close()
        time.sleep(1.0)
        self.wall.start()
        self.say.step('the agent is back')
        calls = self.wall.calls()
        self.say.claim([c['state'] for c in calls] == ['confirmed'], 'it knows the call again')

    def after_the_call(self):
        self.say.step('the call has ended with BYE; the provider\'s media server does not care and keeps sending')
        sender, phone = self.rtp('peer', OUTSIDE_PORT), self.rtp('pbx', INSIDE_PORT)
        end = time.monotonic() + DRAIN_S + 0.2
        while time.monotonic() < end:
            sender.send(phone.endpoint)
            time.sleep(0.02)
        drained = len(phone.received())
        before = self.wall.reasons()
        sender.send(phone.endpoint, 50)
        time.sleep(0.1)
        late = len(phone.received())
        sender.close()
        phone.close()
        ended = self.wall.reasons().get('call_ended', 0) - before.get('call_ended', 0)
        self.say.step(f'{drained} packets still arrived in the drain of {DRAIN_S:.0f} s, for what was under way')
        self.say.claim(late == 0 and ended == 50, f'after it 50 of 50 are refused, as "this call has ended" ({late} arrived)')


def edge(say):
    say.heading('1. The wall on a router: provider outside, phone inside')
    scene = Scene(say, 'edge', 4)
    scene.before_the_call()

    def during():
        time.sleep(1)
        scene.show_calls()
        scene.attack()
        scene.flood()
        scene.restart()
        scene.show_calls()
    scene.call(inbound=True, talk_s=9, during=during)
    scene.after_the_call()
    scene.close()
    say.heading('2. The same in IPv6, and the phone calls out')
    scene = Scene(say, 'edge', 6)
    scene.before_the_call()
    scene.call(inbound=False, talk_s=3, during=scene.attack)
    scene.after_the_call()
    scene.close()


def host(say):
    say.heading('3. The wall on the telephone server itself: no router between')
    scene = Scene(say, 'host', 4)
    scene.before_the_call()
    scene.call(inbound=True, talk_s=4, during=lambda: (scene.attack(), scene.restart()))
    scene.after_the_call()
    scene.say.step('what `ringwall status` says at the end:')
    scene.say.quote(scene.wall.command('status', json_output=False))
    scene.wall.detach()
    open_again = scene.rtp('pbx', INSIDE_PORT)
    sender = scene.rtp('attacker', 4000)
    sender.send(open_again.endpoint, 5)
    say.claim(open_again.wait() is not None, '`ringwall detach` takes it all down: without the wall the attacker\'s RTP arrives')
    scene.close()


def main():
    say = Timeline()
    try:
        edge(say)
        host(say)
    except (RuntimeError, TimeoutError, OSError, KeyError) as error:
        say.claim(False, f'the demo could not go on: {error}')
    return say.verdict()


if __name__ == '__main__':
    sys.exit(main())
