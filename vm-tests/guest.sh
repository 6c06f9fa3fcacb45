#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs suites in the kernel that is running, one after the other, and writes what became of each to RESULTS/SUITE.tsv:
#   suite <tab> NAME <tab> passed <tab> failed <tab> skipped <tab> seconds <tab> missing capabilities, tests that failed
#   cost <tab> PROGRAM <tab> instructions <tab> states
#   vm-tests/guest.sh RESULTS SUITE...     exits 0 if nothing failed
# An emulated machine is slow: the suites are what can differ from kernel to kernel. VM_NETNS names other netns tests to
# run by each attachment.
set -uo pipefail
results=$1
shift

printf 'Linux %s, %s CPUs\n' "$(uname -r)" "$(nproc)"
for module in veth dummy tun 8021q bonding vrf bridge sch_ingress cls_bpf cls_u32 act_bpf; do modprobe "$module" 2>/dev/null || true; done
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
mkdir -p /run/netns
ip link set lo up
export RINGWALL_PATIENCE=6

read -r -a attachment <<<"${VM_NETNS:-vm_attach}"

# Without what takes an emulated machine many minutes: floods, full tables, long random sequences, frames with tags, and
# every row once more as a question.
quick='-Hammer*:Soak*:*Flood*:*Property*:FragmentTable*:FullMaps*:*QinQ:*VLAN:*/vlan:Parse.never_lets*:*LimitsExact.each*:*AskedBefore*:*Untouched*'
# Of the questions (`ringwall why`) one for each kind of step.
asked=
for row in banned_sip not_a_peer sip rate_limited attack_tool no_pinhole answered rtp_injection rule_udp lost_and_closed; do
    asked+="*AskedBefore*/$row:"
done
# Every program loaded, and a few verdicts of each.
few='VerifierCost.*:Scope.*:Egress.*:SlowPacket.writes*:Mirror.*:Tombstone.*'

# Tests put times a minute into the past, which a machine that has just booted does not have.
verdicts() { # verdicts PRESET FILTER
    while [ "$(cut -d. -f1 /proc/uptime)" -lt 75 ]; do sleep 1; done
    "build/$1/tests/kernel/kernel_verdict_tests" --gtest_brief=1 --gtest_filter="$2"
}
netns() { python3 -B tests/netns/run.py "$@"; }

run_suite() {
    case $1 in
        verdicts) verdicts release "$quick" && verdicts release "$asked" ;;
        clang19) verdicts bpf19 "$few" ;;
        native | tc | generic) RINGWALL_ATTACH=$1 netns "${attachment[@]}" ;;
        links) netns vm_links ;;
        dispatcher) RINGWALL_ATTACH=$1 netns "${attachment[@]}" vm_dispatcher ;;
        *) echo "no suite $1"; return 2 ;;
    esac
}

gtest_counts() { # of a gtest log: passed failed skipped
    local ran failed skipped
    ran=$(sed -n 's/^\[==========\] \([0-9]*\) tests\? from .* ran.*/\1/p' "$1" | awk '{ sum += $1 } END { print sum + 0 }')
    failed=$(grep -c '^\[  FAILED  \] .*(' "$1")
    skipped=$(grep -c '^\[  SKIPPED \] .*(' "$1")
    echo "$((ran - failed - skipped)) $failed $skipped"
}

unittest_counts() { # of a Python unittest log; a class that is skipped counts once
    echo "$(grep -cE '(^| )ok$' "$1") $(grep -cE '^(FAIL|ERROR): ' "$1") $(grep -cE '(^| )skipped ['\''"]' "$1")"
}

write_result() { # write_result SUITE PASSED FAILED SKIPPED SECONDS WHAT
    (IFS=$'\t'; printf 'suite\t%s\n' "$*") >"$results/$1.tsv"
}

remarks() { # of a log: the capabilities that are missing, the tests that failed
    sed -n -e "s/.*skipped[ :]*['\"]\(.*\)['\"].*/\1/p" \
        -e 's/^\[  FAILED  \] \([^ ,]*\).*(.*/failed: \1/p' -e 's/^\(FAIL\|ERROR\): \([^ ]*\).*/failed: \2/p' "$1" |
        sort -u | head -n 5 | paste -sd ';' | sed 's/;/; /g'
}

record() { # record SUITE LOG CODE SECONDS
    local counts passed failed skipped
    case $1 in verdicts | clang19) counts=$(gtest_counts "$2") ;; *) counts=$(unittest_counts "$2") ;; esac
    read -r passed failed skipped <<<"$counts"
    # A suite that broke off, or ran nothing, has failed whatever its log says; 77 is a skip.
    [ "$3" -eq 0 ] || [ "$3" -eq 77 ] || [ "$failed" -gt 0 ] || failed=1
    [ "$((passed + failed + skipped))" -gt 0 ] || failed=1
    write_result "$1" "$passed" "$failed" "$skipped" "$4" "$(remarks "$2")"
    sed -n 's/^\(ringwall_[a-z_]*\) *\([0-9]*\) instructions processed, \([0-9]*\) states.*/cost\t\1\t\2\t\3/p' "$2" >>"$results/$1.tsv"
    [ "$failed" -eq 0 ]
}

status=0
for suite in "$@"; do
    printf '\n== %s\n' "$suite"
    write_result "$suite" 0 1 0 0 'did not finish'
    log=$(mktemp)
    began=$SECONDS
    run_suite "$suite" 2>&1 | tee "$log"
    record "$suite" "$log" "${PIPESTATUS[0]}" $((SECONDS - began)) || status=1
    rm -f "$log"
done
exit "$status"
