// SPDX-License-Identifier: Apache-2.0
// What an attacker could do who has taken the worker: a process that opens the maps of a wall and enters the sandbox by the
// worker's own code, and then tries. What it can: read what the worker reads, open and close holes, ban.
#include "agent/process/sandbox.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

#include "agent/kernel/datapath.hpp"
#include "agent/kernel/maps.hpp"
#include "agent/process/privileges.hpp"

namespace ringwall::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Attempt {
    const char* what;
    std::function<int64_t()> go; // negative, and errno, where it was refused
};

int64_t bpf_call(int command, union bpf_attr attributes) {
    return syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

int64_t load_program() {
    static const struct bpf_insn instructions[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    union bpf_attr attributes{};
    attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attributes.insns = reinterpret_cast<uint64_t>(instructions);
    attributes.insn_cnt = 2;
    attributes.license = reinterpret_cast<uint64_t>("GPL");
    return bpf_call(BPF_PROG_LOAD, attributes);
}

int64_t create_map() {
    union bpf_attr attributes{};
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = attributes.value_size = 4;
    attributes.max_entries = 1;
    return bpf_call(BPF_MAP_CREATE, attributes);
}

int64_t map_of(void* address) { return address == MAP_FAILED ? -1 : 0; }

std::vector<Attempt> attempts(const std::string& pins) {
    static std::string wall; // outlives the fork
    wall = pins + "/maps/wall";
    return {
        {"load a program", load_program},
        {"create a map", create_map},
        {"attach a program", [] { return bpf_call(BPF_LINK_CREATE, {}); }},
        {"attach a program to a cgroup or socket", [] { return bpf_call(BPF_PROG_ATTACH, {}); }},
        {"detach a link", [] { return bpf_call(BPF_LINK_DETACH, {}); }},
        {"pin an object", [] { return bpf_call(BPF_OBJ_PIN, {}); }},
        {"open a pinned map", [] { return bpf_obj_get(wall.c_str()); }},
        {"open a map by its number", [] { return bpf_map_get_fd_by_id(1); }},
        {"open a program by its number", [] { return bpf_prog_get_fd_by_id(1); }},
        {"count the maps of the machine", [] { return bpf_call(BPF_MAP_GET_NEXT_ID, {}); }},
        {"see the BPF file system",
         [] {
             struct stat about{};
             return stat("/sys/fs/bpf", &about);
         }},
        {"see whether a pin is there", [] { return access(wall.c_str(), F_OK); }},
        {"read a file", [] { return open("/etc/hostname", O_RDONLY); }},
        {"list a directory", [] { return open("/", O_RDONLY | O_DIRECTORY); }},
        {"write a file", [] { return open("/tmp/ringwall-sandbox", O_CREAT | O_WRONLY, 0600); }},
        {"remove a file", [] { return unlink("/tmp/ringwall-sandbox"); }},
        {"make a file in memory", [] { return memfd_create("x", 0); }},
        {"open a TCP socket", [] { return socket(AF_INET, SOCK_STREAM, 0); }},
        {"open a Unix socket", [] { return socket(AF_UNIX, SOCK_DGRAM, 0); }},
        {"open a netlink socket", [] { return socket(AF_NETLINK, SOCK_RAW, 0); }},
        {"open a packet socket", [] { return socket(AF_PACKET, SOCK_RAW, 0); }},
        {"fork", [] { return syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr); }},
        {"run a program",
         [] {
             char* none[] = {nullptr};
             return execve("/bin/true", none, none);
         }},
        {"trace the parent", [] { return ptrace(PTRACE_ATTACH, getppid(), nullptr, nullptr); }},
        {"end the parent", [] { return kill(getppid(), SIGTERM); }},
        {"read the parent's memory",
         [] { return syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0); }},
        {"have memory to write and run",
         [] { return map_of(mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }},
        {"make memory to run",
         [] {
             void* page = mmap(nullptr, 4096, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
             return mprotect(page, 4096, PROT_READ | PROT_EXEC);
         }},
        {"become root", [] { return syscall(SYS_setuid, 0); }},
        {"take a capability", [] { return syscall(SYS_capset, nullptr, nullptr); }},
        {"allow itself new rights", [] { return prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0); }},
        {"leave the filter", [] { return prctl(PR_SET_SECCOMP, 0, 0, 0, 0); }},
        {"make a namespace", [] { return unshare(CLONE_NEWUSER); }},
        {"mount", [] { return mount("none", "/mnt", "tmpfs", 0, nullptr); }},
        {"use io_uring", [] { return syscall(SYS_io_uring_setup, 1, nullptr); }},
        {"watch the machine by perf", [] { return syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
        {"keep a key", [] { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, 0, 0); }},
    };
}

// The maps among our descriptors that take an update. None of these has such an element: nothing changes but where the
// descriptor is refused.
std::string writable_maps() {
    std::string names;
    std::vector<char> key(64), value(4096);
    for (int fd = 3; fd < 64; ++fd) {
        bpf_map_info about{};
        __u32 size = sizeof about;
        if (bpf_obj_get_info_by_fd(fd, &about, &size) != 0 || about.max_entries == 0) continue;
        if (bpf_map_update_elem(fd, key.data(), value.data(), BPF_EXIST) == 0 || errno != EPERM)
            names += std::string(names.empty() ? "" : " ") + about.name;
    }
    return names;
}

std::string opened_and_closed(kernel::Maps& maps) {
    const struct ban_key key{.address = IpAddress::parse("203.0.113.9")->abi()};
    pinhole::MapOps put, remove;
    put.operations.push_back(pinhole::put_ban(key, {.until_ns = ~0ULL}));
    remove.operations.push_back(pinhole::delete_ban(key));
    if (!maps.apply(put).empty() || !maps.find_ban(key)) return "cannot change the maps";
    if (!maps.apply(remove).empty() || maps.find_ban(key)) return "cannot change them back";
    maps.read();
    maps.reasons();
    return "can";
}

class Taken {
public:
    std::string rights; // /proc/PID/status
    std::vector<std::string> managed;
    std::string writes, works;
};

void say(int fd, const std::string& line) {
    const std::string whole = line + "\n";
    if (write(fd, whole.data(), whole.size()) < 0) _exit(3);
}

[[noreturn]] void be_taken(const kernel::MapPaths& paths, const std::string& pins, int report, int go_on) {
    const auto tries = attempts(pins);
    const pid_t parent = getppid();
    close_all_but({report, go_on});
    auto maps = kernel::Maps::open(kernel::pinned(paths));
    if (!maps) say(report, maps.error().message());
    if (const auto entered = enter_sandbox(parent); !entered) say(report, entered.error().message());
    say(report, "inside");
    char byte = 0;
    if (read(go_on, &byte, 1) < 0) _exit(3);
    for (const Attempt& each : tries) {
        errno = 0;
        if (each.go() >= 0 || errno != EPERM) say(report, std::string("managed ") + each.what);
    }
    say(report, "writes " + writable_maps());
    say(report, "works " + opened_and_closed(*maps));
    _exit(0);
}

std::string file(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(name).rdbuf();
    return text.str();
}

class SandboxTest : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0) GTEST_SKIP() << "needs root and mount namespaces";
        ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
        char name[] = "/tmp/ringwall-sandbox-XXXXXX";
        directory_ = mkdtemp(name);
        ASSERT_EQ(mount("bpf", directory_.c_str(), "bpf", 0, nullptr), 0);
        libbpf_set_print(nullptr);
    }
    void TearDown() override {
        if (directory_.empty()) return;
        umount2(directory_.c_str(), MNT_DETACH);
        rmdir(directory_.c_str());
    }

    // Forks the attacker, and reads what he reports.
    Taken take(const kernel::Datapath& wall) {
        std::array<int, 2> report{}, go_on{};
        EXPECT_EQ(pipe(report.data()), 0);
        EXPECT_EQ(pipe(go_on.data()), 0);
        const pid_t pid = fork();
        if (pid == 0) be_taken(wall.map_paths(), directory_ + "/ringwall", report[1], go_on[0]);
        close(report[1]);
        close(go_on[0]);
        Taken taken;
        FILE* lines = fdopen(report[0], "r");
        std::array<char, 256> line{};
        while (std::fgets(line.data(), line.size(), lines) != nullptr) {
            const std::string said(line.data(), std::strlen(line.data()) - 1);
            if (said == "inside") {
                taken.rights = file("/proc/" + std::to_string(pid) + "/status");
                EXPECT_EQ(write(go_on[1], "x", 1), 1);
            } else if (said.starts_with("writes ")) taken.writes = said.substr(7);
            else if (said.starts_with("works ")) taken.works = said.substr(6);
            else taken.managed.push_back(said);
        }
        std::fclose(lines);
        close(go_on[1]);
        int status = 0;
        waitpid(pid, &status, 0);
        EXPECT_EQ(status, 0);
        return taken;
    }

    std::string directory_;
};

