#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source says its licence in its first lines: Apache-2.0, and the dual one for what the kernel loads."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUFFIXES = {'.c', '.h', '.hpp', '.cpp', '.cmake', '.py', '.sh', '.xml', '.txt'}
DUAL, APACHE = '(GPL-2.0-only OR BSD-2-Clause)', 'Apache-2.0'
KERNEL_SIDE = ('bpf/', 'maps/abi/')                # of these, what is C
KERNEL_ONLY = ('.bpf.c', '.bpf.h')                 # wherever they stand


def listed():
    try:
        names = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard'], cwd=ROOT, capture_output=True,
                               text=True, check=True).stdout.split('\n')
    except (OSError, subprocess.CalledProcessError):       # an unpacked archive
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob('*') if 'build' not in p.parts]
    return [pathlib.Path(n) for n in names if n and pathlib.Path(n).suffix in SUFFIXES and not n.startswith(('tests/data/', 'LICENSES/'))]


def mistakes():
    for path in listed():
        if not (ROOT / path).is_file():
            continue
        head = '\n'.join((ROOT / path).read_text(encoding='utf-8', errors='replace').split('\n')[:3])
        is_dual = str(path).startswith(KERNEL_SIDE) and path.suffix in ('.c', '.h') or path.name.endswith(KERNEL_ONLY)
        wanted = DUAL if is_dual else APACHE
        if f'SPDX-License-Identifier: {wanted}' not in head:
            yield f'{path}: the first lines should say SPDX-License-Identifier: {wanted}'


def main():
    found = list(mistakes())
    print('\n'.join(found))
    return 1 if found or not listed() else 0


if __name__ == '__main__':
    sys.exit(main())
