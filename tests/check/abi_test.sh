#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each header of the border compiles alone, with clang -target bpf, g++, clang++ and a C compiler, warnings being errors;
# its static assertions (MAP_ABI) then say that all see the same bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."

multiarch=$(gcc -print-multiarch)
warnings=(-Wall -Wextra -Werror -I. -isystem "/usr/include/$multiarch")
count=0
for header in maps/abi/*.h; do
    clang-14 -target bpf -mcpu=v3 -std=gnu11 "${warnings[@]}" -fsyntax-only -include "$header" -x c /dev/null
    gcc -std=gnu11 "${warnings[@]}" -fsyntax-only -include "$header" -x c /dev/null
    g++ -std=c++20 "${warnings[@]}" -fsyntax-only -include "$header" -x c++ /dev/null
    clang++-19 -std=c++20 "${warnings[@]}" -fsyntax-only -include "$header" -x c++ /dev/null
    count=$((count + 1))
done
echo "$count headers"
[ "$count" -gt 0 ]
