# SPDX-License-Identifier: Apache-2.0
"""The agent's port for metrics and health, asked as Prometheus does."""
import http.client
import socket

DEFAULT = ('127.0.0.1', 10560)


def ask(namespace, target, at=DEFAULT, method='GET'):
    """(status, body) of one request, from within the namespace."""
    family = socket.AF_INET6 if ':' in at[0] else socket.AF_INET
    connection = http.client.HTTPConnection(at[0], at[1])
    connection.sock = namespace.socket(family, socket.SOCK_STREAM)
    connection.sock.settimeout(20)
    connection.sock.connect(at)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def series(text):
    """{'name{labels}': value} of the text format."""
    return {line.rpartition(' ')[0]: float(line.rpartition(' ')[2]) for line in text.splitlines() if line and line[0] != '#'}
