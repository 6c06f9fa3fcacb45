# SPDX-License-Identifier: Apache-2.0
"""Calls over VLAN devices and a bond, which not every kernel can make: run in vm-tests, never by ctest.

On `trunk` the programs see tagged frames; on a device above it the kernel has taken the tags off.
"""
import unittest

from ringwall_netns.case import WallCase
from vm_attach import OneCall

DEVICES = {'vlan': 'VLAN', 'qinq': 'VLAN', 'bond': 'bonding', 'vrf': 'VRF'}


class LinkCase(OneCall, WallCase):
    @classmethod
    def setUpClass(cls):
        try:
            super().setUpClass()
        except RuntimeError as error:
            if 'Unknown device type' not in str(error):
                raise
            raise unittest.SkipTest(f'needs {DEVICES[cls.link]} devices of the kernel') from None


class Tagged(LinkCase):
    link = 'vlan'
    config = {'outside': ['trunk']}

    def test_a_call_has_audio_until_it_ends(self):
        self.check_call()

    def test_a_call_over_ipv6_has_audio_until_it_ends(self):
        self.family = 6
        self.check_call()


class DoublyTagged(LinkCase):
    link, family = 'qinq', 6
    config = {'outside': ['trunk']}

    def test_a_call_has_audio_until_it_ends(self):
        self.check_call()


class OnVlanDevice(LinkCase):
    link = 'vlan'
    config = {'outside': ['outer']}

    def test_a_call_has_audio_until_it_ends(self):
        self.check_call()


class OnBond(LinkCase):
    link = 'bond'
    config = {'outside': ['outer']}

    def test_a_call_goes_on_when_the_active_leg_is_lost(self):
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        for namespace in (self.topology.outside, self.topology.edge):
            namespace.run('ip', 'link', 'set', 'leg0', 'down')
        self.assert_both_hear(outside, inside)
        self.check_end(call, outside, inside)


class OnBondAndOneLeg(LinkCase):
    """One leg of two is named beside the bond: what comes by the other one is judged, too."""
    link = 'bond'
    config = {'outside': ['outer', 'leg1']}

    def attached(self):
        return [each['name'] for each in self.wall.status()['interfaces']]

    def test_the_bond_is_attached_whichever_leg_is_lost(self):
        self.assertEqual(self.attached(), ['outer'])
        self.check_call()
        self.topology.edge.run('ip', 'link', 'set', 'leg0', 'nomaster')
        self.wait_until(lambda: self.attached() == ['leg1'], 'the leg has all packets')
        self.topology.edge.run('ip', 'link', 'set', 'leg0', 'down')
        self.topology.edge.run('ip', 'link', 'set', 'leg0', 'master', 'outer')
        self.wait_until(lambda: self.attached() == ['outer'], 'the bond has')


class VrfMember(LinkCase):
    link = 'vrf'
    config = {'outside': ['outer', 'vrf0']}

    def test_the_member_is_guarded(self):
        self.assertEqual([each['name'] for each in self.wall.status()['interfaces']], ['outer'])
        self.check_call()


class VrfAlone(LinkCase):
    link = 'vrf'
    config = {'outside': ['vrf0']}

    def test_nothing_is_attached_and_doctor_names_the_member(self):
        self.assertEqual(self.wall.status()['interfaces'], [])
        doctor = self.wall.invoke('doctor').stdout
        self.assertIn('vrf0 is not attached, and nothing is filtered there: it is a VRF', doctor)
        self.assertIn('name its members: outer', doctor)
