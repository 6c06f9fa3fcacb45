#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The life of `ringwall run` on a real kernel: start, takeover, refusals, reload, detach. Runs itself in a network and
# mount namespace of its own, so that whatever happens nothing is left on the machine.
#   run_test.sh PATH/TO/ringwall PATH/TO/xdp-object.o
set -u

if [ "${RINGWALL_TEST_INSIDE:-}" != 1 ]; then
    [ "$(id -u)" -eq 0 ] || { echo "skipped: needs root"; exit 77; }
    unshare --mount --net true 2>/dev/null || { echo "skipped: needs network namespaces"; exit 77; }
    exec env RINGWALL_TEST_INSIDE=1 unshare --mount --net --pid --fork --kill-child --mount-proc "$0" "$@"
fi

ringwall=$(realpath "$1")
stranger_object=$(realpath "$2")
room=$(mktemp -d)
mkdir "$room/bpf"
mount -t bpf bpf "$room/bpf" || { echo "skipped: needs a BPF file system"; exit 77; }
cd "$room" || exit 1
wall=$room/bpf/wall
options=(--config rw.yaml --pin-path "$wall" --socket "$room/rw.sock")
agent=0
failures=0
checks=0

# --- the machinery -----------------------------------------------------------------------------------------------

finish() {
    [ "$agent" -ne 0 ] && kill -9 "$agent" 2>/dev/null
    cd / || exit 1
    umount -l "$room/bpf"
    rm -rf "$room"
}
trap finish EXIT

# check SENTENCE COMMAND...
check() {
    local sentence=$1
    shift
    checks=$((checks + 1))
    if "$@" >check.out 2>&1; then
        echo "    ok    $sentence"
        return
    fi
    failures=$((failures + 1))
    echo "    FAIL  $sentence ($*)"
    sed 's/^/          /' check.out err 2>/dev/null
}

# within SECONDS COMMAND...: the command comes true in time.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -ge "$deadline" ] && return 1
        sleep 0.02
    done
}

config() { # OUTSIDE [MORE]
    cat >rw.yaml <<EOF
version: 1
mode: enforce
outside: [$1]
${2:-}
protect: { networks: [192.0.2.0/24, "2001:db8:1::/48"], media_ports: 10000-20000 }
sip: { udp: [5060] }
EOF
}

start() { # [COMMAND...] that runs it
    : >out
    "$@" "$ringwall" run "${options[@]}" >out 2>err &
    agent=$!
    within 10 ready_or_gone
    grep -qx 'ringwall: ready' out
}
ready_or_gone() { grep -q ready out || ! kill -0 "$agent" 2>/dev/null; }

stop() { # SIGNAL; exit code is the agent's
    kill "-$1" "$agent"
    wait "$agent" 2>/dev/null
    local code=$?
    agent=0
    return "$code"
}

# A run that must refuse: its exit code is CODE and standard error says TEXT.
refuses() { # CODE TEXT [COMMAND...]
    local code=$1 text=$2 got
    shift 2
    timeout 20 "$@" "$ringwall" run "${options[@]}" >refused.out 2>&1
    got=$?
    cat refused.out
    [ "$got" -eq "$code" ] && grep -qF -- "$text" refused.out
}

