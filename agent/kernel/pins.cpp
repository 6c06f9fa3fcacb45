// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/pins.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "agent/kernel/pid_namespace.hpp"
#include "agent/log.hpp"

namespace ringwall::kernel {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

constexpr const char* default_mount = "/sys/fs/bpf";
// A killed parent's worker dies with it, but not in the same instant; and two starts may cross.
constexpr auto lock_patience = 2s;

bool is_bpffs(const std::string& path) {
    struct statfs about{};
    return statfs(path.c_str(), &about) == 0 && static_cast<unsigned long>(about.f_type) == BPF_FS_MAGIC;
}

// Inside `ip netns exec` /sys is a fresh sysfs of a mount namespace that ends with the command, and a container's ends with
// the container: a bpffs mounted there would take the pins with it. Of a container's processes one is number 1, too.
bool is_in_first_mount_namespace() {
    struct stat ours{}, first{};
    return is_in_first_pid_namespace() && stat("/proc/self/ns/mnt", &ours) == 0 &&
           stat("/proc/1/ns/mnt", &first) == 0 && ours.st_ino == first.st_ino;
}

Result<void> require_bpffs(const std::string& root) {
    const std::string parent = fs::absolute(root).parent_path();
    if (is_bpffs(root) || is_bpffs(parent)) return {};
    if (parent == default_mount && is_in_first_mount_namespace()) {
        if (mount("bpf", default_mount, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0) {
            log::info("pins.mount", "mounted a BPF file system on /sys/fs/bpf, as systemd does");
            return {};
        }
        return fail_errno(errno, "mount a BPF file system on /sys/fs/bpf");
    }
    return fail(
        parent + " is not on a BPF file system, so nothing can be pinned there: `mount -t bpf bpf " + parent +
        "` first; enter a network namespace with `nsenter --net=…`, as `ip netns exec` hides /sys/fs/bpf; and give a "
        "container the host's: `-v /sys/fs/bpf:/sys/fs/bpf`, or a hostPath");
}

// The holder of a flock, by the kernel's list: "1: FLOCK ADVISORY WRITE 4711 00:1c:1234 0 EOF".
std::string holder_of(int fd) {
    struct stat about{};
    if (fstat(fd, &about) != 0) return {};
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words(line);
        std::string number, kind, advisory, access, pid, file;
        words >> number >> kind >> advisory >> access >> pid >> file;
        unsigned major_number = 0, minor_number = 0;
        unsigned long inode = 0;
        if (kind != "FLOCK" || std::sscanf(file.c_str(), "%x:%x:%lu", &major_number, &minor_number, &inode) != 3)
            continue;
        if (inode == about.st_ino && makedev(major_number, minor_number) == about.st_dev) return pid;
    }
    return {};
}

bool is_still(int fd, const std::string& path) {
    struct stat held{}, there{};
    return fstat(fd, &held) == 0 && stat(path.c_str(), &there) == 0 && held.st_ino == there.st_ino &&
           held.st_dev == there.st_dev;
}

// bpffs has no files to lock, so the directory itself carries the lock. ENOENT where the directory is gone.
Result<Fd> lock(const std::string& root, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        Fd directory(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!directory) return fail_errno(errno, "open " + root);
        if (flock(directory.get(), LOCK_EX | LOCK_NB) == 0) {
            if (is_still(directory.get(), root)) return directory;
            continue; // a `detach` removed it between our open and our lock
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            const auto pid = holder_of(directory.get());
            return fail("another agent runs with these pins (" + root + (pid.empty() ? "" : ", pid " + pid) +
                        "): stop it first, or give this one its own --pin-path");
        }
        std::this_thread::sleep_for(20ms);
    }
}

Result<void> make_directory(const std::string& path) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, "make " + path);
    return {};
}

Result<void> make_directories(const std::string& root) {
    for (const char* below : {"/maps", "/programs", "/links"})
        if (auto made = make_directory(root + below); !made) return made;
    return {};
}

