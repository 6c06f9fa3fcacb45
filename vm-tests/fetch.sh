#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a kernel image to boot, and fetches it first where it is a Debian package that is not here yet.
#   vm-tests/fetch.sh 6.1          Debian 12's linux-image-amd64
#   vm-tests/fetch.sh IMAGE        an image that is here already
set -euo pipefail

if [ -e "$1" ]; then
    realpath "$1"
    exit 0
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ringwall/kernels
package=$(apt-cache depends linux-image-amd64 | sed -n "s/^ *Depends: \(linux-image-${1//./\\.}\.[^ ]*-amd64\)\$/\1/p" | head -n 1)
[ -n "$package" ] || { echo "fetch: this machine's linux-image-amd64 is no Linux $1" >&2; exit 1; }
version=${package#linux-image-}
root=$cache/$version
if [ ! -e "$root/boot/vmlinuz-$version" ]; then
    rm -rf "$root.part"
    mkdir -p "$root.part/deb"
    (cd "$root.part/deb" && apt-get -qq download -o APT::Sandbox::User=root "$package") >&2
    dpkg -x "$root.part"/deb/*.deb "$root.part"
    rm -rf "$root.part/deb"
    depmod -b "$root.part" "$version"            # the package does this when it is installed
    mv "$root.part" "$root"
fi
printf '%s\n' "$root/boot/vmlinuz-$version"
