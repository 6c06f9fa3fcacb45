#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `scripts/setup.sh --servers` forbids services to start while it installs them (policy-rc.d), and takes that back however it
# ends. In a mount namespace of its own, with an apt-get that installs nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${1:-}" != within ]; then
    own=(unshare --mount)
    [ "$(id -u)" -eq 0 ] || own+=(--map-root-user)
    "${own[@]}" true 2>/dev/null || { echo 'skipped: needs mount namespaces'; exit 77; }
    exec "${own[@]}" "$0" within
fi

policy=/usr/sbin/policy-rc.d
room=$(mktemp -d)
trap 'rm -r "$room"' EXIT
mount -t tmpfs tmpfs /usr/sbin
# One of the servers is missing, and nothing else.
cat >"$room/dpkg-query" <<'EOF'
#!/bin/sh
for package; do :; done
[ "$package" != coturn ] || exit 1
printf 'ii '
EOF
# shellcheck disable=SC2016 # the written script's
printf '#!/bin/sh\n[ -z "$end" ] || case $* in *install*) [ -x %s ] && : >%s/forbidden; kill -"$end" "$PPID" ;; esac\n' \
    "$policy" "$room" >"$room/apt-get"
chmod 755 "$room/dpkg-query" "$room/apt-get"

failures=0
for end in 0 INT TERM; do # 0: none
    rm -f "$room/forbidden"
    end=$end PATH=$room:$PATH scripts/setup.sh --servers >/dev/null || [ "$end" != 0 ] || { echo 'setup.sh failed'; failures=1; }
    [ -e "$room/forbidden" ] || { echo "$end: services could start meanwhile"; failures=1; }
    [ ! -e "$policy" ] || { echo "$end: $policy has stayed"; failures=1; }
    rm -f "$policy"
done
exit "$failures"
