#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs latency_bench beside a real wall, in a network and mount namespace of its own that goes with it.
#   tests/bench/latency.sh RINGWALL LATENCY_BENCH
set -euo pipefail
ringwall=$(realpath "$1")
bench=$(realpath "$2")
if [ -z "${RINGWALL_LATENCY_INSIDE:-}" ]; then
    RINGWALL_LATENCY_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$ringwall" "$bench"
fi
scratch=$(mktemp -d)
trap 'umount "$scratch/bpf" 2>/dev/null; rm -rf "$scratch"' EXIT
mkdir "$scratch/bpf"
mount -t bpf bpf "$scratch/bpf"
ip link set lo up
ip link add outer type veth peer name far
ip link set outer up
ip link set far up
cat >"$scratch/ringwall.yaml" <<'YAML'
version: 1
mode: enforce
outside: [outer]
protect: { networks: [192.0.2.0/24], media_ports: 10000-60000 }
peers: [{ name: provider, networks: [198.51.100.0/24] }]
YAML
mkfifo "$scratch/says"
"$ringwall" run --config "$scratch/ringwall.yaml" --pin-path "$scratch/bpf/ringwall" --socket "$scratch/socket" \
    >"$scratch/says" 2>"$scratch/log" &
read -r line <"$scratch/says" || true
[ "$line" = 'ringwall: ready' ] || { cat "$scratch/log" >&2; exit 1; }
"$bench" "$scratch/bpf/ringwall" outer 2000 3000 # an idle agent: asleep when the message comes
"$bench" "$scratch/bpf/ringwall" outer 4000 300 2000 # a busy one
kill %1
wait %1 || true
"$ringwall" detach --config "$scratch/ringwall.yaml" --pin-path "$scratch/bpf/ringwall" --socket "$scratch/socket" >/dev/null
