# SPDX-License-Identifier: Apache-2.0
"""A real name server (dnsmasq) on the loopback of the wall's machine, and a resolv.conf of its own for the wall."""
import os
import signal
import socket
import struct
import subprocess


class NameServer:
    """For example.net: what is not in `hosts` or `services` is NXDOMAIN. Times to live are 1 s, so that the wall asks at
    its least distance."""

    def __init__(self, wall, family):
        self.namespace, self.directory = wall.namespace, wall.directory / 'dns'
        self.directory.mkdir()
        self.address = '127.0.0.1' if family == 4 else '::1'
        self.hosts_path = self.directory / 'hosts'
        self.process = None
        self.set_hosts({})
        resolv = self.directory / 'resolv.conf'
        resolv.write_text(f'nameserver {self.address}\n', encoding='utf-8')
        wall.launcher = ['unshare', '--mount', 'sh', '-c', f'mount --bind {resolv} /etc/resolv.conf && exec "$@"', 'sh']
        self.namespace.run('ip', 'link', 'set', 'lo', 'up')

    def start(self, services=()):
        """`services`: (name, target, port)."""
        self.process = subprocess.Popen(
            self.namespace.command('dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts',
                                   '--bind-interfaces', '--interface=lo', '--user=root', '--pid-file=', '--local-ttl=1',
                                   '--local=/example.net/', f'--addn-hosts={self.hosts_path}', '--log-facility=-',
                                   *[f'--srv-host={name},{target},{port}' for name, target, port in services]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def set_hosts(self, hosts):
        """{name: [addresses]}; read anew by a server that runs."""
        lines = [f'{address} {name}\n' for name, addresses in hosts.items() for address in addresses]
        self.hosts_path.write_text(''.join(lines), encoding='utf-8')
        if self.process:
            os.kill(self.process.pid, signal.SIGHUP)

    def truncates(self, name, record_type):
        """Whether its answer over UDP is cut off (the bit TC): the rest is to be had by TCP only."""
        labels = b''.join(bytes([len(label)]) + label.encode('ascii') for label in name.split('.'))
        query = struct.pack('!6H', 7, 0x0100, 1, 0, 0, 0) + labels + b'\0' + struct.pack('!2H', record_type, 1)
        family = socket.AF_INET6 if ':' in self.address else socket.AF_INET
        with self.namespace.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(10)
            asking.sendto(query, (self.address, 53))
            return bool(asking.recv(4096)[2] & 2)

    def pause(self):
        """Takes queries and says nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None
