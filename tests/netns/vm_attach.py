# SPDX-License-Identifier: Apache-2.0
"""What an attachment must show in any kernel, on one topology and one wall, as an emulated machine is slow: calls of
both families, the agent's death, takedown. Run in vm-tests, with RINGWALL_ATTACH; never by ctest."""
import os

import operate_test
import restart_test
from ringwall_netns.case import WallCase
from ringwall_netns.wall import DRAIN
from ringwall_netns.xdp import has_freplace


# What `status` calls the ingress hook that RINGWALL_ATTACH asks for.
TC = ['tcx', 'clsact']
HOOKS = {'native': ['xdp native'], 'generic': ['xdp generic'], 'tc': TC,
         'dispatcher': ['xdp dispatcher'] if has_freplace() else TC}


class OneCall:
    def check_call(self):
        """A call has audio both ways, on its own ports only, and they shut when it ends."""
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        beside = self.rtp('pbx', inside.port + 2)
        self.assert_refused(outside, beside.endpoint, beside, 'no_pinhole')
        self.check_end(call, outside, inside)

    def check_end(self, call, outside, inside):
        call.bye('callee')
        self.assert_closes(outside, inside, inside.endpoint, DRAIN + 1.0)
        self.assert_refused(outside, inside.endpoint, inside, 'call_ended')


class Attachment(OneCall, WallCase):
    def test_a_call_has_audio_until_it_ends(self):
        ingress = self.wall.status()['interfaces'][0]['ingress']
        self.assertIn(ingress, HOOKS[os.environ['RINGWALL_ATTACH']])
        print(f'by {ingress} ', end='')
        self.check_call()

    def test_a_call_over_ipv6_has_audio_until_it_ends(self):
        self.family = 6
        self.check_call()

    test_kill_and_restart_in_mid_call_cost_no_packet_and_the_bye_after_it_closes = \
        restart_test.Restart.test_kill_and_restart_in_mid_call_cost_no_packet_and_the_bye_after_it_closes
    test_stop_leaves_the_datapath_and_detach_takes_it_down = \
        operate_test.Commands.test_stop_leaves_the_datapath_and_detach_takes_it_down
