#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs suites in the booted kernel, one after the other, and writes what became of them to /mnt/results:
#   suite <tab> NAME <tab> passed <tab> failed <tab> skipped <tab> seconds <tab> missing capability
#   cost <tab> PROGRAM <tab> instructions <tab> states
#   vm-tests/guest.sh SUITE...     exits 0 if nothing failed
# An emulated machine is slow, so the netns suites are the part that depends most on the kernel; VM_NETNS names others.
set -uo pipefail

printf 'guest: Linux %s, %s CPUs\n' "$(uname -r)" "$(nproc)"
for module in veth dummy tun 8021q bonding sch_ingress cls_bpf act_bpf; do modprobe "$module" 2>/dev/null || true; done
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
mkdir -p /run/netns
ip link set lo up
export RINGWALL_PATIENCE=6

calls=(calls_test.EdgeIPv4 calls_test.HostIPv6)
attach=(operate_test.Commands.test_stop_leaves_the_datapath_and_detach_takes_it_down
        restart_test.HostIPv6.test_kill_and_restart_in_mid_call_cost_no_packet_and_the_bye_after_it_closes)
[ -z "${VM_NETNS:-}" ] || read -r -a calls <<<"$VM_NETNS"

gtest_counts() { # of a gtest log: passed failed skipped
    local ran failed skipped
    ran=$(sed -n 's/^\[==========\] \([0-9]*\) tests\? from .* ran.*/\1/p' "$1" | awk '{ sum += $1 } END { print sum + 0 }')
    failed=$(grep -c '^\[  FAILED  \] .*(' "$1")
    skipped=$(grep -c '^\[  SKIPPED \] .*(' "$1")
    echo "$((ran - failed - skipped)) $failed $skipped"
}

unittest_counts() { # of a Python unittest log
    local ran failed skipped
    ran=$(sed -n 's/^Ran \([0-9]*\) tests\?.*/\1/p' "$1" | tail -n 1)
    failed=$(grep -cE '^(FAIL|ERROR): ' "$1")
    skipped=$(sed -n "s/.*skipped=\([0-9]*\).*/\1/p" "$1" | tail -n 1)
    echo "$((${ran:-0} - failed - ${skipped:-0})) $failed ${skipped:-0}"
}

# Without what takes an emulated machine many minutes: floods, full tables, long random sequences, frames with tags.
quick='-Hammer*:Soak*:*Flood*:*Property*:FragmentTable*:FullMaps*:*/*QinQ*:*/*vlan*:Parse.never_lets*'
verdicts() { build/release/tests/kernel/kernel_verdict_tests --gtest_brief=1 --gtest_filter="$quick"; }
verdicts_clang19() { build/bpf19/tests/kernel/kernel_verdict_tests --gtest_brief=1 --gtest_filter="$quick"; }
netns() { python3 -B tests/netns/run.py "$@"; }

run_suite() {
    case $1 in
        verdicts) verdicts ;;
        clang19) verdicts_clang19 ;;
        native | tc | generic) RINGWALL_ATTACH=$1 netns "${calls[@]}" "${attach[@]}" ;;
        links) netns vm_links ;;
        *) echo "no suite $1"; return 2 ;;
    esac
}

status=0
: >/mnt/results
for suite in "$@"; do
    printf '\n== %s\n' "$suite"
    log=$(mktemp)
    began=$SECONDS
    run_suite "$suite" 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
    case $suite in verdicts | clang19) counts=$(gtest_counts "$log") ;; *) counts=$(unittest_counts "$log") ;; esac
    read -r passed failed skipped <<<"$counts"
    # A suite that broke off, or ran nothing, has failed whatever its log says; 77 is a skip.
    [ "$code" -eq 0 ] || [ "$code" -eq 77 ] || [ "$failed" -gt 0 ] || failed=1
    [ "$((passed + failed + skipped))" -gt 0 ] || failed=1
    [ "$failed" -eq 0 ] || status=1
    missing=$(sed -n "s/.*skipped[ :]*['\"]\(.*\)['\"].*/\1/p" "$log" | sort -u | head -n 3 | paste -sd ';')
    printf 'suite\t%s\t%s\t%s\t%s\t%s\t%s\n' "$suite" "$passed" "$failed" "$skipped" $((SECONDS - began)) "$missing" >>/mnt/results
    [ "$suite" != verdicts ] || sed -n 's/^\(ringwall_[a-z_]*\) *\([0-9]*\) instructions processed\(, \([0-9]*\) states\)\?.*/cost\t\1\t\2\t\4/p' "$log" >>/mnt/results
done
exit "$status"
