#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds preset `release` and runs every bench of tests/bench, one after the other, alone. Figures go to standard output
# (docs/performance.md quotes them, with the machine they were taken on). Arguments go to each bench.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '/^[^#]/q; /^#!/d; /^# SPDX/d; s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset release >/dev/null
targets=()
for source in tests/bench/*_bench.cpp; do targets+=("$(basename "$source" .cpp)"); done
cmake --build --preset release --target ringwall "${targets[@]}"

printf '%s, %s CPUs, Linux %s\n' "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(uname -r)"
for target in "${targets[@]}"; do
    printf '\n== %s\n' "$target"
    case $target in
        latency_bench) tests/bench/latency.sh build/release/ringwall "build/release/tests/bench/$target" ;;
        call_bench)
            "build/release/tests/bench/$target"
            python3 -B tests/bench/calls.py
            python3 -B tests/bench/scrape.py
            python3 -B tests/bench/replays.py
            ;;
        flood_bench)
            python3 -B tests/bench/flood.py "build/release/tests/bench/$target"
            python3 -B tests/bench/pinholes.py "build/release/tests/bench/$target"
            python3 -B tests/bench/under_flood.py "build/release/tests/bench/$target"
            ;;
        *) "build/release/tests/bench/$target" "$@" ;;
    esac
done
