# SPDX-License-Identifier: Apache-2.0
"""A host whose addresses stand on a bridge above the attached card, as where virtual machines share it."""
from ringwall_netns.case import WallCase
from ringwall_netns.topology import ADDRESSES, INSIDE, OUTSIDE, run


def mac_of(namespace, link):
    return run('ip', '-n', namespace.name, '-o', 'link', 'show', link).split('link/ether ')[1].split()[0]


class BridgeAboveTheCard(WallCase):
    shape = 'host'
    config = {'protect': {'networks': ['self'], 'media_ports': '10000-20000'}}

    @classmethod
    def prepare(cls):
        name, far = cls.topology.edge.name, mac_of(cls.topology.outside, 'eth0')

        def ip(*words):
            run('ip', '-n', name, *words)
        ip('link', 'add', 'name', 'br0', 'address', mac_of(cls.topology.edge, 'outer'), 'type', 'bridge')
        ip('link', 'set', 'outer', 'master', 'br0')
        ip('link', 'set', 'br0', 'up')
        ip('addr', 'flush', 'dev', 'outer')
        for party in INSIDE:
            ip('addr', 'add', f'{ADDRESSES[party][0]}/32', 'dev', 'br0')
        for party in OUTSIDE:
            ip('route', 'replace', f'{ADDRESSES[party][0]}/32', 'dev', 'br0')
            ip('neigh', 'replace', ADDRESSES[party][0], 'lladdr', far, 'dev', 'br0', 'nud', 'permanent')

    def test_self_has_the_bridges_addresses(self):
        closed = self.rtp('pbx')
        self.assert_refused(self.rtp('attacker'), closed.endpoint, closed, 'no_pinhole')

    def test_a_call_has_its_ports_there(self):
        _, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
