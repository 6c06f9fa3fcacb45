// SPDX-License-Identifier: Apache-2.0
#include "agent/process/control_socket.hpp"

#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ringwall::agent {
namespace {

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail("the control socket's path is longer than " + std::to_string(sizeof address.sun_path - 1) +
                    " bytes: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

// EAGAIN: somebody listens, and has more who wait than he takes.
bool answers(const sockaddr_un& address) {
    Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return false;
    return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat about{};
    if (lstat(path.c_str(), &about) != 0) return {};
    if (!S_ISSOCK(about.st_mode))
        return fail(path + " exists and is no socket: move it away, or give another --socket");
    if (answers(address))
        return fail("another agent answers on " + path + ": stop it, or give this one its own --socket");
    if (unlink(path.c_str()) != 0) return fail_errno(errno, "remove the stale socket " + path);
    return {};
}

void give_to_group(const std::string& path) {
    const group* ringwall = getgrnam("ringwall");
    if (ringwall != nullptr && chown(path.c_str(), 0, ringwall->gr_gid) != 0) return; // stays root's: stricter, no harm
}

struct SocketAddress {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

SocketAddress socket_address(const Endpoint& endpoint) {
    SocketAddress made;
    const auto peer = endpoint.abi();
    if (endpoint.address.is_v4()) {
        sockaddr_in v4{.sin_family = AF_INET, .sin_port = peer.port, .sin_addr = {}, .sin_zero = {}};
        std::memcpy(&v4.sin_addr, reinterpret_cast<const char*>(&peer.address) + 12, sizeof v4.sin_addr);
        std::memcpy(&made.bytes, &v4, made.size = sizeof v4);
    } else {
        sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = peer.port};
        std::memcpy(&v6.sin6_addr, &peer.address, sizeof v6.sin6_addr);
        std::memcpy(&made.bytes, &v6, made.size = sizeof v6);
    }
    return made;
}

} // namespace

Result<Fd> listen_on(const Endpoint& endpoint) {
    const SocketAddress address = socket_address(endpoint);
    Fd listening(socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listening) return fail_errno(errno, "make the socket for metrics");
    const int yes = 1;
    setsockopt(listening.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(listening.get(), SOL_IP, IP_FREEBIND, &yes, sizeof yes); // of IPv6 sockets too
    if (bind(listening.get(), reinterpret_cast<const sockaddr*>(&address.bytes), address.size) != 0 ||
        listen(listening.get(), 64) != 0)
        return fail_errno(errno, "listen on " + endpoint.to_string());
    return listening;
}

Result<ControlSocket> ControlSocket::listen(const std::string& path) {
    const auto address = address_of(path);
    if (!address) return tl::make_unexpected(address.error());
    std::error_code ignored;
    std::filesystem::create_directory(std::filesystem::path(path).parent_path(), ignored);
    if (auto removed = remove_stale(path, *address); !removed) return tl::make_unexpected(removed.error());

    Fd listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listening) return fail_errno(errno, "make the control socket");
    const mode_t before = umask(0117); // 0660 from the first instant
    const int bound = bind(listening.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
    const int error = errno;
    umask(before);
    if (bound != 0) return fail_errno(error, "bind the control socket " + path);
    give_to_group(path);
    if (::listen(listening.get(), 64) != 0) return fail_errno(errno, "listen on " + path);
    ControlSocket made(path, std::move(listening));
    struct stat about{};
    if (lstat(path.c_str(), &about) != 0) return fail_errno(errno, "find the control socket " + path);
    made.device_ = about.st_dev;
    made.inode_ = about.st_ino;
    return made;
}

bool ControlSocket::is_found() const {
    struct stat about{};
    return lstat(path_.c_str(), &about) == 0 && about.st_dev == device_ && about.st_ino == inode_;
}

void ControlSocket::remove() const {
    if (is_found()) unlink(path_.c_str());
}

} // namespace ringwall::agent
