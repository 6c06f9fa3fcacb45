# SPDX-License-Identifier: Apache-2.0
# What the tests of the package and of the container share. `package` is the path of the .deb, `tries` what they try.
# shellcheck shell=bash disable=SC2154

say() { printf '%s: %s\n' "${tries:-package}" "$*"; }
fail() { printf '%s: %s\n' "${tries:-package}" "$*" >&2; exit 1; }

# Until a command succeeds, for a minute.
wait_for() { # wait_for WHAT COMMAND...
    local what=$1 end=$((SECONDS + 60))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "not within a minute: $what"
        sleep 0.1
    done
}

# A minimal Debian 12 with some packages more, as the tarball `kept`. It comes from the machine's own mirror, and takes
# minutes: it is kept for 30 days in ${XDG_CACHE_HOME:-~/.cache}/ringwall/debian.
keep_debian() { # keep_debian NAME,NAME...
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/ringwall/debian mirror
    mirror=$(apt-cache policy | sed -n 's/^ *[0-9]* \(https\?:[^ ]*\) bookworm\/main.*/\1/p' | head -n 1)
    [ -n "$mirror" ] || fail 'found no Debian 12 mirror in the apt configuration'
    kept=$cache/$(dpkg --print-architecture)-$(printf '%s %s' "$mirror" "$1" | sha256sum | cut -c 1-16).tar
    mkdir -p "$cache"
    find "$cache" -type f -mtime +30 -delete
    [ ! -e "$kept" ] || return 0
    local -a options=()
    for file in /etc/apt/apt.conf.d/*; do options+=("--aptopt=$file"); done # proxies and the like
    say 'a Debian 12 is made: minutes, this once'
    mmdebstrap --quiet --variant=minbase --include="$1" "${options[@]}" bookworm "$kept.$$.tar" "$mirror" || { rm -f "$kept.$$.tar"; fail mmdebstrap; }
    mv "$kept.$$.tar" "$kept"
}

# One with what the package depends on, systemd and some tools: within there is no network.
make_debian() { # make_debian DIRECTORY
    local needs kept
    needs=$(dpkg-deb -f "$package" Depends | sed 's/([^)]*)//g; s/ //g')
    keep_debian "curl,iproute2,procps,systemd,$needs"
    mkdir "$1"
    tar -C "$1" --numeric-owner -xpf "$kept"
}

# The outside interface that the package's configuration names, and nothing else.
make_network() {
    ip link set lo up
    ip link add eth0 type veth peer name far
    ip address add 192.0.2.10/24 dev eth0
    ip link set eth0 up
    ip link set far up
}
