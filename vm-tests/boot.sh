#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots a kernel image on this machine's own files (read-only; /tmp and /run are the guest's) and runs the suites in it
# as root (guest.sh), which writes their results to the folder RESULTS. Exit: 0 if nothing failed. The machine is
# emulated, some ten times slower than it could be, because a /dev/kvm that opens may still hang its guest (nested
# virtualisation); VM_KVM=1 uses it.
#   vm-tests/boot.sh IMAGE RESULTS SUITE...
set -euo pipefail

image=$1
results=$2
suites=("${@:3}")
root=$(realpath "$(dirname "$0")/..")
limit=${VM_SECONDS:-7200}
mkdir -p "$results"
# The guest's exit code comes back in a file: virtme-ng's own is lost where the console is no terminal.
rm -f "$results/exit"

options=(--user root --cpus "$(nproc)" --memory 3G --cwd "$root" --rwdir "/mnt=$(realpath "$results")" --disable-monitor)
[ "${VM_KVM:-0}" = 1 ] || options+=(--disable-kvm)
# Through a pipe: qemu opens its standard output anew and would truncate a log file.
timeout --kill-after=10 "$limit" nice vng --run "$image" "${options[@]}" -- \
    "VM_NETNS='${VM_NETNS:-}' bash vm-tests/guest.sh /mnt ${suites[*]} 2>&1; echo \$? >/mnt/exit" </dev/null 2>&1 | cat || true
if [ ! -s "$results/exit" ]; then
    echo "boot: the guest did not finish within $limit s" >&2
    exit 1
fi
exit "$(cat "$results/exit")"
