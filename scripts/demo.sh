#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real phone calls through the wall, on this machine, between network namespaces that it makes and removes itself:
# installs what is missing, builds, calls, attacks, and says what happened. Exit 0 only if all of it was right.
# Run as root on Debian 12. Nothing leaves the machine but package downloads.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '/^[^#]/q; /^#!/d; /^# SPDX/d; s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

if [ "$(id -u)" -ne 0 ]; then
    echo 'demo: run as root: it makes network namespaces and loads BPF programs' >&2
    exit 4
fi
scripts/setup.sh
echo 'demo: building (the first time takes some minutes)'
cmake --preset release >/dev/null
cmake --build --preset release --target ringwall

# The calls themselves take about a minute. Whatever ends this script ends them, and they clean up behind themselves.
timeout --kill-after=10 170 python3 -B scripts/demo/calls.py &
calls=$!
trap 'kill -TERM "$calls" 2>/dev/null || true; wait "$calls" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
wait "$calls"
