# SPDX-License-Identifier: Apache-2.0
"""Removes everything that a test or the demo made, however it ends.

All of it carries the process id: namespaces `rw-*-<pid>`, one scratch directory with the bpffs mount. A forked guard
waits for the end of its maker on a pipe, so that even a kill -9 leaves nothing behind.
"""
import atexit
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

NETNS_DIRECTORY = pathlib.Path('/run/netns')
_owner = 0


def scratch(pid=None):
    """The scratch directory of this process; readable for the wall's unprivileged worker."""
    path = pathlib.Path(tempfile.gettempdir()) / f'rw-{pid or os.getpid()}'
    path.mkdir(mode=0o755, exist_ok=True)
    return path


def namespaces_of(pid):
    return sorted(p.name for p in NETNS_DIRECTORY.glob(f'rw-*-{pid}')) if NETNS_DIRECTORY.is_dir() else []


def remove_namespace(name):
    """Ends what still runs in a namespace of ours, then removes it."""
    inside = subprocess.run(['ip', 'netns', 'pids', name], capture_output=True, text=True, check=False).stdout.split()
    for pid in inside:
        if int(pid) != os.getpid():
            _kill(int(pid))
    subprocess.run(['ip', 'netns', 'del', name], capture_output=True, check=False)


def sweep(pid):
    """Removes all that process `pid` made. Safe to call twice."""
    for name in namespaces_of(pid):
        remove_namespace(name)
    directory = pathlib.Path(tempfile.gettempdir()) / f'rw-{pid}'
    for mount in sorted(_mounts_under(directory), reverse=True):
        subprocess.run(['umount', '--lazy', mount], capture_output=True, check=False)
    if directory.is_dir() and not _mounts_under(directory):
        shutil.rmtree(directory, ignore_errors=True)


def guard():
    """Call once, at the start: from here on everything is removed at every end of this process."""
    global _owner
    if _owner == os.getpid():
        return
    _owner = os.getpid()
    _fork_guard(_owner)
    atexit.register(_at_exit, _owner)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _frame: sys.exit(128 + n))


def _at_exit(owner):
    if os.getpid() == owner:
        sweep(owner)


def _fork_guard(owner):
    reading, writing = os.pipe()
    os.set_inheritable(writing, False)
    if os.fork() != 0:
        os.close(reading)
        return
    os.setsid()
    os.close(writing)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):                          # holds nobody's pipe open
        os.dup2(null, fd)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.read(reading, 1)
    sweep(owner)
    os._exit(0)


def _mounts_under(directory):
    with open('/proc/self/mounts', encoding='utf-8') as mounts:
        paths = [line.split()[1] for line in mounts]
    return [p for p in paths if p.startswith(f'{directory}/')]


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
