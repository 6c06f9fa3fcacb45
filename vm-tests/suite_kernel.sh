#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The verdict tests (BPF_PROG_TEST_RUN): what an older verifier refuses shows here.
# shellcheck source=vm-tests/guest.sh
. "$(dirname "$0")/guest.sh"
build/release/tests/kernel/kernel_verdict_tests --gtest_brief=1
