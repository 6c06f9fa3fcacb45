// SPDX-License-Identifier: Apache-2.0
#include "agent/process/privileges.hpp"

#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace ringwall::agent {
namespace {

struct Identity {
    uid_t user = 65534;
    gid_t group = 65534;
};

Identity worker_identity() {
    for (const char* name : {"ringwall", "nobody"})
        if (const passwd* entry = getpwnam(name); entry != nullptr && entry->pw_uid != 0)
            return {entry->pw_uid, entry->pw_gid};
    return {};
}

} // namespace

Result<void> drop_privileges(pid_t parent) {
    const auto identity = worker_identity();
    capng_clear(CAPNG_SELECT_ALL);
    capng_apply(CAPNG_SELECT_BOUNDS); // refused without CAP_SETPCAP, as in a container: NO_NEW_PRIVS covers it
    if (setgroups(0, nullptr) != 0) return fail_errno(errno, "leave all groups");
    if (setresgid(identity.group, identity.group, identity.group) != 0) return fail_errno(errno, "change the group");
    if (setresuid(identity.user, identity.user, identity.user) != 0) return fail_errno(errno, "change the user");
    if (capng_apply(CAPNG_SELECT_CAPS) != 0) return fail_errno(errno, "drop the capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno(errno, "set NO_NEW_PRIVS");
    // Last: a change of user clears the parent-death signal (prctl(2)).
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return fail_errno(errno, "ask to die with the parent");
    if (getppid() != parent) return fail("the parent is gone");
    return {};
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void close_all_but(std::vector<int> kept) {
    std::sort(kept.begin(), kept.end());
    unsigned first = 3;
    for (const int each : kept) {
        if (each < static_cast<int>(first)) continue;
        const auto number = static_cast<unsigned>(each);
        if (number > first) close_range(first, number - 1, 0);
        first = number + 1;
    }
    close_range(first, ~0U, 0);
}

} // namespace ringwall::agent
