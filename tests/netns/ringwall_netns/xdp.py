# SPDX-License-Identifier: Apache-2.0
"""Others at an interface's XDP slot: a program that counts (neighbour.bpf.c), put there with Debian's xdp-loader, in
libxdp's dispatcher or without it."""
import json
import os
import platform
import re
import subprocess

from . import janitor
from .topology import run
from .wall import ROOT

_LINE = re.compile(r'^ => +(\d+) +(\S+) +(\d+) ', re.MULTILINE)


def has_freplace():
    """Whether a program may take the place of another's function, which the dispatcher stands on."""
    found = json.loads(run('bpftool', '-j', 'feature', 'probe', 'kernel'))
    return found['program_types'].get('have_ext_prog_type', False)


def _object():
    made = janitor.scratch() / 'neighbour.bpf.o'
    if not made.exists():
        run('clang-14', '-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-isystem', f'/usr/include/{platform.machine()}-linux-gnu',
            '-c', ROOT / 'tests/netns/neighbour.bpf.c', '-o', made)
    return made


class Slot:
    """The XDP slot of one interface, as xdp-loader sees and changes it."""

    def __init__(self, namespace, link):
        self.namespace, self.link = namespace, link

    def load(self, priority):
        """Adds the neighbour to the dispatcher; makes one where there is none."""
        self.namespace.run('xdp-loader', 'load', '--mode', 'native', '--prio', priority, self.link, _object())

    def load_directly(self):
        """Takes the whole slot, as a program does that knows nothing of dispatchers."""
        self.namespace.run('xdp-loader', 'load', '--mode', 'native', self.link, _object(),
                           env={**os.environ, 'LIBXDP_SKIP_DISPATCHER': '1'})

    def clear(self):
        subprocess.run(self.namespace.command('xdp-loader', 'unload', '--all', self.link), capture_output=True, check=False)

    def programs(self):
        """What is in the dispatcher, in order: [(priority, name, id)]."""
        listed = self.namespace.run('xdp-loader', 'status', self.link)
        return [(int(priority), name, int(number)) for priority, name, number in _LINE.findall(listed)]

    def names(self):
        return [name for _, name, _ in self.programs()]

    def seen(self, priority):
        """How many packets the neighbour of that priority has met."""
        number = next(n for p, name, n in self.programs() if p == priority and name == 'neighbour')
        program = json.loads(run('bpftool', '-j', 'prog', 'show', 'id', number))
        (entry,) = json.loads(run('bpftool', '-j', 'map', 'dump', 'id', program['map_ids'][0]))
        return entry['formatted']['value']

    def holder(self):
        """The id of the program in the slot, or None."""
        shown = json.loads(self.namespace.run('ip', '-j', '-d', 'link', 'show', self.link))[0]
        return shown.get('xdp', {}).get('prog', {}).get('id')
