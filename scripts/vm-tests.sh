#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots other kernels under virtme-ng, runs the suites in each and on this machine's own, and prints one table.
#   scripts/vm-tests.sh                     every kernel, every suite
#   scripts/vm-tests.sh 6.1 /boot/vmlinuz-6.12.9-amd64
#   scripts/vm-tests.sh --write             and writes the table to docs/platforms.md
# A kernel is a release (6.1, 6.12, 7.2: Debian's package, fetched by name and kept in
# ${XDG_CACHE_HOME:-~/.cache}/ringwall/kernels), a kernel image with its modules in ../lib/modules, or `here`.
# VM_SUITES: which suites; vm-tests/guest.sh says what each is. The table has what other runs found for the same sources
# beside it (vm-tests/results.sh), so a part that failed may be run alone. Builds what is missing. Exit: 0 if nothing failed.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '/^[^#]/q; /^#!/d; /^# SPDX/d; s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

write=no
kernels=()
for word in "$@"; do
    if [ "$word" = --write ]; then write=yes; else kernels+=("$word"); fi
done
[ "${#kernels[@]}" -gt 0 ] || kernels=(here 6.1 6.12 7.2)
read -r -a suites <<<"${VM_SUITES:-verdicts clang19 native tc generic links dispatcher}"

scripts/setup.sh --vm
cmake --preset release >/dev/null
cmake --build --preset release -- -j "${JOBS:-$(nproc)}" ringwall kernel_verdict_tests >/dev/null
if [[ " ${suites[*]} " = *' clang19 '* ]]; then
    cmake --preset bpf19 >/dev/null
    cmake --build --preset bpf19 -- -j "${JOBS:-$(nproc)}" kernel_verdict_tests >/dev/null
fi

run_here() {
    local folder
    folder=$results/$(uname -r | sed 's/-.*//')
    mkdir -p "$folder"
    vm-tests/guest.sh "$folder" "${suites[@]}"
}

status=0
results=$(vm-tests/results.sh)
for kernel in "${kernels[@]}"; do
    printf '\n== %s (%s)\n' "$kernel" "$(date +%H:%M:%S)"
    if [ "$kernel" = here ]; then
        run_here || status=1
    else
        image=$(vm-tests/fetch.sh "$kernel")
        vm-tests/boot.sh "$image" "$results/$(basename "$image" | sed 's/^vmlinuz-//')" "${suites[@]}" || status=1
    fi
done
vm-tests/table.py "$results"
[ "$write" = no ] || vm-tests/table.py --document "$results" >docs/platforms.md
exit "$status"
