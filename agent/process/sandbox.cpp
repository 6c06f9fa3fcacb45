// SPDX-License-Identifier: Apache-2.0
#include "agent/process/sandbox.hpp"

#include <linux/bpf.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <initializer_list>
#include <memory>

#include "agent/process/privileges.hpp"

namespace ringwall::agent {
namespace {

// Waiting, reading and writing what is open; memory; time; an end. Beside each group, who asks for it.
constexpr std::initializer_list<int> calls{
    // Asio's reactor, and descriptors that it closes
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(timerfd_settime), SCMP_SYS(poll),
    SCMP_SYS(ppoll), SCMP_SYS(close),
    // the log, the parent's socket, HTTP, the process's own figures
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(shutdown),
    SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(fstat),
    SCMP_SYS(lseek), SCMP_SYS(getrusage),
    // malloc; mmap and mprotect have conditions, below
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise),
    // clocks where the vDSO has none, locks, and pauses
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall), SCMP_SYS(getrandom),
    // who we are, and how we end
    SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group)};

// Elements of maps that are open, and the one program that is: agent/kernel/maps.cpp. No loading, creating, attaching,
// pinning, and no descriptor from an id.
constexpr std::initializer_list<int> bpf_commands{BPF_MAP_LOOKUP_ELEM,  BPF_MAP_UPDATE_ELEM,  BPF_MAP_DELETE_ELEM,
                                                  BPF_MAP_LOOKUP_BATCH, BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH,
                                                  BPF_MAP_GET_NEXT_KEY, BPF_PROG_TEST_RUN,    BPF_OBJ_GET_INFO_BY_FD};

constexpr uint64_t fionbio = 0x5421; // of ioctl: the one that Asio uses

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

// Adds rules until one fails; its error is the whole's.
class Allowing {
public:
    explicit Allowing(scmp_filter_ctx filter) : filter_(filter) {}
    void call(int number) { note(seccomp_rule_add(filter_, SCMP_ACT_ALLOW, number, 0)); }
    void call(int number, scmp_arg_cmp condition) {
        note(seccomp_rule_add_array(filter_, SCMP_ACT_ALLOW, number, 1, &condition));
    }
    int error() const { return error_; }

private:
    void note(int result) {
        if (result < 0 && error_ == 0) error_ = -result;
    }
    scmp_filter_ctx filter_;
    int error_ = 0;
};

int allow_all(scmp_filter_ctx filter) {
    Allowing allow(filter);
    for (const int number : calls) allow.call(number);
    for (const int command : bpf_commands)
        allow.call(SCMP_SYS(bpf), SCMP_A0_32(SCMP_CMP_EQ, static_cast<uint32_t>(command)));
    allow.call(SCMP_SYS(mmap), SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    allow.call(SCMP_SYS(mprotect), SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    allow.call(SCMP_SYS(ioctl), SCMP_A1_32(SCMP_CMP_EQ, fionbio));
    allow.call(SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ, 3));                                // F_GETFL
    allow.call(SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ, 4));                                // F_SETFL
    allow.call(SCMP_SYS(tgkill), SCMP_A0_32(SCMP_CMP_EQ, static_cast<uint32_t>(getpid()))); // abort()
    return allow.error();
}

Result<void> refuse_other_calls() {
    const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release);
    if (!filter) return fail("make a seccomp filter: out of memory");
    if (const int error = allow_all(filter.get()); error != 0) return fail_errno(error, "make a seccomp filter");
    if (const int result = seccomp_load(filter.get()); result < 0)
        return fail_errno(-result, "load the seccomp filter");
    return {};
}

} // namespace

Result<void> enter_sandbox(pid_t parent) {
    tzset(); // the log writes local time: its file is not to be had later
    if (auto dropped = drop_privileges(parent); !dropped) return dropped;
    return refuse_other_calls();
}

} // namespace ringwall::agent
