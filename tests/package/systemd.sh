#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit under a real systemd: process 1 of namespaces of its own, in a clean Debian 12, with the package installed. It is
# started, reloaded, stopped, killed, hung, upgraded and purged in mid-call, and the journal is asked what it was told.
#   tests/package/systemd.sh PACKAGE.deb        needs root, and a cgroup2 file system
set -euo pipefail

package=$(readlink -f "$1")
own=$(readlink -f "${BASH_SOURCE[0]}")
# shellcheck source=tests/package/lib.sh
. "$(dirname "$own")/lib.sh"

# Process 1, before it is systemd: what is mounted here is gone with it. What of /proc/sys and /sys is the whole machine's is
# not this systemd's to write, as in any container.
become_systemd() {
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --bind "$root/proc/sys" "$root/proc/sys"
    mount -o remount,bind,ro "$root/proc/sys"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t bpf bpf "$root/sys/fs/bpf"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for node in null zero full random urandom tty; do
        touch "$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    ln -s pts/ptmx "$root/dev/ptmx" # PrivateDevices= wants it
    make_network
    mkdir "$root/run/old"
    cd "$root"
    pivot_root . run/old
    umount -l /run/old
    exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=journal-or-kmsg
}

inside() { nsenter --target "$init" --mount --net --pid --ipc --uts --cgroup -- env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
ctl() { inside systemctl "$@"; }
has_booted() { ctl is-system-running | grep -x 'running\|degraded'; }
shown() { ctl show ringwall --property "$1" --value; }
main_pid() { shown MainPID; }
worker_pid() { inside pgrep -P "$(main_pid)" | head -n 1; }
is_shown() { [ "$(shown "$1")" = "$2" ]; }
journal_has() { [ -n "$(inside journalctl --quiet --lines 1 "$@")" ]; }
answers() { inside ringwall status --json; }
has_call() { inside ringwall calls --json | grep over-every-restart; }
configure() { printf '%s\n' "$1" >"/proc/$init/root/etc/ringwall/ringwall.yaml"; }
another_worker() { local now; now=$(worker_pid) && [ -n "$now" ] && [ "$now" != "$1" ]; }
call() { nsenter --target "$init" --net /usr/bin/python3 -B "$(dirname "$own")/call.py" "$1"; }
there() { [ -e "/proc/$init/root$1" ]; }

# The call's media comes through, and nobody else's: whatever has just happened to the agent.
still_stands() { # still_stands WHEN
    call hear || fail "the call is mute: $1"
    if call overhear; then fail "strangers are heard: $1"; fi
}
wait_for_agent() {
    wait_for 'its answer' answers
    wait_for 'the call, known to it' has_call
}

since_boot_us() { ctl show "$1" --property ActiveEnterTimestampMonotonic --value; }

comes_first() {
    inside systemd-analyze --man=no verify ringwall.service >"$scratch/verify" 2>&1 || { cat "$scratch/verify" >&2; fail 'systemd-analyze verify'; }
    if grep ringwall "$scratch/verify" >&2; then fail 'systemd-analyze verify complains'; fi
    if inside journalctl --quiet --boot | grep 'ordering cycle' >&2; then fail 'units wait for each other'; fi
    [ "$(since_boot_us network-pre.target)" -gt 0 ] || fail 'network-pre.target was not reached'
    [ "$(since_boot_us ringwall)" -le "$(since_boot_us network-pre.target)" ] || fail 'the network came before the wall'
    say 'ready before network-pre.target, and no unit waits in a circle'
}

start_it() {
    is_shown ActiveState active || fail 'it was enabled, and is not active after the boot'
    answers >/dev/null || fail 'the boot is over, and the agent does not answer'
    wait_for 'the attachment, with its interface, in the journal' journal_has RINGWALL_EVENT=attach RINGWALL_INTERFACE=eth0
    inside journalctl --quiet --output json RINGWALL_EVENT=attach >"$scratch/attach"
    for field in '"_SYSTEMD_UNIT":"ringwall.service"' '"RINGWALL_PROCESS":"parent"' '"RINGWALL_INTERFACE":"eth0"' \
        '"SYSLOG_IDENTIFIER":"ringwall"' '"PRIORITY":"6"' '"RINGWALL_INGRESS":' '"RINGWALL_EGRESS":'; do
        grep -qF "$field" "$scratch/attach" || fail "not in the journal: $field"
    done
    say 'started at the boot: ready, answers, attached, in the journal with its fields'
}

reload_it() {
    configure "$good"
    ctl reload ringwall
    wait_for 'a reload' journal_has RINGWALL_EVENT=config.reload
    inside ringwall status --json | grep '"mode": *"enforce"' >/dev/null || fail 'a reload came back, and is not in force'
    configure "$bad"
    if ctl reload ringwall 2>/dev/null; then fail 'systemctl reload says that a bad configuration is good'; fi
    wait_for 'a refused reload' journal_has RINGWALL_EVENT=config.refused PRIORITY=3
    # shellcheck disable=SC2016 # as it is shown
    wait_for 'its status' is_shown StatusText 'the last reload was refused, see `ringwall check`'
    is_shown ActiveState active || fail 'a refused reload ended it'
    configure "$good"
    wait_for 'no word of it any more, by itself' is_shown StatusText ''
    say 'reloaded, refused, taken up by itself'
}

call_it() {
    call answer
    wait_for 'the call' has_call
    still_stands 'it was answered just now'
    wait_for 'the stranger on its port, by its Call-ID in the journal' \
        journal_has RINGWALL_CALL_ID=over-every-restart@192.0.2.20 RINGWALL_EVENT=media.refused RINGWALL_SOURCE=192.0.2.66:30000
    say 'a call: heard, nobody else on its port'
}

stop_and_start() {
    ctl stop ringwall
    is_shown Result success || fail "stopped with $(shown Result)"
    there /sys/fs/bpf/ringwall/maps/meta || fail 'a stop took the wall down'
    if there /run/ringwall; then fail 'a stop left /run/ringwall'; fi
    still_stands 'stopped'
    ctl start ringwall || fail 'systemctl start'
    answers >/dev/null || fail 'systemctl start came back, and the agent does not answer'
    wait_for_agent
    wait_for 'that it took over the wall' journal_has RINGWALL_EVENT=start
    still_stands 'started again'
    say 'stopped and started: the call went on'
}

kill_it() {
    local worker main
    ctl restart systemd-journald
    worker=$(worker_pid)
    inside kill -KILL "$worker"
    wait_for 'another worker' another_worker "$worker"
    wait_for_agent
    is_shown NRestarts 0 || fail 'a worker that died took its parent with it'
    wait_for 'its death, in a journald that has started again' journal_has RINGWALL_EVENT=agent.ended
    still_stands 'another worker'
    say 'a killed worker came back, under a journald that had started again'

    main=$(main_pid)
    inside kill -KILL "$main"
    wait_for 'a restart after kill -9' is_shown NRestarts 1
    wait_for_agent
    still_stands 'another parent'
    say 'killed, and started again'
}

add_to_unit() { # add_to_unit LINE: until take_from_unit
    inside mkdir -p /run/systemd/system/ringwall.service.d
    printf '[Service]\n%s\n' "$1" >"/proc/$init/root/run/systemd/system/ringwall.service.d/test.conf"
    ctl daemon-reload
}
take_from_unit() {
    inside rm -r /run/systemd/system/ringwall.service.d
    ctl daemon-reload
}

# The watchdog's 30 s are long for a test.
hang_it() {
    local restarts
    add_to_unit WatchdogSec=2
    ctl restart ringwall
    restarts=$(shown NRestarts)
    inside kill -STOP "$(main_pid)"
    wait_for 'the watchdog' is_shown NRestarts $((restarts + 1))
    wait_for_agent
    inside journalctl --quiet --unit ringwall | grep "Failed with result 'watchdog'" >/dev/null || fail 'it was not the watchdog'
    take_from_unit
    still_stands 'after the watchdog'
    say 'hung, and started again by the watchdog'
}

# By default systemd gives a service up that fails five times in ten seconds.
fail_it() {
    ctl stop ringwall
    add_to_unit 'ExecStartPre=/usr/bin/test -e /run/may-start'
    ctl start --no-block ringwall
    wait_for 'its seventh try' is_shown NRestarts 7
    inside touch /run/may-start
    wait_for_agent
    take_from_unit
    still_stands 'after many failures'
    say 'failed at its start, again and again, until it did not'
}

# A restart would end an agent that has refused the files itself.
upgrade_it_in_vain() { # upgrade_it_in_vain CONFIGURATION WORDS
    local main
    main=$(main_pid)
    configure "$1"
    inside dpkg --install /root/ringwall.deb >"$scratch/dpkg.log" 2>&1 || { cat "$scratch/dpkg.log" >&2; fail 'an upgrade'; }
    [ "$(main_pid)" = "$main" ] || fail "an upgrade has ended an agent whose next one does not start ($2)"
    for words in 'not restarted' "$2" 'systemctl restart ringwall'; do
        grep -q "$words" "$scratch/dpkg.log" || { cat "$scratch/dpkg.log" >&2; fail "an upgrade does not say: $words"; }
    done
    answers >/dev/null || fail 'the agent of before does not answer'
    still_stands "upgraded in vain ($2)"
}

upgrade_it() {
    local main
    upgrade_it_in_vain "$bad" 'ringwall.yaml:.*version: '
    upgrade_it_in_vain "$good
tables: { pinholes: 65536 }" 'tables.pinholes is 65536'
    configure "$good"
    wait_for 'the good configuration' is_shown StatusText ''
    say 'not restarted by an upgrade where the next agent would not start'
    main=$(main_pid)
    inside dpkg --install /root/ringwall.deb >"$scratch/dpkg.log" 2>&1 || { cat "$scratch/dpkg.log" >&2; fail 'an upgrade'; }
    [ "$(main_pid)" != "$main" ] || fail 'an upgrade left the old agent running'
    wait_for_agent
    still_stands 'upgraded'
    say 'upgraded by itself: the call went on'
}

refuse_to_start() {
    ctl stop ringwall
    configure "$bad"
    if ctl start ringwall 2>/dev/null; then fail 'it started with a configuration that is none'; fi
    is_shown ExecMainStatus 5 || fail "a bad configuration ends with $(shown ExecMainStatus)"
    is_shown ActiveState failed || fail 'a bad configuration is tried again'
    configure "$good"
    ctl start ringwall
    say 'a bad configuration is not tried again'
}

purge_it() {
    inside dpkg --remove ringwall >"$scratch/dpkg.log" 2>&1 || { cat "$scratch/dpkg.log" >&2; fail 'dpkg --remove'; }
    if inside pgrep -x ringwall >/dev/null; then fail 'a removal left the agent running'; fi
    if there /sys/fs/bpf/ringwall; then fail 'a removal left the wall standing'; fi
    if inside ip link show eth0 | grep xdp; then fail 'a removal left a program on eth0'; fi
    there /etc/ringwall/ringwall.yaml || fail 'a removal took the configuration away'
    inside dpkg --purge ringwall >"$scratch/dpkg.log" 2>&1 || { cat "$scratch/dpkg.log" >&2; fail 'dpkg --purge'; }
    inside find /etc /run /tmp /usr /var /sys/fs/bpf -xdev -name '*ringwall*' >"$scratch/left"
    if [ -s "$scratch/left" ]; then cat "$scratch/left" >&2; fail 'a purge left these'; fi
    say 'removed and purged: nothing left'
}

try_unit() {
    local good bad
    good=$(sed 's/^mode: monitor/mode: enforce/' "/proc/$init/root/etc/ringwall/ringwall.yaml")
    bad=${good/version: 1/version: 2}
    start_it
    comes_first
    reload_it
    call_it
    stop_and_start
    kill_it
    hang_it
    fail_it
    upgrade_it
    refuse_to_start
    inside systemd-analyze security --threshold=35 ringwall.service >"$scratch/exposure" || { cat "$scratch/exposure" >&2; fail 'systemd-analyze security'; }
    tail -n 1 "$scratch/exposure"
    purge_it
}

if [ "${2:-}" = within ]; then
    scratch=$3 root=$3/root
    become_systemd
fi

groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
[ -n "$groups" ] || fail 'no cgroup2 file system is mounted: systemd cannot run here'
scratch=$(mktemp -d)
root=$scratch/root group=$groups/rw-package-$$ init=''
end() {
    if [ "$?" != 0 ] && [ -n "$init" ]; then
        cat "$scratch/console" >&2
        inside journalctl --quiet --lines 60 --no-hostname >&2 || true
    fi
    if [ -d "$group" ]; then
        echo 1 >"$group/cgroup.kill"
        wait_for 'the end of all in the group' grep -q '^populated 0' "$group/cgroup.events"
        find "$group" -depth -type d -exec rmdir {} +
    fi
    rm -rf --one-file-system "$scratch"
}
trap end EXIT
chmod 755 "$scratch"
make_debian "$root"
cp "$package" "$root/root/ringwall.deb"
chroot "$root" dpkg --install /root/ringwall.deb >"$scratch/dpkg.log" 2>&1 || { cat "$scratch/dpkg.log" >&2; fail 'dpkg --install'; }
if chroot "$root" systemctl --quiet is-enabled ringwall; then fail 'an installation enables it'; fi
chroot "$root" systemctl --quiet enable ringwall

# The group of the namespace is the one that it is made in: systemd's root.
mkdir "$group"
(
    echo "$BASHPID" >"$group/cgroup.procs"
    exec unshare --mount --net --pid --ipc --uts --cgroup --fork "$own" "$package" within "$scratch"
) >"$scratch/console" 2>&1 &
outer=$!
disown
wait_for 'process 1' pgrep -P "$outer"
init=$(pgrep -P "$outer")
wait_for 'systemd, with all that it starts' has_booted
try_unit
