#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every C++ file is as clang-format-19 would write it. maps/abi and bpf are laid out by hand.
#   tests/check/format_test.sh         names the files that differ
#   tests/check/format_test.sh --fix   rewrites it
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t files < <(find agent policy maps tests \( -name '*.cpp' -o -name '*.hpp' \) -not -path 'maps/abi/*' | sort)
[ "${#files[@]}" -gt 0 ]
if [ "${1:-}" = --fix ]; then
    clang-format-19 -i "${files[@]}"
else
    status=0
    for file in "${files[@]}"; do
        clang-format-19 --dry-run -Werror "$file" 2>/dev/null || { echo "$file"; status=1; }
    done
    exit "$status"
fi
