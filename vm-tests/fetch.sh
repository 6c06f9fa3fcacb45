#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a kernel image to boot, and fetches it first where it is a Debian package that is not here yet.
#   vm-tests/fetch.sh 6.1          Debian 12's own
#   vm-tests/fetch.sh 6.12         Debian 12's newer one
#   vm-tests/fetch.sh 7.2          the newest there is, of Debian's unstable suite
#   vm-tests/fetch.sh IMAGE        an image that is here already
set -euo pipefail

if [ -e "$1" ]; then
    realpath "$1"
    exit 0
fi
release=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ringwall/kernels
mkdir -p "$cache"
apt=(-o APT::Sandbox::User=root)

# Unstable's package lists stand apart in the cache: the machine's own sources stay as they are.
use_unstable() {
    local mirror lists=$cache/unstable
    mirror=$(apt-cache policy | sed -n 's/^ *[0-9]* \(https\?:[^ ]*\) bookworm\/main.*/\1/p' | head -n 1)
    [ -n "$mirror" ] || { echo 'fetch: found no Debian 12 mirror in the apt configuration' >&2; exit 1; }
    mkdir -p "$lists"/{etc/sources.list.d,etc/preferences.d,lists/partial,cache/archives/partial}
    cp -r /etc/apt/apt.conf.d "$lists/etc/"                     # proxies and the like
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$lists/etc/sources.list"
    apt+=(-o "Dir::Etc=$lists/etc" -o "Dir::State::lists=$lists/lists" -o "Dir::Cache=$lists/cache")
    apt-get "${apt[@]}" -qq update >&2
}

newest_image() { # newest_image META: the package linux-image-V that a meta-package stands for, if it is of this release
    local depends
    depends=$(apt-cache "${apt[@]}" depends "$1" 2>/dev/null || true)
    sed -n "s/^ *Depends: \(linux-image-${release//./\\.}\.[^ ]*-amd64\)\$/\1/p" <<<"$depends" | head -n 1
}

package=$(newest_image linux-image-amd64)
[ -n "$package" ] || package=$(newest_image "linux-image-$release-amd64")
if [ -z "$package" ]; then
    use_unstable
    package=$(newest_image linux-image-amd64)
fi
[ -n "$package" ] || { echo "fetch: no Linux $release among Debian's packages" >&2; exit 1; }

version=${package#linux-image-}
root=$cache/$version
if [ ! -e "$root/boot/vmlinuz-$version" ]; then
    packages=("$package")
    # Since 7.x image and modules are packages of their own.
    ! apt-cache "${apt[@]}" show "linux-binary-$version" >/dev/null 2>&1 ||
        packages=("linux-binary-$version" "linux-modules-$version" "linux-base-$version")
    rm -rf "$root.part"
    mkdir -p "$root.part/deb"
    (cd "$root.part/deb" && apt-get "${apt[@]}" -qq download "${packages[@]}") >&2
    for deb in "$root.part"/deb/*.deb; do dpkg -x "$deb" "$root.part"; done
    rm -rf "$root.part/deb"
    if [ ! -e "$root.part/lib/modules" ]; then                  # merged /usr
        mkdir -p "$root.part/lib"
        ln -s ../usr/lib/modules "$root.part/lib/modules"
    fi
    if [ ! -e "$root.part/boot/vmlinuz-$version" ]; then
        mkdir -p "$root.part/boot"
        mv "$root.part/usr/lib/modules/$version/vmlinuz" "$root.part/boot/vmlinuz-$version"
    fi
    depmod -b "$root.part" "$version"                           # the package does this when it is installed
    mv "$root.part" "$root"
fi
printf '%s\n' "$root/boot/vmlinuz-$version"
