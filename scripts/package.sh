#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian package, and tries it.
#   scripts/package.sh          build/release/ringwall_VERSION-1_ARCH.deb
#   scripts/package.sh test     also: lintian without errors; installed, run and removed in a clean Debian 12 of its own, and
#                               its unit under a real systemd there (root)
set -euo pipefail
case ${1:-} in -h | --help) sed -n '/^[^#]/q; /^#!/d; /^# SPDX/d; s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

case ${1:-} in
    '') scripts/setup.sh ;;
    test) scripts/setup.sh --package ;;
    *) echo 'package: expected nothing, or test' >&2; exit 2 ;;
esac
cmake --preset release >/dev/null
nice cmake --build --preset release -- -j "${JOBS:-$(nproc)}" package_files
rm -f build/release/ringwall_*.deb
(cd build/release && cpack -G DEB >package/cpack.log 2>&1) || { cat build/release/package/cpack.log >&2; exit 1; }
package=$(ls build/release/ringwall_*.deb)
printf 'package: %s\n' "$package"
if [ "${1:-}" = test ]; then
    lintian --tag-display-limit 0 --fail-on error "$package"
    tests/package/chroot.sh "$package"
    tests/package/systemd.sh "$package"
fi
