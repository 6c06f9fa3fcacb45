# SPDX-License-Identifier: Apache-2.0
"""Two shapes of the same small internet, in network namespaces.

  edge:  outside ──veth── edge (routes; the wall is on `outer`) ──veth── inside (PBX, phones)
  host:  outside ──veth── edge (the phone itself lives here, the wall is on `outer`)

The link between outside and edge is a veth pair, or what LINKS makes upon such pairs (VLANs, a bond).

Addresses are the same in both, so that a test runs in either. Neighbours are static, DAD and offloads are off: what is
captured is what was sent, and nothing else is on the wire.
"""
import contextlib
import ctypes
import dataclasses
import ipaddress
import os
import pathlib
import socket
import subprocess

from . import janitor

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_made = 0

# What the tests call the parties. (IPv4, IPv6); a `network` is what the configuration names.
ADDRESSES = {
    # outside
    'peer': ('198.51.100.7', '2001:db8:100::7'),           # the provider
    'peer2': ('198.51.100.8', '2001:db8:100::8'),          # another machine of the provider
    'roamer': ('203.0.113.20', '2001:db8:f00d::20'),        # a remote phone behind its own NAT, undeclared
    'third': ('203.0.113.5', '2001:db8:cafe::5'),           # media server of somebody else
    'attacker': ('203.0.113.66', '2001:db8:bad::66'),
    # inside
    'pbx': ('192.0.2.10', '2001:db8:1::10'),
    'desk': ('192.0.2.11', '2001:db8:1::11'),              # a phone beside the PBX
}
OUTSIDE = ('peer', 'peer2', 'roamer', 'third', 'attacker')
INSIDE = ('pbx', 'desk')
PROVIDER_NETWORKS = ['198.51.100.0/24', '2001:db8:100::/64']
PROTECTED_NETWORKS = ['192.0.2.0/24', '2001:db8:1::/64']

_QUIET_SYSCTLS = ['net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0',
                  'net.ipv6.conf.all.router_solicitations=0', 'net.ipv6.conf.default.router_solicitations=0',
                  'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0',
                  'net.ipv4.icmp_ratelimit=0']
_ROUTER_SYSCTLS = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']
_OFFLOADS = ['rx', 'off', 'tx', 'off', 'gso', 'off', 'gro', 'off', 'tso', 'off', 'rxvlan', 'off', 'txvlan', 'off']


