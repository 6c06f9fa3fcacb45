#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the folder of the results for these sources: a change of what is tested begins a new one, so that what is kept
# there of several runs is of one program. It holds KERNEL/SUITE.tsv (guest.sh says what stands in one).
set -euo pipefail
cd "$(dirname "$0")/.."

sources=$(find maps bpf policy agent -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | head -c 12)
mkdir -p "build/vm/$sources"
printf 'build/vm/%s\n' "$sources"
