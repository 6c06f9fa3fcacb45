# SPDX-License-Identifier: Apache-2.0
"""The agent dies and comes back: no live call notices, and what ends afterwards still closes."""
import itertools
import os
import signal
import time

from ringwall_netns import sip
from ringwall_netns.case import WallCase
from ringwall_netns.media import Stream
from ringwall_netns.wall import DRAIN


class Restart:
    def setUp(self):
        super().setUp()
        if not self.wall.is_alive():
            self.wall.start()

    def test_kill_and_restart_in_mid_call_cost_no_packet_and_the_bye_after_it_closes(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        with Stream(outside, inside.endpoint) as towards, Stream(inside, outside.endpoint) as back:
            self.wall.kill()
            time.sleep(0.3)
            self.wall.start()
            time.sleep(0.3)
            count = self.assert_no_loss(towards, inside), self.assert_no_loss(back, outside)
        print(f'{count[0]} packets in, {count[1]} out, none lost ', end='')
        self.assertEqual([leg['state'] for leg in self.wall.call(call.call_id)], ['confirmed'])
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def test_a_polite_stop_and_start_cost_no_packet_either(self):
        call, outside, inside = self.outbound()
        self.assert_both_hear(outside, inside)
        with Stream(outside, inside.endpoint) as towards:
            self.wall.stop()
            self.assert_still_shut()
            self.wall.start()
            self.assert_no_loss(towards, inside)
        call.bye('callee')
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def test_a_call_that_rings_or_not_yet_when_the_agent_dies_and_is_answered_meanwhile_has_audio_and_its_bye_closes(self):
        for (caller, callee), rings in itertools.product((('pbx', 'peer'), ('peer', 'pbx')), (True, False)):
            with self.subTest(caller=caller, rings=rings):
                call = self.call(caller, callee)
                call.invite()
                if rings:
                    call.ring()
                self.wait_until(lambda call=call: self.wall.call(call.call_id), 'the agent has seen the call')
                self.wall.kill()
                call.answer()
                call.ack()
                self.wall.start()
                outside, inside = (call.callee_rtp, call.caller_rtp) if caller == 'pbx' else (call.caller_rtp, call.callee_rtp)
                self.assert_both_hear(outside, inside)
                call.bye()
                self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def test_a_call_that_ends_while_the_agent_is_down_is_closed_after_the_restart(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.wall.kill()
        call.bye()
        self.wall.start()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 2.0)

    def test_a_drain_ends_in_time_though_the_agent_is_dead(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        call.bye()
        self.wait_until(lambda: self.hole_phase(inside.endpoint) in ('draining', 'closed'), 'the hole drains')
        self.wall.kill()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)
        self.wall.start()
        self.assert_refused(outside, inside.endpoint, inside, 'call_ended')

    def test_a_session_that_outlives_its_session_expires_while_the_agent_is_down_goes_on(self):
        call = self.call()
        call.invite(extra=['Supported: timer', 'Session-Expires: 2;refresher=uac', 'Min-SE: 1'])
        call.answer()
        call.ack()
        outside, inside = call.caller_rtp, call.callee_rtp
        self.assert_both_hear(outside, inside)
        with Stream(outside, inside.endpoint, 0.05) as towards, Stream(inside, outside.endpoint, 0.05) as back:
            self.wall.kill()
            time.sleep(4)
            self.wall.start()
            time.sleep(0.5)
            self.assert_no_loss(towards, inside)
            self.assert_no_loss(back, outside)
        self.assert_both_hear(outside, inside)
        call.bye()
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)

    def test_fifty_calls_survive_a_restart(self):
        calls = [self.call().establish() for _ in range(50)]
        for call in calls:
            self.assert_heard(call.caller_rtp, call.callee_rtp, count=1)
        self.wall.kill()
        self.wall.start()
        for call in calls:
            self.assert_heard(call.caller_rtp, call.callee_rtp, count=2)
            self.assert_heard(call.callee_rtp, call.caller_rtp, count=2)
        self.assertEqual(sum(1 for call in calls if self.wall.call(call.call_id)), 50)

    def assert_still_shut(self):
        """A port without a call is refused, with nobody there to be asked."""
        attacker, inside = self.rtp('attacker'), self.rtp('pbx')
        attacker.send(inside.endpoint, 5)
        self.assertIsNone(inside.wait(timeout=0.3))


class Strangers:
    """Calls of undeclared sources, whose INVITEs stand behind more strangers than one look into the rings reads."""
    config = {'zones': [{'name': 'internet', 'networks': ['any'], 'sip': True,
                         'limits': {'INVITE': '100/s burst 100', 'OPTIONS': '1000/s burst 1000'}}]}

    def test_strangers_calls_that_the_agent_was_not_there_for_have_audio_after_it(self):
        self.wall.kill()
        calls = self.calls_behind_noise(300)
        self.wall.start()
        self.assert_all_heard(calls)

    def test_strangers_calls_that_an_agent_has_not_read_to_the_end_when_it_is_stopped_have_audio_after_it(self):
        worker = self.wall.worker()
        os.kill(worker, signal.SIGSTOP)
        calls = self.calls_behind_noise(900)
        os.kill(worker, signal.SIGCONT)
        self.wall.stop()
        self.wall.start()
        self.assert_all_heard(calls)

    def calls_behind_noise(self, count):
        """Calls that have been answered, which the agent is to read behind so many strangers."""
        noise, pbx = self.phone('attacker'), self.phone('pbx')
        for n in range(count):
            noise.send(sip.request('OPTIONS', f'sip:{pbx.host_port}', via=noise.host_port, frm=f'<{noise.uri}>;tag=1',
                                   to=f'<{pbx.uri}>', call_id=sip.new_call_id(), cseq=n + 1), pbx.endpoint)
        return [self.call('roamer', 'pbx').establish() for _ in range(12)]

    def assert_all_heard(self, calls):
        for call in calls:
            self.assert_both_hear(call.caller_rtp, call.callee_rtp)
        self.assertEqual(self.wall.counters().get('lost_strangers', 0), 0)


class EdgeIPv4(Restart, WallCase):
    shape, family = 'edge', 4


class HostIPv6(Restart, WallCase):
    shape, family = 'host', 6


class StrangersIPv4(Strangers, WallCase):
    shape, family = 'edge', 4


class StrangersIPv6(Strangers, WallCase):
    shape, family = 'host', 6