TEST_F(SandboxTest, leaves_a_taken_worker_the_holes_and_nothing_else) {
    auto wall = kernel::Datapath::open(directory_ + "/ringwall", {.pinholes = 1024});
    ASSERT_TRUE(wall) << wall.error().message();
    const Taken taken = take(*wall);
    EXPECT_THAT(taken.managed, IsEmpty());
    EXPECT_EQ(taken.writes, "peer_sets dialogs operations liveness ceilings");
    EXPECT_EQ(taken.works, "can");
    for (const char* none : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
        EXPECT_THAT(taken.rights, HasSubstr(std::string(none) + ":\t0000000000000000"));
    EXPECT_THAT(taken.rights, HasSubstr("\nNoNewPrivs:\t1\n"));
    EXPECT_THAT(taken.rights, HasSubstr("\nSeccomp:\t2\n"));
    EXPECT_THAT(taken.rights, HasSubstr("\nGroups:\t \n"));
    EXPECT_THAT(taken.rights, testing::Not(HasSubstr("\nUid:\t0")));
}

// That they are refused above is the sandbox's doing, not theirs.
TEST_F(SandboxTest, is_what_refuses) {
    auto wall = kernel::Datapath::open(directory_ + "/ringwall", {.pinholes = 1024});
    ASSERT_TRUE(wall) << wall.error().message();
    const std::vector<std::string_view> harmless{"load a program",          "create a map",
                                                 "open a pinned map",       "count the maps of the machine",
                                                 "see the BPF file system", "see whether a pin is there",
                                                 "list a directory",        "make a file in memory",
                                                 "open a TCP socket",       "open a Unix socket",
                                                 "open a netlink socket",   "have memory to write and run",
                                                 "make memory to run"};
    size_t tried = 0;
    for (const Attempt& each : attempts(directory_ + "/ringwall")) {
        if (std::ranges::find(harmless, each.what) == harmless.end()) continue;
        EXPECT_GE(each.go(), 0) << each.what;
        ++tried;
    }
    EXPECT_EQ(tried, harmless.size());
}

} // namespace
} // namespace ringwall::agent
