# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every suite does first in the guest: modules, file systems that an init would have mounted.
set -euo pipefail
printf 'guest: Linux %s, %s CPUs\n' "$(uname -r)" "$(nproc)"
for module in veth 8021q sch_ingress cls_bpf act_bpf; do modprobe "$module" 2>/dev/null || true; done
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
mkdir -p /run/netns
ip link set lo up
