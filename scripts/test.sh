#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs, builds and runs every test that this machine can run, and ends with one line: `N passed, N failed`.
#   scripts/test.sh            everything: unit, check, kernel, netns, fuzz, vm
#   scripts/test.sh unit vm    only the parts named
# A skipped test is an error: it says which capability is missing. Tests of the kernel and in namespaces wait for the clock and for
# real packets on a machine that others share: up to three that fell may run once more, alone, and are named. FUZZ_SECONDS a fuzz
# target (60), by FUZZ_SEED (1): a gate asks the same each time; 0 is another each time.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '/^[^#]/q; /^#!/d; /^# SPDX/d; s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

parts=("$@")
[ "${#parts[@]}" -gt 0 ] || parts=(unit check kernel netns fuzz vm)
for each in "${parts[@]}"; do
    case $each in
        unit | check | kernel | netns | fuzz | vm) ;;
        *) echo "test: there is no part $each: unit, check, kernel, netns, fuzz, vm" >&2; exit 2 ;;
    esac
done
jobs=${JOBS:-$(nproc)}
passed=0
failed=0
broken=()
reports=()

wanted() {
    local part
    for part in "${parts[@]}"; do [ "$part" = "$1" ] && return 0; done
    return 1
}

count() { # count PASSED FAILED NAME
    passed=$((passed + $1))
    failed=$((failed + $2))
    [ "$2" -eq 0 ] || broken+=("$3")
}

# One heading a part, so that a long log can be read.
part() {
    printf '\n== %s (%s)\n' "$1" "$(date +%H:%M:%S)"
}

build() { # build PRESET [TARGET...]
    local preset=$1
    shift
    part "build $preset"
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" -- -j "$jobs" "$@"
}

# Runs a label with ctest and reads its own report; what was skipped or did not run counts as failed.
run_label() { # run_label PRESET LABEL [-j N]
    local preset=$1 label=$2 report tests bad
    shift 2
    part "$label tests ($preset)"
    report=build/$preset/$label.xml
    rm -f "$report"
    reports+=("$report")
    ctest --test-dir "build/$preset" -L "^$label\$" --no-tests=error --output-on-failure --output-junit "$label.xml" "$@" || true
    [ -e "$report" ] || { count 0 1 "$label"; return; }
    tests=$(grep -c '<testcase ' "$report" || true)
    bad=$(grep -c '<testcase .*status="\(fail\|notrun\|disabled\)"' "$report" || true)
    [ "$tests" -gt 0 ] || bad=1
    case $label-$bad in kernel-[123] | netns-[123]) bad=$(run_again "$preset" "$report" "$bad") ;; esac
    count $((tests - bad)) "$bad" "$label"
}

# Those of a report that fell, alone; prints how many do again.
run_again() { # run_again PRESET REPORT FALLEN
    local again=${2%.xml}.again.xml
    rm -f "$again"
    sed -n 's/.*<testcase name="\([^"]*\)".*status="fail".*/fell, and runs once more: \1/p' "$2" >&2
    ctest --test-dir "build/$1" --rerun-failed --output-on-failure --output-junit "$(basename "$again")" >&2 || true
    if [ -e "$again" ] && [ "$(grep -c '<testcase ' "$again")" -eq "$3" ]; then
        grep -c '<testcase .*status="\(fail\|notrun\|disabled\)"' "$again" || true
    else
        echo "$3"
    fi
}

# FUZZ_SECONDS from the corpus in the tree; finds and the log go to a scratch folder. There is NAME.clean if all went well. One
# that is out of memory may take hours to say of what.
fuzz_one() { # fuzz_one TARGET NAME
    local found=build/fuzz/found/$2
    mkdir -p "$found"
    rm -f "$found.clean"
    timeout --kill-after=10 $((${FUZZ_SECONDS:-60} + 300)) "$1" -max_total_time="${FUZZ_SECONDS:-60}" -seed="${FUZZ_SEED:-1}" -print_final_stats=1 -verbosity=0 -artifact_prefix="$found/" \
        "$found" "tests/data/fuzz/$2" >"$found.log" 2>&1 && touch "$found.clean"
}

# Each target on a processor of its own, as many at once as there are.
run_fuzz() {
    local target name
    part fuzz
    for target in build/fuzz/tests/fuzz/*_fuzz; do
        [ -x "$target" ] || { count 0 1 fuzz; return; }
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
        fuzz_one "$target" "$(basename "$target" _fuzz)" &
    done
    wait
    for target in build/fuzz/tests/fuzz/*_fuzz; do
        name=$(basename "$target" _fuzz)
        printf '%s: %s\n' "$name" "$(grep -a 'number_of_executed_units' "build/fuzz/found/$name.log" || echo broke off)"
        if [ -e "build/fuzz/found/$name.clean" ]; then count 1 0 "fuzz $name"; continue; fi
        cat "build/fuzz/found/$name.log"
        count 0 1 "fuzz $name"
    done
}

run_vm() {
    part 'vm tests (Linux 6.1)'
    if VM_SECONDS="${VM_SECONDS:-1800}" VM_SUITES="verdicts native" scripts/vm-tests.sh 6.1; then count 1 0 vm; else count 0 1 vm; fi
}

scripts/setup.sh
if wanted netns || wanted check; then scripts/setup.sh --servers; fi
wanted vm && scripts/setup.sh --vm
if wanted unit || wanted check; then build dev; fi
if wanted kernel || wanted netns || wanted vm; then build release release_tests; fi
if wanted unit; then build release differential_test; fi
if wanted fuzz; then build fuzz tests/fuzz/all; fi
wanted unit && run_label dev unit -j "$jobs"
wanted unit && run_label release differential -j "$jobs"
wanted check && run_label dev check -j "$jobs"
wanted kernel && run_label release kernel
# They mostly wait for what must not come: more of them than processors.
wanted netns && run_label release netns -j $((jobs * 2))
wanted fuzz && run_fuzz
wanted vm && run_vm

printf '\n'
if [ "${#broken[@]}" -gt 0 ]; then
    python3 -B tests/failed.py "${reports[@]}"
    printf 'failed: %s\n' "${broken[@]}"
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
