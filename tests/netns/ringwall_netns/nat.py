# SPDX-License-Identifier: Apache-2.0
"""A router with NAT between the wall and everybody outside, and a real STUN server (coturn) beyond it."""
from . import janitor
from .kamailio import Server

SERVER = '203.0.113.5'                            # the party `third`
STUN_PORT = 3478


class Nat:
    """In front of one inside address: each of `ports` is seen as `seen`:port + `shift`, whoever it talks to, and is
    reached there by anyone (RFC 4787: endpoint-independent); SIP's port is kept. `moves` gives it another address."""

    def __init__(self, topology, inside, ports, shift, seen):
        self.namespace, self.inside, self.ports, self.shift = topology.outside, inside, ports, shift
        self.moves(seen)

    def moves(self, seen):
        self.seen = seen
        pairs = [(port, port + self.shift) for port in self.ports] + [(5060, 5060)]
        out = ', '.join(f'{inside} : {outside}' for inside, outside in pairs)
        back = ', '.join(f'{outside} : {inside}' for inside, outside in pairs)
        # Everybody outside lives in this namespace: what comes is its own input, what goes its own output.
        rules = f"""
table ip nat
delete table ip nat
table ip nat {{
    chain input {{
        type nat hook input priority 100;
        ip saddr {self.inside} meta l4proto udp snat to {seen} : udp sport map {{ {out} }}
    }}
    chain output {{
        type nat hook output priority -100;
        ip daddr {seen} meta l4proto udp dnat to {self.inside} : udp dport map {{ {back} }}
    }}
}}
"""
        self.namespace.run('nft', '-f', '-', input=rules)
        self.namespace.run('conntrack', '-F')     # else flows that stand keep the old address


class StunServer(Server):
    """coturn, as a STUN server only, at SERVER:STUN_PORT."""

    def __init__(self, topology):
        super().__init__(topology.outside, 'stun', 'turnserver', '-n', '--stun-only', '--no-cli', '--no-tls', '--no-dtls',
                         '--no-tcp', f'--listening-ip={SERVER}', f'--listening-port={STUN_PORT}', '--log-file=stdout',
                         '--pidfile=', f'--userdb={janitor.scratch() / "turndb"}')
