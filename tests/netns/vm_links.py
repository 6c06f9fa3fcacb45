# SPDX-License-Identifier: Apache-2.0
"""Calls over VLAN devices and a bond, which not every kernel can make: run in vm-tests, never by ctest.

On `trunk` the programs see tagged frames; on a device above it the kernel has taken the tags off.
"""
from calls_test import Calls
from ringwall_netns.case import WallCase


class TaggedIPv4(Calls, WallCase):
    link, family = 'vlan', 4
    config = {'outside': ['trunk']}


class TaggedIPv6(Calls, WallCase):
    link, family = 'vlan', 6
    config = {'outside': ['trunk']}


class DoublyTagged(Calls, WallCase):
    link, family = 'qinq', 4
    config = {'outside': ['trunk']}


class OnVlanDevice(Calls, WallCase):
    link, family = 'vlan', 4
    config = {'outside': ['outer']}


class OnBond(Calls, WallCase):
    link, family = 'bond', 6
    config = {'outside': ['outer']}

    def test_a_call_goes_on_when_the_active_leg_is_lost(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        for namespace in (self.topology.outside, self.topology.edge):
            namespace.run('ip', 'link', 'set', 'leg0', 'down')
        self.addCleanup(lambda: [n.run('ip', 'link', 'set', 'leg0', 'up')
                                 for n in (self.topology.outside, self.topology.edge)])
        self.assert_both_hear(outside, inside)
