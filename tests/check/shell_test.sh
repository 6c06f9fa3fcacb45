#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every shell script passes shellcheck.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh$' --include='*' scripts vm-tests tests .ci deploy 2>/dev/null | sort)
[ "${#scripts[@]}" -gt 0 ]
shellcheck -x "${scripts[@]}"
printf '%d scripts\n' "${#scripts[@]}"
