#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real calls in the guest, the part of tests/netns that depends most on the kernel: attaching, pinning, taking over.
# An emulated machine is slow: VM_NETNS names the tests.
# shellcheck source=vm-tests/guest.sh
. "$(dirname "$0")/guest.sh"
read -r -a tests <<<"${VM_NETNS:-calls_test.EdgeIPv4 calls_test.HostIPv6 restart_test.EdgeIPv4 operate_test.Commands}"
RINGWALL_PATIENCE=6 python3 -B tests/netns/run.py "${tests[@]}"
