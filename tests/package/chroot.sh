#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package in a clean Debian 12 that mmdebstrap makes, with a network and a BPF file system of its own: installed,
# run with the configuration that it brings, upgraded by itself, removed, purged.
#   tests/package/chroot.sh PACKAGE.deb        needs root
set -euo pipefail

package=$(readlink -f "$1")
own=$(readlink -f "${BASH_SOURCE[0]}")

# shellcheck source=tests/package/lib.sh
. "$(dirname "$own")/lib.sh"

inside() { chroot "$root" "$@"; }
installed() { inside test -e "$1"; }
answers() { inside curl -fsS "http://127.0.0.1:10560$1"; }

run_agent() {
    chroot "$root" ringwall run >"$scratch/out" 2>"$scratch/log" &
    agent=$!
    wait_for 'the agent is ready' grep -q 'ringwall: ready' "$scratch/out"
}
stop_agent() {
    kill "$agent"
    wait "$agent" || fail "the agent ended with $?"
}

# Within namespaces of its own: what is mounted and made here is gone with them.
try_package() {
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t bpf bpf "$root/sys/fs/bpf"
    make_network

    cp "$package" "$root/tmp/ringwall.deb"
    inside apt-get -qq install -y --no-install-recommends /tmp/ringwall.deb >"$scratch/apt.log" 2>&1 || { cat "$scratch/apt.log" >&2; fail 'apt-get install'; }
    inside getent passwd ringwall >/dev/null || fail 'there is no user ringwall'
    inside ringwall version
    inside ringwall check || fail 'the configuration that the package brings is not good'
    for file in /lib/systemd/system/ringwall.service /usr/share/man/man8/ringwall.8.gz /usr/share/zsh/vendor-completions/_ringwall \
        /usr/share/bash-completion/completions/ringwall /usr/share/fish/vendor_completions.d/ringwall.fish; do
        [ -s "$root$file" ] || fail "$file is not there"
    done
    say installed

    run_agent
    inside ringwall status --json >"$scratch/status"
    grep -q '"mode": *"monitor"' "$scratch/status" || fail 'it does not begin in monitor mode'
    grep -q '"name": *"eth0"' "$scratch/status" || fail 'eth0 is not attached'
    answers /readyz >/dev/null || fail 'it is not ready'
    answers /metrics >"$scratch/metrics"
    grep -q '^ringwall_mode{mode="monitor"} 1' "$scratch/metrics" || fail '/metrics does not tell the mode'
    worker=$(pgrep -P "$agent" | head -n 1) || fail 'there is no worker'
    grep -q "^Uid:[[:space:]]$(inside id -u ringwall)[[:space:]]" "/proc/$worker/status" || fail 'the worker is not user ringwall'
    [ "$(inside stat -c %G:%a /run/ringwall/ringwall.sock)" = ringwall:660 ] || fail 'the control socket is not the group ringwall'"'"'s'
    stop_agent
    say 'run in monitor mode'

    echo '# mine' >>"$root/etc/ringwall/ringwall.yaml"
    inside dpkg -i /tmp/ringwall.deb >"$scratch/dpkg.log" 2>&1 || { cat "$scratch/dpkg.log" >&2; fail 'upgrade'; }
    grep -q '^# mine' "$root/etc/ringwall/ringwall.yaml" || fail 'an upgrade took the configuration away'
    installed /sys/fs/bpf/ringwall/maps || fail 'an upgrade took the wall down'
    run_agent
    wait_for 'the new agent has taken the wall over' grep -q 'took over the wall' "$scratch/log" # nobody waits for the log
    stop_agent
    say upgraded

    run_agent
    inside dpkg --remove ringwall >"$scratch/dpkg.log" 2>&1 || { cat "$scratch/dpkg.log" >&2; fail 'dpkg --remove'; }
    kill -0 "$agent" || fail 'a removal ended an agent that is none of its unit'
    installed /sys/fs/bpf/ringwall/maps || fail 'a removal took the wall of another agent down'
    grep -q 'another agent has the wall' "$scratch/dpkg.log" || fail 'a removal does not say that the wall stays'
    stop_agent
    inside dpkg -i /tmp/ringwall.deb >"$scratch/dpkg.log" 2>&1 || { cat "$scratch/dpkg.log" >&2; fail 'installed again'; }
    say 'removed beside another agent, whose wall stays'

    inside apt-get -qq remove -y ringwall >"$scratch/apt.log" 2>&1 || { cat "$scratch/apt.log" >&2; fail 'apt-get remove'; }
    if installed /sys/fs/bpf/ringwall/maps; then fail 'a removal left the wall standing'; fi
    installed /etc/ringwall/ringwall.yaml || fail 'a removal took the configuration away'
    inside apt-get -qq purge -y ringwall >"$scratch/apt.log" 2>&1 || { cat "$scratch/apt.log" >&2; fail 'apt-get purge'; }
    if installed /etc/ringwall; then fail 'a purge left the configuration'; fi
    say 'removed and purged'
}

if [ "${2:-}" = within ]; then
    scratch=$3 root=$3/root
    try_package
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf --one-file-system "$scratch"' EXIT
chmod 755 "$scratch"
make_debian "$scratch/root"
unshare --mount --net --pid --mount-proc --fork --kill-child "$own" "$package" within "$scratch"
