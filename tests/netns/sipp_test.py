# SPDX-License-Identifier: Apache-2.0
"""Real calls by sipp with real RTP, in every shape and direction, over UDP, in IP fragments and over TCP."""
from ringwall_netns.case import WallCase
from ringwall_netns.sipp_call import SippCall

LARGE = 'x' * 3000                                 # makes an INVITE of three fragments


class SippCalls(SippCall):
    def test_an_inbound_call_of_two_sipps_loses_nothing(self):
        self.check_call('peer', 'pbx', first_port=16000)

    def test_an_outbound_call_of_two_sipps_loses_nothing(self):
        self.check_call('pbx', 'peer', first_port=16400)

    def test_three_calls_that_share_one_media_port_lose_nothing(self):
        self.check_call('peer', 'pbx', first_port=16800, calls=3)       # sipp 3.6.1 answers each on the same port

    def test_an_inbound_call_over_tcp_loses_nothing(self):
        self.check_carried('sip_stream', 'peer', 'pbx', first_port=17200, transport='t1')

    def test_an_outbound_call_over_tcp_loses_nothing(self):
        self.check_carried('out_stream', 'pbx', 'peer', first_port=17600, transport='t1')

    def test_an_inbound_call_whose_invite_comes_in_fragments_loses_nothing(self):
        self.check_carried('later_fragment', 'peer', 'pbx', first_port=18000, subject=LARGE)

    def test_an_outbound_call_whose_invite_goes_out_in_fragments_loses_nothing(self):
        self.check_carried('out_fragment', 'pbx', 'peer', first_port=18400, subject=LARGE)

    def check_carried(self, reason, caller, callee, **options):
        """A call whose SIP went the way that is meant: two packets of it at least."""
        before = self.wall.reasons().get(reason, 0)
        self.check_call(caller, callee, **options)
        self.assertGreaterEqual(self.wall.reasons().get(reason, 0), before + 2)


class EdgeIPv4(SippCalls, WallCase):
    shape, family = 'edge', 4


class EdgeIPv6(SippCalls, WallCase):
    shape, family = 'edge', 6


class HostIPv4(SippCalls, WallCase):
    shape, family = 'host', 4


class HostIPv6(SippCalls, WallCase):
    shape, family = 'host', 6