# Other walls may run on this kernel: only what is pinned here counts.
pinned_links() { # FIELD
    local path
    for path in "$wall"/links/*; do
        [ -e "$path" ] && bpftool -j link show pinned "$path" | jq ".$1"
    done | sort -n | paste -sd,
}
link_ids() { pinned_links id; }
program_ids() { pinned_links prog_id; }
no_link_of() { # IDS: none of them is attached any more
    local id
    for id in ${1//,/ }; do
        bpftool link show id "$id" >/dev/null 2>&1 && return 1
    done
    return 0
}
same() { [ "$1" = "$2" ]; }
differ() { [ "$1" != "$2" ]; }
status() { "$ringwall" status "${options[@]}" --json; }
status_says() { status | jq -e "$1"; }
worker() { pgrep -P "$agent"; }
worker_is_not() { local now; now=$(worker) && [ -n "$now" ] && [ "$now" != "$1" ]; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
attached() { bpftool -j net | jq -e ".[0].xdp | map(select(.devname == \"$1\")) | length == 1"; }
not_attached() { ! attached "$1"; }
detached() {
    local links
    links=$(link_ids)
    "$ringwall" detach "${options[@]}" && [ ! -e "$wall" ] && within 5 no_link_of "$links"
}

ip link set lo up
ip link add rw0 type veth peer name rw0peer
ip link add rw1 type veth peer name rw1peer
ip link add rw.7 type veth peer name peer.7
ip link add rwbridge type bridge
ip link set rw1peer master rwbridge
for device in rw0 rw0peer rw1 rw1peer rw.7 peer.7 rwbridge; do ip link set "$device" up; done

# --- the tests ---------------------------------------------------------------------------------------------------

a_first_start() {
    config rw0
    check "a first start is ready" start
    check "both hooks are pinned" test -e "$wall/links/rw0-xdp" -a -e "$wall/links/rw0-egress"
    check "the maps are pinned" test -e "$wall/maps/pinholes" -a -e "$wall/maps/ring_inside"
    check "nobody else may look" same "$(stat -c %a "$wall")" 700
    check "the program is on the interface" attached rw0
    check "status answers" status_says '.interfaces[0].name == "rw0" and .mode == "enforce"'
    check "the socket is for root and its group" same "$(stat -c %a rw.sock)" 660
    check "the worker has no user, no capability and no way back" \
        grep -Pzq 'Uid:\t(?!0\t).*\n(.*\n)*CapPrm:\t0+\nCapEff:\t0+\n(.*\n)*NoNewPrivs:\t1' "/proc/$(worker)/status"
    check "a second agent is refused" refuses 1 "another agent runs with these pins"
    check "and told of the first" grep -q "pid $agent" refused.out
}

a_detach_of_other_files() {
    mkdir -p "$room/mine/maps"
    echo precious >"$room/mine/maps/file"
    check "detach takes no directory for a wall that is on no BPF file system" \
        bash -c "! \"$ringwall\" detach --pin-path '$room/mine' --socket '$room/none.sock'"
    check "and leaves it alone" grep -q precious "$room/mine/maps/file"
}

# What cannot be an agent leaves no wall that nobody follows.
a_start_without_a_socket() {
    local options=(--config second.yaml --pin-path "$room/bpf/second" --socket "$room/rw.sock")
    sed 's/rw0/rw1/' rw.yaml >second.yaml
    check "a second agent at the same socket is refused" refuses 1 "another agent answers"
    check "and has attached nothing" not_attached rw1
    check "and pinned nothing" test ! -e "$room/bpf/second"
    options[5]=$room/nowhere/at/all/rw.sock
    check "an agent without a place for its socket is refused" refuses 1 "bind the control socket"
    check "and has attached nothing either" not_attached rw1
    check "and pinned nothing either" test ! -e "$room/bpf/second"
}

a_dead_worker() {
    local before links
    before=$(worker)
    links=$(link_ids)
    kill -9 "$before"
    check "a dead worker is followed by another" within 10 worker_is_not "$before"
    check "which answers" within 10 status_says .version
    check "while the attachment stays" same "$(link_ids)" "$links"
    before=$(worker)
    kill -STOP "$before"
    check "a worker that hangs is followed by another" within 20 worker_is_not "$before"
    check "which answers" within 10 status_says .version
}

a_takeover() {
    local links programs orphan
    links=$(link_ids)
    programs=$(program_ids)
    orphan=$(worker)
    stop KILL
    check "the worker dies with its parent" within 5 is_gone "$orphan"
    check "without an agent the wall stands" attached rw0
    check "a start after kill -9 is ready" start
    check "it took over" within 5 grep -q "took over" err
    check "the links are the same" same "$(link_ids)" "$links"
    check "the programs are new ones" differ "$(program_ids)" "$programs"
    check "SIGTERM is a good end" stop TERM
    check "that leaves the wall" attached rw0
    check "and no socket" test ! -e rw.sock
    check "status without an agent says so by code 3" bash -c "\"$ringwall\" status --socket '$room/rw.sock'; test \$? -eq 3"
    check "a start after that is ready" start
    check "with the same links" same "$(link_ids)" "$links"
}

a_reload() {
    config '"rw[01]"'
    check "a reload is answered" "$ringwall" reload "${options[@]}"
    check "from elsewhere too, by the file's whole name" \
        env -C / "$ringwall" reload --config "$PWD/rw.yaml" "${options[@]:2}"
    check "a file of that name elsewhere is another one" \
        bash -c "mkdir -p away && cp rw.yaml away && cd away && ! '$ringwall' reload ${options[*]}"
    check "and attaches what is new" attached rw1
    config rw1
    kill -HUP "$agent"
    check "SIGHUP reloads too, and detaches what is no longer outside" within 5 not_attached rw0
    check "its pins are gone" test ! -e "$wall/links/rw0-xdp"
    check "status knows" within 5 status_says '.interfaces | map(.name) == ["rw1"]'
    echo "mode: maybe" >rw.yaml
    check "a configuration with mistakes is refused" bash -c "! '$ringwall' reload ${options[*]}"
    check "the policy before stays" status_says '.mode == "enforce"'
    check "and status shows the mistake" status_says '.config.error != ""'
    config 'rw1, late0'
    check "an interface that is not there is waited for" "$ringwall" reload "${options[@]}"
    check "and what was attached stays" attached rw1
    check "with a warning" within 5 grep -q "there is no interface late0 yet" err
    config rw1
    check "a good one is taken again" "$ringwall" reload "${options[@]}"
    check "and status is content" status_says '.config.error == ""'
}

pinholes() { "$ringwall" pinholes "$@" "${options[@]}"; }
holes_say() { pinholes --json | jq -e "$1"; }

a_pinhole_by_hand() {
    check "a port is opened by hand" pinholes open 192.0.2.10:10000 --from 198.51.100.7:30000 --rtcp --for 90s --name call-1
    check "and its RTCP" holes_say 'map(.local) == ["192.0.2.10:10000", "192.0.2.10:10001"]'
    check "with its name and its end" holes_say '.[0].by_hand[0] | .name == "call-1" and .expires_in <= 90'
    check "and is no call" status_says '.calls == 0'
    check "over IPv6 too" pinholes open '[2001:db8:1::10]:10000' --json
    stop KILL
    check "a start after kill -9 is ready" start
    check "and knows them still" holes_say 'map(select(.by_hand)) | length == 3'
    check "curl does the same" bash -c "curl -sS --unix-socket '$room/rw.sock' http://ringwall/api/v1/pinholes/open \
        -d '{\"local\":\"192.0.2.10:10002\"}' | jq -e '.ok and .expires_in == 3600'"
    check "what is not guarded is refused" bash -c "! '$ringwall' pinholes open 192.0.2.10:9999 ${options[*]}"
    check "a name closes all that is its own" pinholes close --name call-1
    check "which drains" holes_say 'map(select(.phase == "draining" or .phase == "closed")) | length == 2'
    check "a port closes whoever has it" pinholes close '[2001:db8:1::10]:10000'
    check "and then nobody has it" bash -c "! '$ringwall' pinholes close '[2001:db8:1::10]:10000' ${options[*]}"
    check "the default name closes the rest" pinholes close --name hand
}

a_detach() {
    local running=$agent
    check "detach asks the agent and leaves nothing" detached
    check "the agent has ended" within 5 is_gone "$running"
    wait "$running"
    check "well" same $? 0
    agent=0
    check "a second detach finds nothing to do" detached
}

a_dead_agents_wall() {
    config rw0
    check "a start is ready" start
    stop KILL
    check "detach without an agent leaves nothing" detached
}

map_entries() { bpftool -j map show pinned "$wall/maps/$1" | jq .max_entries; }

sizes_of_tables() {
    config rw0 "tables: { pinholes: 2048 }"
    check "a start with a table of another size is ready" start
    check "and has it" same "$(map_entries pinholes)" 2048
    config rw0 "tables: { pinholes: 2049 }"
    "$ringwall" reload "${options[@]}" >said 2>&1
    check "a reload to another size is refused, as a start is" same $? 1
    check "and says what it was made for" grep -q "made for 2048 pinholes, and tables.pinholes is 2049" said
    config rw0 $'tables: { pinholes: 2048 }\nattach: tc'
    check "a reload with the same size is not" "$ringwall" reload "${options[@]}"
    check "and TC's program, loaded only now, has it too" status_says '.interfaces[0].ingress == "tcx"'
    stop KILL
    config rw0
    check "nor does another start take it over" refuses 1 "made for 2048 pinholes, and tables.pinholes is 262144"
    check "and it says the mend" grep -q "ringwall detach --pin-path $wall" refused.out
    config rw0 "tables: { pinholes: 2048 }"
    check "a start with the same size does" start
    check "detach" detached
    wait "$agent"; agent=0
    config rw0
    check "after it, any size" start
    check "which is the usual one" same "$(map_entries pinholes)" 262144
    check "with room for two generations of a million networks" same "$(map_entries networks)" 2097152
    check "detach" detached
    wait "$agent"; agent=0
}

globs_and_stacks() {
    config '"rw?*"'
    check "a glob is ready" start
    check "and attached what it means" attached rw1peer
    check "a bridge above an attached port is left out" not_attached rwbridge
    check "and the log says so" within 5 grep -q "rwbridge stands above rw1peer" err
    check "detach" detached
    wait "$agent"; agent=0
    config rw.7
    check "a name with a dot can be pinned" start
    check "and is" test -e "$wall/links/rw:7-egress"
    check "detach" detached
    wait "$agent"; agent=0
}

a_recreated_interface() {
    config rw1
    check "a start is ready" start
    stop KILL
    ip link del rw1
    ip link add rw1 type veth peer name rw1peer
    ip link set rw1 up
    check "a start on a recreated interface is ready" start
    check "and attached again" attached rw1
    check "with two links, no dead ones" same "$(link_ids | tr , '\n' | wc -l)" 2
    check "detach" detached
    wait "$agent"; agent=0
}

in_another_namespace() { # COMMAND...: in place of this (background) shell, and the namespace ends with it
    # shellcheck disable=SC2016 # the inner shell's
    exec unshare --net sh -c 'ip link set lo up; ip link add rw0 type veth peer name rw0peer; ip link set rw0 up; exec "$@"' sh "$@"
}
started_there() { start in_another_namespace; }

a_namespace_that_is_gone() {
    config rw0
    check "a start in another network namespace is ready" started_there
    check "it is refused here while that is there" refuses 1 "another network namespace"
    stop TERM
    check "once its interfaces have gone with it, a start here takes its place" within 20 start
    check "and says so" grep -q "whose interfaces are gone: a new one takes its place" err
    check "attached here" attached rw0
    check "by links of its own" same "$(link_ids | tr , '\n' | wc -l)" 2
    stop KILL
    check "another start is ready" start
    check "and takes that over" grep -q "took over the wall" err
    check "detach" detached
    wait "$agent"; agent=0
}

refusals() {
    config rw0
    check "a start is ready" start
    stop KILL
    check "another network namespace is refused" refuses 1 "belongs to another network namespace" unshare --net
    check "with the mend where that is no more" grep -qF "ringwall detach --pin-path $wall" refused.out
    local zeros
    mapfile -t zeros < <(yes 00 | head -n 39)
    bpftool map update pinned "$wall/maps/meta" key hex 00 00 00 00 value hex 63 "${zeros[@]}"
    check "maps of another version are refused" refuses 1 "has map version 99"
    check "with the mend" grep -q "ringwall detach" refused.out
    check "which works" detached

    bpftool prog load "$stranger_object" "$room/bpf/stranger" type xdp
    bpftool net attach xdpdrv pinned "$room/bpf/stranger" dev rw0
    local stranger
    stranger=$(bpftool -j net | jq '.[0].xdp[0].id')
    config rw0 "attach: native"
    check "a stranger's XDP program is left alone" refuses 1 "another XDP program holds this interface"
    check "and stays" same "$(bpftool -j net | jq '.[0].xdp[0].id')" "$stranger"
    check "and the failed start leaves nothing" test ! -e "$wall"
    config rw0
    check "by default the start goes on" start
    check "with TC ingress" status_says '.interfaces[0] | .ingress == "tcx" and (.why | contains("another XDP program"))'
    check "while the stranger stays" same "$(bpftool -j net | jq '.[0].xdp[0].id')" "$stranger"
    bpftool net detach xdpdrv dev rw0
    rm "$room/bpf/stranger"
    check "after it has left, a reload" "$ringwall" reload "${options[@]}"
    check "gets native XDP" status_says '.interfaces[0] | .ingress == "xdp native" and .why == ""'
    check "and lets TC go" test ! -e "$wall/links/rw0-ingress"
    check "detach" detached
    wait "$agent"; agent=0

    echo "mode: maybe" >rw.yaml
    check "a configuration with mistakes is code 5" refuses 5 "rw.yaml:1:"
    config rw0
    options=(--config rw.yaml --pin-path "$room/plain/wall" --socket "$room/rw.sock")
    mkdir "$room/plain"
    check "a directory that is no BPF file system is refused" refuses 1 "mount -t bpf"
    # As process 1 of a container, whose own mounts end with it.
    options=(--config rw.yaml --pin-path /sys/fs/bpf/rw-of-a-container --socket "$room/rw.sock")
    # shellcheck disable=SC2016 # the inner shell's
    check "a container without the host's BPF file system is refused" refuses 1 "give a container the host's" \
        unshare --mount --pid --fork --kill-child --mount-proc sh -c 'umount -l /sys/fs/bpf; exec "$@"' sh
}

ingress_is() { status_says ".interfaces | map(select(.name == \"$1\").ingress) == [\"$2\"]"; }

every_attachment() {
    local mode links
    config rw0 "attach: native"
    check "a start is ready" start
    # Each change: the new way stands before the old one goes. Native to generic goes by way of TC.
    for mode in generic native tc generic tc native; do
        config rw0 "attach: $mode"
        check "a reload to $mode" "$ringwall" reload "${options[@]}"
        case $mode in
            tc) check "is tcx" ingress_is rw0 tcx && check "and no XDP is left" not_attached rw0 ;;
            *) check "is XDP" ingress_is rw0 "xdp $mode" && check "and no TC is left" test ! -e "$wall/links/rw0-ingress" ;;
        esac
    done
    for mode in generic tc native; do
        config rw0 "attach: $mode"
        check "a reload to $mode" "$ringwall" reload "${options[@]}"
        links=$(link_ids)
        stop KILL
        check "a start after kill -9 is ready" start
        check "with the same links" same "$(link_ids)" "$links"
    done
    check "detach" detached
    wait "$agent"; agent=0
}

interfaces_come_and_go() {
    local first
    config '"dyn*", late0' 'watch: [lo, "vpn*"]'
    check "a start without any interface is ready" start
    check "the loopback is watched on the way out only" status_says \
        '[.interfaces[] | select(.ifindex != 0)] == [.interfaces[] | select(.name == "lo" and .role == "watch" and .ingress == "none")]'
    ip link add late0 type veth peer name latepeer
    check "a name that appears is attached" within 5 ingress_is late0 "xdp native"
    ip link set late0 name dyn0
    check "renamed to another name of ours it stays" within 5 ingress_is dyn0 "xdp native"
    check "and its pin follows" within 5 test -e "$wall/links/dyn0-xdp"
    ip link set dyn0 name other0
    check "renamed away it is let go" within 5 not_attached other0
    ip link set other0 name dyn0
    check "renamed back it is attached" within 5 attached dyn0
    first=$(ip -j link show dyn0 | jq '.[0].ifindex')
    ip link del dyn0
    ip link add dyn0 type veth peer name newpeer
    check "made anew it is attached anew" within 5 status_says \
        ".interfaces | map(select(.name == \"dyn0\").ifindex) | length == 1 and .[0] != $first"
    check "and no dead pin is left" within 5 same "$(link_ids | tr , '\n' | wc -l)" 3
    ip tuntap add vpn0 mode tun
    check "a tunnel is watched by TC" within 5 status_says \
        '.interfaces | map(select(.name == "vpn0")) | .[0].role == "watch" and .[0].ingress == "tcx"'
    ip tuntap add dyn1 mode tun
    check "a tunnel outside is enforced by TC, and says why" within 5 status_says \
        '.interfaces | map(select(.name == "dyn1")) | .[0].ingress == "tcx" and (.[0].why | contains("without Ethernet"))'
    check "detach" detached
    wait "$agent"; agent=0
    ip link del dyn0; ip link del vpn0; ip link del dyn1
}

many_veths() {
    local number
    config '"churn*"'
    check "a start is ready" start
    for number in $(seq 100); do
        ip link add "churn$number" type veth peer name "other$number"
        [ $((number % 10)) -eq 0 ] || ip link del "churn$number"
    done
    check "of a hundred the ten that stayed are attached" within 30 status_says '.interfaces | length == 10'
    check "with two pins each" within 5 same "$(link_ids | tr , '\n' | wc -l)" 20
    for number in $(seq 10 10 100); do ip link del "churn$number"; done
    check "and then none" within 30 status_says '.interfaces | length == 0'
    check "the agent and its worker live" status_says .version
    check "detach" detached
    wait "$agent"; agent=0
}

an_address_that_changes() {
    config rw0
    sed -i 's/networks: .*, media_ports/networks: [self], media_ports/' rw.yaml
    ip addr add 192.0.2.1/24 dev rw0
    check "a start is ready" start
    ip addr add 192.0.2.77/24 dev rw0
    check "a new address is protected" within 5 grep -q "192.0.2.77 is protected from now on" err
    ip addr del 192.0.2.77/24 dev rw0
    check "and no longer when it is gone" within 5 grep -q "192.0.2.77 is gone" err
    check "detach" detached
    wait "$agent"; agent=0
    ip addr del 192.0.2.1/24 dev rw0
    config rw1peer
    sed -i 's/networks: .*, media_ports/networks: [self], media_ports/' rw.yaml
    check "a port of a bridge is ready" start
    check "and self stands for nothing, which is said" within 5 grep -q "self stands for no address yet" err
    ip link set rw1peer master rwbridge          # another one than at first
    ip addr add 192.0.2.1/24 dev rwbridge
    check "until the bridge has an address, which the port brings packets for" within 5 grep -q "192.0.2.1 is protected from now on" err
    check "detach" detached
    wait "$agent"; agent=0
    ip addr del 192.0.2.1/24 dev rwbridge
}

for test in a_detach_of_other_files a_first_start a_start_without_a_socket a_dead_worker a_takeover a_pinhole_by_hand a_reload a_detach a_dead_agents_wall \
    globs_and_stacks sizes_of_tables a_recreated_interface a_namespace_that_is_gone every_attachment interfaces_come_and_go many_veths an_address_that_changes refusals; do
    echo "  $test"
    "$test"
done
echo "$((checks - failures)) of $checks checks good"
[ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]
