#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cross-builds the agent for arm64 (preset arm64) and runs the unit tests under qemu-user. The arm64 libraries are
# Debian packages unpacked into ${XDG_CACHE_HOME:-~/.cache}/ringwall/arm64; the machine's own architectures stay as they are.
# command_line_test is left out. What came of it stands beside the results of scripts/vm-tests.sh, for docs/platforms.md.
#   scripts/arm64.sh           build and test
#   scripts/arm64.sh sysroot   only fetch, and print the path
set -euo pipefail
case ${1:-} in -h | --help) sed -n '/^[^#]/q; /^#!/d; /^# SPDX/d; s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

root=${XDG_CACHE_HOME:-$HOME/.cache}/ringwall/arm64
mapfile -t packages < <(scripts/setup.sh libraries)
packages+=(libc6-dev libstdc++-12-dev libgtest-dev libgmock-dev libbenchmark-dev)

fetch_sysroot() {
    local apt=$root.apt mirror part=$root.part
    mirror=$(apt-cache policy | sed -n 's/^ *[0-9]* \(https\?:[^ ]*\) bookworm\/main.*/\1/p' | head -n 1)
    [ -n "$mirror" ] || { echo 'arm64: found no Debian 12 mirror in the apt configuration' >&2; exit 1; }
    rm -rf "$apt" "$part"
    mkdir -p "$apt"/{etc/sources.list.d,etc/preferences.d,lists/partial,cache/archives/partial} "$part"
    cp -r /etc/apt/apt.conf.d "$apt/etc/"                       # proxies and the like
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$apt/etc/sources.list"
    : >"$apt/status"                                            # nothing is installed: apt names every dependency
    local options=(-qq -o "Dir::Etc=$apt/etc" -o "Dir::State=$apt" -o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status"
                   -o "Dir::Cache=$apt/cache" -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update >&2
    apt-get "${options[@]}" install -y --no-install-recommends --download-only "${packages[@]}" >&2
    for deb in "$apt"/cache/archives/*.deb; do dpkg -x "$deb" "$part"; done
    # Absolute links would lead out of it.
    find "$part" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do ln -sfn "$part$target" "$link"; done
    rm -rf "$apt" "$root"
    mv "$part" "$root"
    echo "${packages[*]}" >"$root.packages"
}

scripts/setup.sh --arm64
[ "$(cat "$root.packages" 2>/dev/null)" = "${packages[*]}" ] || fetch_sysroot # what is linked may have grown
if [ "${1:-}" = sysroot ]; then
    echo "$root"
    exit 0
fi
export RINGWALL_ARM64_SYSROOT=$root
cmake --preset arm64 >/dev/null
cmake --build --preset arm64 -- -j "${JOBS:-$(nproc)}" ringwall tests/unit/all tests/shell/shell_test

# Each suite whole, as many at once as there are processors: to start a process costs the emulator more than most tests do.
# One that takes longer than ARM64_SECONDS (1800) has failed.
run_suite() { # run_suite PROGRAM
    local began=$SECONDS code=0
    timeout --kill-after=10 "${ARM64_SECONDS:-1800}" qemu-aarch64-static -L "$root" "$1" --gtest_brief=1 >"$1.log" 2>&1 || code=$?
    printf '%s %s\n' "$code" $((SECONDS - began)) >"$1.code"
}

# Of a gtest log in brief: how many ran, and how many passed.
ran_in() { sed -n 's/^\[==========\] \([0-9]*\) tests\? from .* ran\..*/\1/p' "$1" | grep . || echo 0; }
passed_in() { sed -n 's/^\[  PASSED  \] \([0-9]*\) tests\?\..*/\1/p' "$1" | grep . || echo 0; }

mapfile -t suites < <(find build/arm64/tests/unit build/arm64/tests/shell/shell_test -type f -executable | sort)
for suite in "${suites[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-$(nproc)}" ]; do wait -n || true; done
    rm -f "$suite.code"
    run_suite "$suite" &
done
wait

passed=0
failed=0
skipped=1
total=0
# An emulated program starts no emulated one.
remarks='command_line_test: it runs the program itself, which qemu-user does not start from within'
for suite in "${suites[@]}"; do
    read -r code seconds <"$suite.code"
    good=$(passed_in "$suite.log")
    bad=$(grep -c '^\[  FAILED  \] .* ms)$' "$suite.log" || true)
    left=$(($(ran_in "$suite.log") - good - bad))
    [ "$code" -eq 0 ] && [ $((good + bad + left)) -gt 0 ] || [ "$bad" -gt 0 ] || bad=1 # it broke off, or was too slow
    [ "$left" -ge 0 ] || left=0
    printf '%-32s %5d passed %3d failed %3d skipped %5d s\n' "$(basename "$suite")" "$good" "$bad" "$left" "$seconds"
    [ "$bad" -eq 0 ] || { tail -n 40 "$suite.log"; remarks+="; failed: $(basename "$suite"), exit $code"; }
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + left))
    total=$((total + seconds))
done
results=$(vm-tests/results.sh)/arm64
mkdir -p "$results"
printf 'suite\tunit\t%s\t%s\t%s\t%s\t%s\n' "$passed" "$failed" "$skipped" "$total" "$remarks" >"$results/unit.tsv"
printf 'ringwall for%s; %d passed, %d failed, %d skipped (%s)\n' \
    "$(readelf -h build/arm64/ringwall | sed -n 's/^ *Machine://p')" "$passed" "$failed" "$skipped" "$remarks"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