// What struct bpf_map_info, bpf_prog_info and bpf_link_info begin with.
struct Identity {
    uint32_t type, id;
    bool operator==(const Identity&) const = default;
};

std::optional<Identity> identity_of(int fd) {
    Identity about{};
    __u32 size = sizeof about;
    return bpf_obj_get_info_by_fd(fd, &about, &size) == 0 ? std::optional(about) : std::nullopt;
}

} // namespace

Result<Pins> Pins::create(const std::string& root) {
    if (auto mounted = require_bpffs(root); !mounted) return tl::make_unexpected(mounted.error());
    if (auto made = make_directory(root); !made) return tl::make_unexpected(made.error());
    auto held = lock(root, lock_patience);
    if (!held) return tl::make_unexpected(held.error());
    if (auto made = make_directories(root); !made) return tl::make_unexpected(made.error());
    return Pins(root, std::move(*held));
}

Result<std::optional<Pins>> Pins::find(const std::string& root) {
    auto held = lock(root, lock_patience);
    if (held && !is_bpffs(root)) return fail(root + " is on no BPF file system: no wall is pinned there");
    if (held) return std::optional(Pins(root, std::move(*held)));
    if (held.error().code == std::errc::no_such_file_or_directory) return std::optional<Pins>();
    return tl::make_unexpected(held.error());
}

std::string Pins::map(std::string_view name) const { return root_ + "/maps/" + std::string(name); }
std::string Pins::program(std::string_view name) const { return root_ + "/programs/" + std::string(name); }

// bpffs refuses dots in names, VLAN interfaces have them, and no interface name has a colon (dev_valid_name()).
std::string Pins::link(std::string_view interface, std::string_view hook) const {
    std::string name(interface);
    std::replace(name.begin(), name.end(), '.', ':');
    return root_ + "/links/" + name + "-" + std::string(hook);
}

std::vector<std::string> links_below(const std::string& root) {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root + "/links", error)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

Result<void> Pins::restore() {
    if (!is_still(lock_.get(), root_)) {
        if (auto mounted = require_bpffs(root_); !mounted) return mounted;
        if (auto made = make_directory(root_); !made) return made;
        auto held = lock(root_, 0ms);
        if (!held) return tl::make_unexpected(held.error());
        lock_ = std::move(*held);
    }
    return make_directories(root_);
}

Result<void> Pins::remove() {
    std::error_code error;
    for (const char* below : {"/links", "/programs", "/maps"}) {
        fs::remove_all(root_ + below, error);
        if (error) return tl::make_unexpected(Error{error, "unpin " + root_ + below});
    }
    // ROOT may itself be the mount point of a bpffs: busy, and none of ours to unmount.
    fs::remove(root_, error);
    if (error && error != std::errc::device_or_resource_busy)
        return tl::make_unexpected(Error{error, "remove " + root_});
    return {};
}

Result<bool> keep_pinned(int fd, const std::string& path) {
    const Fd there(bpf_obj_get(path.c_str()));
    if (!there && errno == ENOENT) {
        if (bpf_obj_pin(fd, path.c_str()) != 0) return fail_errno(errno, "pin " + path);
        return true;
    }
    if (!there) return fail_errno(errno, "open " + path);
    if (identity_of(there.get()) != identity_of(fd)) return fail(path + " is none of this wall");
    return false;
}

std::optional<int> holder(const std::string& root) {
    const Fd directory(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return std::nullopt;
    const int pid = std::atoi(holder_of(directory.get()).c_str());
    return pid > 1 ? std::optional(pid) : std::nullopt;
}

bool wait_until_free(const std::string& root, int patience_ms) {
    auto held = lock(root, std::chrono::milliseconds(patience_ms));
    return held || held.error().code == std::errc::no_such_file_or_directory;
}

} // namespace ringwall::kernel
