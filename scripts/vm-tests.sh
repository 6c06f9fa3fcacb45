#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots other kernels under virtme-ng, runs the kernel and netns suites in each, and prints a table kernels x suites.
#   scripts/vm-tests.sh            Linux 6.1, Debian 12's own
#   scripts/vm-tests.sh 6.1 /boot/vmlinuz-6.12.9-amd64
# A kernel is `6.1` (the package that linux-image-amd64 depends on, fetched with apt and kept in
# ${XDG_CACHE_HOME:-~/.cache}/ringwall/kernels) or a kernel image with its modules in ../lib/modules.
# Needs build/release (scripts/test.sh builds it). VM_SUITES: which suites (kernel netns).
set -euo pipefail
cd "$(dirname "$0")/.."

kernels=("$@")
[ "${#kernels[@]}" -gt 0 ] || kernels=(6.1)
read -r -a suites <<<"${VM_SUITES:-kernel netns}"

scripts/setup.sh --vm
status=0
table=$(printf '%-28s' kernel; printf '%-20s' "${suites[@]}")
for kernel in "${kernels[@]}"; do
    image=$(vm-tests/fetch.sh "$kernel")
    row=$(printf '%-28s' "$(basename "$image" | sed 's/^vmlinuz-//')")
    for suite in "${suites[@]}"; do
        printf '\n== %s in %s\n' "$suite" "$image"
        if vm-tests/boot.sh "$image" "vm-tests/suite_$suite.sh"; then verdict=passed; else verdict=FAILED; status=1; fi
        row+=$(printf '%-20s' "$verdict")
    done
    table+=$'\n'$row
done
printf '\n%s\n' "$table"
exit "$status"
