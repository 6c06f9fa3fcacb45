#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real calls in the guest, the part of tests/netns that depends most on the kernel: attaching, pinning, taking over.
# An emulated machine is slow: VM_NETNS names the tests.
# shellcheck source=vm-tests/guest.sh
. "$(dirname "$0")/guest.sh"
tests=(calls_test.EdgeIPv4 operate_test.Commands.test_stop_leaves_the_datapath_and_detach_takes_it_down
       restart_test.HostIPv6.test_kill_and_restart_in_mid_call_cost_no_packet_and_the_bye_after_it_closes)
[ -z "${VM_NETNS:-}" ] || read -r -a tests <<<"$VM_NETNS"
RINGWALL_PATIENCE=6 python3 -B tests/netns/run.py "${tests[@]}"
