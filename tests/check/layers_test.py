#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Arrows point one way: bpf -> maps/abi <- maps <- policy <- agent, and the core knows no Asio, libbpf, log or thread."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ['maps/net', 'policy', 'agent/text', 'agent/sip', 'agent/sdp', 'agent/transport', 'agent/dialog', 'agent/pinhole',
        'agent/capture', 'agent/drops', 'agent/why']
CORE_FILES = ['agent/core.hpp', 'agent/core.cpp', 'agent/core_state.hpp', 'agent/core_state.cpp', 'agent/datagram.hpp',
              'agent/event.hpp', 'agent/journal.hpp', 'agent/journal.cpp', 'agent/names/book.hpp', 'agent/names/book.cpp',
              'agent/names/records.hpp', 'agent/names/records.cpp',
              'agent/names/registrars.hpp', 'agent/names/registrars.cpp', 'agent/now.hpp', 'agent/reader.hpp', 'agent/reader.cpp']

# What the shell needs and the core must not.
SHELL_ONLY = re.compile(r'^(boost/asio|boost/beast|bpf/|spdlog/|fmt/|sys/|unistd\.h|fcntl\.h|poll\.h|thread$|mutex$|future$|'
                        r'condition_variable$|fstream$|iostream$|filesystem$)')
# Room -> the rooms of ours that it may include. The first that matches a path is its room.
MAY_INCLUDE = [
    ('maps/abi', ['maps/abi']),
    ('maps', ['maps']),
    ('bpf', ['maps/abi', 'bpf']),
    ('policy', ['maps', 'policy']),
    ('agent/text', ['maps', 'agent/text']),
    ('agent/sip', ['maps', 'agent/text', 'agent/sip']),
    ('agent/sdp', ['maps', 'agent/text', 'agent/sdp']),
    ('agent/transport', ['maps', 'agent/text', 'agent/sip', 'agent/transport', 'agent/datagram']),
    ('agent/pinhole', ['maps', 'policy', 'agent/text', 'agent/sdp', 'agent/dialog', 'agent/pinhole', 'agent/core']),
    ('agent/dialog', ['maps', 'policy', 'agent/text', 'agent/sip', 'agent/sdp', 'agent/dialog', 'agent/pinhole', 'agent/datagram', 'agent/core']),
    ('agent/capture', ['maps', 'agent/capture']),
    ('agent/names', ['maps', 'agent/names']),
    ('agent/drops', ['maps', 'agent/text', 'agent/drops']),
    ('agent/why', ['maps', 'policy', 'agent/text', 'agent/pinhole', 'agent/why', 'agent/control/text']),
    ('agent/kernel', ['maps', 'policy', 'agent/why', 'agent/pinhole', 'agent/transport', 'agent/kernel', 'agent/clock', 'agent/core', 'agent/fd', 'agent/log']),
    ('agent', ['maps', 'policy', 'agent']),
]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def sources(folder):
    return [p for p in sorted((ROOT / folder).rglob('*')) if p.suffix in ('.c', '.h', '.hpp', '.cpp')]


def includes(path):
    return INCLUDE.findall(path.read_text(encoding='utf-8'))


def is_under(name, room):
    return name.startswith(room + '/') or name.startswith(room + '.')


def core_mistakes():
    files = [p for folder in CORE if (ROOT / folder).is_dir() for p in sources(folder)]
    files += [ROOT / name for name in CORE_FILES if (ROOT / name).exists()]
    for path in files:
        for bracket, name in includes(path):
            if bracket == '<' and SHELL_ONLY.match(name):
                yield f'{path.relative_to(ROOT)} is core and includes <{name}>'


def arrow_mistakes():
    rooms = {room for room, _ in MAY_INCLUDE}
    for top in ('maps', 'bpf', 'policy', 'agent'):
        for path in sources(top):
            relative = str(path.relative_to(ROOT))
            allowed = next(names for room, names in MAY_INCLUDE if is_under(relative, room))
            for bracket, name in includes(path):
                is_ours = bracket == '"' and any(is_under(name, room) for room in rooms)
                if is_ours and not any(is_under(name, room) for room in allowed):
                    yield f'{relative} may not include "{name}"'


def main():
    mistakes = [*core_mistakes(), *arrow_mistakes()]
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes or not sources('maps') else 0


if __name__ == '__main__':
    sys.exit(main())
