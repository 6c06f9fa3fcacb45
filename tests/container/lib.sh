# SPDX-License-Identifier: Apache-2.0
# A podman whose images, containers and settings are a test's own, below `context`, and end with it.
# shellcheck shell=bash disable=SC2034,SC2154
tries=container
# shellcheck source=tests/package/lib.sh
. tests/package/lib.sh

# runc, as crun wants one hierarchy of cgroups. The limits are low ones: to raise any is not allowed everywhere.
with_own_podman() {
    export CONTAINERS_CONF=$context/containers.conf CONTAINERS_STORAGE_CONF=$context/storage.conf
    cat >"$CONTAINERS_CONF" <<EOF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
lock_type = "file"
events_logger = "file"
cgroup_manager = "cgroupfs"
tmp_dir = "$context/run/libpod"
EOF
    cat >"$CONTAINERS_STORAGE_CONF" <<EOF
[storage]
driver = "overlay"
graphroot = "$context/images"
runroot = "$context/run/storage"
EOF
    trap end_podman EXIT
}

# A container's monitor cleans up behind it, in its own time.
end_podman() {
    podman rm --all --force --time 1 >/dev/null 2>&1 || true
    for _ in $(seq 100); do
        pgrep -f "$context" >/dev/null || break
        sleep 0.1
    done
    awk -v below="$context/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r umount --lazy
    rm -rf --one-file-system "$context"
}

# What debian:12-slim is to who has a registry.
make_base() {
    local kept
    base=localhost/debian:12
    keep_debian ca-certificates
    podman import --quiet "$kept" "$base" >/dev/null
}
