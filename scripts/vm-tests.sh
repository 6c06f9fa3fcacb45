#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots other kernels under virtme-ng, runs the suites in each, and prints one table.
#   scripts/vm-tests.sh                     every kernel, every suite
#   scripts/vm-tests.sh 6.1 /boot/vmlinuz-6.12.9-amd64
#   scripts/vm-tests.sh --write             and writes the table to docs/platforms.md
# A kernel is a release (6.1, 6.12, 7.2: Debian's package, fetched by name and kept in
# ${XDG_CACHE_HOME:-~/.cache}/ringwall/kernels) or a kernel image with its modules in ../lib/modules.
# VM_SUITES: which suites; vm-tests/guest.sh says what each is. Builds what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

write=no
kernels=()
for word in "$@"; do
    if [ "$word" = --write ]; then write=yes; else kernels+=("$word"); fi
done
[ "${#kernels[@]}" -gt 0 ] || kernels=(6.1 6.12 7.2)
read -r -a suites <<<"${VM_SUITES:-verdicts clang19 native tc generic links}"

scripts/setup.sh --vm
cmake --preset release >/dev/null
cmake --build --preset release -- -j "${JOBS:-$(nproc)}" ringwall kernel_verdict_tests >/dev/null
if [[ " ${suites[*]} " = *' clang19 '* ]]; then
    cmake --preset bpf19 >/dev/null
    cmake --build --preset bpf19 -- -j "${JOBS:-$(nproc)}" kernel_verdict_tests >/dev/null
fi

status=0
results=build/vm
mkdir -p "$results"
reports=()
for kernel in "${kernels[@]}"; do
    image=$(vm-tests/fetch.sh "$kernel")
    version=$(basename "$image" | sed 's/^vmlinuz-//')
    printf '\n== Linux %s\n' "$version"
    rm -f "$results/$version.tsv"
    vm-tests/boot.sh "$image" "$results/$version.tsv" "${suites[@]}" || status=1
    reports+=("$results/$version.tsv")
done
vm-tests/table.py "${reports[@]}"
[ "$write" = no ] || vm-tests/table.py --document "${reports[@]}" >docs/platforms.md
exit "$status"
