# SPDX-License-Identifier: Apache-2.0
"""A wall by clsact, whatever this kernel has, and the filters of an interface as `tc` sees them."""
import json
import os

from .wall import Wall, binary
from .watched import Watched


class ClsactWall(Wall):
    def __init__(self, topology, changes=None):
        super().__init__(topology, changes)
        beside = binary().parent / 'tests/netns/libno_tcx.so'
        options = os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'
        self.launcher = ['env', f'LD_PRELOAD={beside}', f'ASAN_OPTIONS={options}']


class Clsact(Watched):
    """Of a case with one interface, `outer`."""
    wall_kind = ClsactWall

    def tc(self, *words):
        return self.in_edge('tc', *words)

    def filters(self, hook):
        """Of `outer`, at "ingress" or "egress": (preference, program's name) of each BPF program."""
        found = json.loads(self.tc('-json', 'filter', 'show', 'dev', 'outer', hook) or '[]')
        return [(each['pref'], each['options']['bpf_name' if 'bpf_name' in each['options'] else 'name'])
                for each in found if each['kind'] == 'bpf' and 'options' in each]

    def ours(self, hook):
        return [place for place, name in self.filters(hook) if name.startswith('ringwall_tc_')]

    def assert_call_has_audio(self):
        call, outside, inside = self.outbound()
        self.assert_both_hear(outside, inside)
        return call
