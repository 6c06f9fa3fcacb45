#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the container image from the Debian package, and tries it.
#   scripts/container.sh          the image ringwall:VERSION, by podman or docker (ENGINE=docker), upon debian:12-slim (BASE=…)
#   scripts/container.sh test     upon a Debian 12 of its own; renders the chart of deploy/helm, and runs its pod (root, podman)
set -euo pipefail
case ${1:-} in -h | --help) sed -n '/^[^#]/q; /^#!/d; /^# SPDX/d; s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

case ${1:-} in
    '' | test) ;;
    *) echo 'container: expected nothing, or test' >&2; exit 2 ;;
esac
scripts/package.sh
package=$(ls build/release/ringwall_*.deb)
image=ringwall:$(dpkg-deb -f "$package" Version | sed 's/-[^-]*$//')
engine=${ENGINE:-podman}

context=$(mktemp -d)
trap 'rm -rf --one-file-system "$context"' EXIT

build() { # build OPTION...: apt gets the libraries by the machine's own network
    cp "$package" "$context/ringwall.deb"
    "$engine" build --quiet --network host --tag "$image" --file deploy/container/Containerfile "$@" "$context" >/dev/null
    printf 'container: %s\n' "$image"
}

if [ "${1:-}" = test ]; then
    scripts/setup.sh --container
    PATH=$(scripts/setup.sh tools):$PATH
    engine=podman
    # shellcheck source=tests/container/lib.sh
    . tests/container/lib.sh
    with_own_podman
    make_base
    build --build-arg "BASE=$base"
    /usr/bin/python3 -B tests/container/run.py "$image"
else
    command -v "$engine" >/dev/null || { echo "container: needs $engine" >&2; exit 1; }
    build ${BASE:+--build-arg "BASE=$BASE"}
fi
