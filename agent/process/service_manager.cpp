// SPDX-License-Identifier: Apache-2.0
#include "agent/process/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "agent/clock.hpp"

namespace ringwall::agent {
namespace {

// $WATCHDOG_PID, where it is said, names the process that is watched (sd_watchdog_enabled(3)).
bool is_watched() {
    const char* period = std::getenv("WATCHDOG_USEC");
    const char* pid = std::getenv("WATCHDOG_PID");
    return period != nullptr && (pid == nullptr || std::to_string(getpid()) == pid);
}

std::string monotonic_us() {
    return std::to_string(std::chrono::floor<std::chrono::microseconds>(read_clock(CLOCK_MONOTONIC)).count());
}

} // namespace

ServiceManager ServiceManager::from_environment() {
    ServiceManager made;
    const char* address = std::getenv("NOTIFY_SOCKET");
    if (address == nullptr || (address[0] != '/' && address[0] != '@')) return made;
    made.address_ = address;
    made.socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    made.has_watchdog_ = is_watched();
    return made;
}

void ServiceManager::ready() { tell("READY=1"); }
void ServiceManager::reloading() { tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_us()); }
void ServiceManager::stopping() { tell("STOPPING=1"); }
void ServiceManager::status(std::string_view sentence) { tell("STATUS=" + std::string(sentence)); }
void ServiceManager::alive() {
    if (has_watchdog_) tell("WATCHDOG=1");
}

// A manager that does not listen is no reason to stop.
void ServiceManager::tell(std::string_view words) const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (!socket_ || address_.size() >= sizeof to.sun_path) return;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    sendto(socket_.get(), words.data(), words.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), length);
}

} // namespace ringwall::agent
