#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cross-builds the agent for arm64 (preset arm64) and runs the unit tests under qemu-user. The arm64 libraries are
# Debian packages unpacked into ${XDG_CACHE_HOME:-~/.cache}/ringwall/arm64; the machine's own architectures stay as they are.
#   scripts/arm64.sh           build and test
#   scripts/arm64.sh sysroot   only fetch, and print the path
set -euo pipefail
cd "$(dirname "$0")/.."

root=${XDG_CACHE_HOME:-$HOME/.cache}/ringwall/arm64
# The libraries of scripts/setup.sh that the agent and its unit tests link.
packages=(libc6-dev libstdc++-12-dev libbpf-dev libelf-dev zlib1g-dev libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libcli11-dev
          libyaml-cpp-dev libexpected-dev libspdlog-dev libcap-ng-dev libseccomp-dev libsodium-dev libgtest-dev libgmock-dev libbenchmark-dev)

fetch_sysroot() {
    local apt=$root.apt mirror part=$root.part
    mirror=$(apt-cache policy | sed -n 's/^ *[0-9]* \(https\?:[^ ]*\) bookworm\/main.*/\1/p' | head -n 1)
    [ -n "$mirror" ] || { echo 'arm64: found no Debian 12 mirror in the apt configuration' >&2; exit 1; }
    rm -rf "$apt" "$part"
    mkdir -p "$apt"/{etc/sources.list.d,etc/preferences.d,lists/partial,cache/archives/partial} "$part"
    cp -r /etc/apt/apt.conf.d "$apt/etc/"                       # proxies and the like
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$apt/etc/sources.list"
    : >"$apt/status"                                            # nothing is installed: apt names every dependency
    local options=(-qq -o "Dir::Etc=$apt/etc" -o "Dir::State=$apt" -o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status"
                   -o "Dir::Cache=$apt/cache" -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update >&2
    apt-get "${options[@]}" install -y --no-install-recommends --download-only "${packages[@]}" >&2
    for deb in "$apt"/cache/archives/*.deb; do dpkg -x "$deb" "$part"; done
    # Absolute links would lead out of it.
    find "$part" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do ln -sfn "$part$target" "$link"; done
    rm -rf "$apt"
    mv "$part" "$root"
}

scripts/setup.sh --arm64
[ -e "$root" ] || fetch_sysroot
if [ "${1:-}" = sysroot ]; then
    echo "$root"
    exit 0
fi
export RINGWALL_ARM64_SYSROOT=$root
cmake --preset arm64 >/dev/null
cmake --build --preset arm64 -- -j "${JOBS:-$(nproc)}"
ctest --test-dir build/arm64 -L '^unit$' --no-tests=error --output-on-failure
