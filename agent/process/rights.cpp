// SPDX-License-Identifier: Apache-2.0
#include "agent/process/rights.hpp"

#include <cap-ng.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "agent/fd.hpp"

namespace ringwall::agent {
namespace {

struct Right {
    unsigned capability;
    const char* name;
};

// BPF, PERFMON, NET_ADMIN: load and attach. SETUID, SETGID: make the worker nobody. KILL: end one that hangs.
constexpr std::array<Right, 6> needed{{{CAP_BPF, "CAP_BPF"},
                                       {CAP_PERFMON, "CAP_PERFMON"},
                                       {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                                       {CAP_SETUID, "CAP_SETUID"},
                                       {CAP_SETGID, "CAP_SETGID"},
                                       {CAP_KILL, "CAP_KILL"}}};

std::string missing_capabilities() {
    std::string names;
    for (const Right& right : needed)
        if (capng_have_capability(CAPNG_EFFECTIVE, right.capability) == 0)
            names += (names.empty() ? "" : ", ") + std::string(right.name);
    return names;
}

// The smallest map there is.
bool is_bpf_refused() {
    bpf_attr map{};
    map.map_type = BPF_MAP_TYPE_ARRAY;
    map.key_size = map.value_size = 4;
    map.max_entries = 1;
    const Fd made(static_cast<int>(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map)));
    return !made && (errno == EPERM || errno == ENOSYS);
}

} // namespace

Result<void> require_rights() {
    if (const std::string names = missing_capabilities(); !names.empty())
        return fail("this root has no " + names + ": add what is missing to the container or the unit");
    if (is_bpf_refused())
        return fail_errno(errno,
                          "bpf(2) is refused, though the capabilities are there: by the seccomp profile of the "
                          "container or the unit, or as this is a user namespace");
    return {};
}

} // namespace ringwall::agent