def run(*command, **options):
    """Runs a command that must succeed; its error output is the exception's text."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(map(str, command))}: exit {done.returncode}: {done.stderr.strip()}')
    return done.stdout


@dataclasses.dataclass(frozen=True)
class Namespace:
    name: str

    @property
    def path(self):
        return janitor.NETNS_DIRECTORY / self.name

    def command(self, *command):
        """A command line inside this namespace. Never `ip netns exec`: it hides bpffs behind a fresh /sys."""
        return ['nsenter', f'--net={self.path}', *map(str, command)]

    def run(self, *command, **options):
        return run(*self.command(*command), **options)

    @contextlib.contextmanager
    def inside(self):
        """What is opened within lives in this namespace, though the caller does not."""
        home = os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(self.path)
            try:
                yield
            finally:
                _setns(home)
        finally:
            os.close(home)

    def socket(self, *arguments):
        with self.inside():
            return socket.socket(*arguments)

    def udp(self, address, port, *, transparent=False):
        """A bound UDP socket. `transparent` binds a foreign address, to spoof it as a source."""
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        made = self.socket(family, socket.SOCK_DGRAM)
        # SO_RCVBUFFORCE: past rmem_max, which holds a hundred packets only: what nobody reads for a while is no loss. Each
        # takes a page where native XDP has seen it: this is five minutes of a stream.
        made.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)
        if transparent and family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, 75, 1)    # IPV6_TRANSPARENT
        elif transparent:
            made.setsockopt(socket.IPPROTO_IP, 19, 1)      # IP_TRANSPARENT
        made.bind((address, port))
        return made


class Topology:
    """Makes the namespaces of one shape; `close` (or the end of the process) removes them."""

    def __init__(self, shape, link='veth'):
        global _made
        assert shape in ('edge', 'host') and link in LINKS
        janitor.guard()
        self.shape, self.link = shape, link
        self.elsewhere = []                       # where interfaces were moved to
        serial = '' if _made == 0 else str(_made)
        _made += 1
        self.outside, self.edge = (Namespace(f'rw-{role}{serial}-{os.getpid()}') for role in ('outside', 'edge'))
        self.inside = self.edge
        if shape == 'edge':
            self.inside = Namespace(f'rw-inside{serial}-{os.getpid()}')
        for namespace in self._namespaces():
            run('ip', 'netns', 'add', namespace.name)
            self._sysctl(namespace, _QUIET_SYSCTLS)
        LINKS[link](self.outside, 'eth0', self.edge, 'outer')
        if shape == 'edge':
            join(self.inside, 'eth0', self.edge, 'inner')
        self._address()

    def home_of(self, party):
        """The namespace where a party of ADDRESSES lives."""
        return self.outside if party in OUTSIDE else self.inside

    def replace_outer(self):
        """Moves the host's `outer` to a namespace of its own, where it goes on; another one comes with its name, index and
        addresses."""
        assert self.shape == 'host' and self.link == 'veth'
        away = Namespace(self.edge.name.replace('edge', f'away{len(self.elsewhere)}-'))
        run('ip', 'netns', 'add', away.name)
        self.elsewhere.append(away)
        index = _index(self.edge, 'outer')
        _batch(self.outside, ['link set eth0 down', 'addr flush dev eth0',
                              f'link set eth0 name old{len(self.elsewhere)}'])
        _batch(self.edge, [f'link set outer netns {away.name}'])
        assert _index(away, 'outer') == index
        join(self.edge, 'outer', self.outside, 'eth0', 'index', index)
        self._address()

    def close(self):
        for namespace in self._namespaces():
            janitor.remove_namespace(namespace.name)

    def _namespaces(self):
        return [self.outside, self.edge, *self.elsewhere] + ([self.inside] if self.shape == 'edge' else [])

    @staticmethod
    def _sysctl(namespace, settings):
        namespace.run('sysctl', '-q', '-w', *settings)

    def _address(self):
        outside, inside = self._all(OUTSIDE), self._all(INSIDE)
        self._assign(self.outside, 'eth0', outside)
        if self.shape == 'edge':
            self._sysctl(self.edge, _ROUTER_SYSCTLS)
            self._assign(self.inside, 'eth0', inside)
            self._neighbours(self.edge, 'inner', self.inside, 'eth0', inside)
            self._default_route(self.inside, 'eth0', self.edge, 'inner')
        else:
            self._assign(self.edge, 'outer', inside)
        self._neighbours(self.edge, 'outer', self.outside, 'eth0', outside)
        self._default_route(self.outside, 'eth0', self.edge, 'outer')

    @staticmethod
    def _all(parties):
        return [address for party in parties for address in ADDRESSES[party]]

    @staticmethod
    def _assign(namespace, link, addresses):
        _batch(namespace, [f'addr add {ipaddress.ip_network(a)} dev {link}' + (' nodad' if ':' in a else '')
                           for a in addresses])

    @staticmethod
    def _neighbours(namespace, link, other, other_link, addresses):
        """Each address is reached by a host route over `link`, at a MAC that is never asked for."""
        mac = _mac(other, other_link)
        lines = [f'route add {ipaddress.ip_network(a)} dev {link}' for a in addresses]
        lines += [f'neigh add {a} lladdr {mac} dev {link} nud permanent' for a in addresses]
        _batch(namespace, lines)

    @staticmethod
    def _default_route(namespace, link, other, other_link):
        mac = _mac(other, other_link)
        gateways = ('169.254.0.1', 'fe80::1')              # a name for the MAC, assigned to nobody
        lines = [f'neigh add {g} lladdr {mac} dev {link} nud permanent' for g in gateways]
        lines += [f'route add default via {g} dev {link} onlink' for g in gateways]
        _batch(namespace, lines)


def join(one, one_link, other, other_link, *options):
    """A veth pair from one namespace to another, both ends up. `options` are of the one end."""
    run('ip', 'link', 'add', 'name', one_link, *options, 'netns', one.name, 'type', 'veth',
        'peer', 'name', other_link, 'netns', other.name)
    for namespace, link in ((one, one_link), (other, other_link)):
        namespace.run('ethtool', '-K', link, *_OFFLOADS)
        run('ip', '-n', namespace.name, 'link', 'set', link, 'up')
        run('ip', '-n', namespace.name, 'link', 'set', 'lo', 'up')


def _upon(namespace, below, name, *kind):
    """A device of that kind upon another, up."""
    run('ip', '-n', namespace.name, 'link', 'add', 'link', below, 'name', name, 'type', *kind)
    run('ip', '-n', namespace.name, 'link', 'set', name, 'up')


def _join_by_vlan(one, one_link, other, other_link):
    """VLAN 100 on both sides. The tag stands in the frame (txvlan is off), so XDP on `trunk` sees it."""
    join(one, 'trunk', other, 'trunk')
    for namespace, link in ((one, one_link), (other, other_link)):
        _upon(namespace, 'trunk', link, 'vlan', 'id', '100')


def _join_by_qinq(one, one_link, other, other_link):
    """VLAN 100 in service VLAN 200 (802.1ad)."""
    join(one, 'trunk', other, 'trunk')
    for namespace, link in ((one, one_link), (other, other_link)):
        _upon(namespace, 'trunk', 'service', 'vlan', 'protocol', '802.1ad', 'id', '200')
        _upon(namespace, 'service', link, 'vlan', 'id', '100')


def _join_by_bond(one, one_link, other, other_link):
    """Two veth pairs, bonded on both sides, the first one active."""
    for leg in ('leg0', 'leg1'):
        join(one, leg, other, leg)
    for namespace, link in ((one, one_link), (other, other_link)):
        run('ip', '-n', namespace.name, 'link', 'add', 'name', link, 'type', 'bond', 'mode', 'active-backup', 'miimon', '50')
        for leg in ('leg0', 'leg1'):
            run('ip', '-n', namespace.name, 'link', 'set', leg, 'down')
            run('ip', '-n', namespace.name, 'link', 'set', leg, 'master', link)
        run('ip', '-n', namespace.name, 'link', 'set', link, 'up')


def _join_by_vrf(one, one_link, other, other_link):
    """A veth pair, and on the edge a VRF that owns its end and looks up routes where all others do."""
    join(one, one_link, other, other_link)
    run('ip', '-n', other.name, 'link', 'add', 'name', 'vrf0', 'type', 'vrf', 'table', '254')
    run('ip', '-n', other.name, 'link', 'set', 'vrf0', 'up')
    run('ip', '-n', other.name, 'link', 'set', other_link, 'master', 'vrf0')


LINKS = {'veth': join, 'vlan': _join_by_vlan, 'qinq': _join_by_qinq, 'bond': _join_by_bond,
         'vrf': _join_by_vrf}


def _batch(namespace, lines):
    run('ip', '-n', namespace.name, '-batch', '-', input='\n'.join(lines))


def _index(namespace, link):
    return int(run('ip', '-n', namespace.name, '-o', 'link', 'show', link).split(':')[0])


def _mac(namespace, link):
    return run('ip', '-n', namespace.name, '-o', 'link', 'show', link).split('link/ether ')[1].split()[0]


def _enter(path: pathlib.Path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(fd)
    finally:
        os.close(fd)


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f'setns: {os.strerror(number)}')
