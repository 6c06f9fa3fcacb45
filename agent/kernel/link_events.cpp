// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/link_events.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace ringwall::kernel {

Result<LinkEvents> LinkEvents::open() {
    Fd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (!netlink) return fail_errno(errno, "open rtnetlink");
    sockaddr_nl groups{};
    groups.nl_family = AF_NETLINK;
    groups.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (bind(netlink.get(), reinterpret_cast<const sockaddr*>(&groups), sizeof groups) != 0)
        return fail_errno(errno, "listen for changes of interfaces");
    return LinkEvents(std::move(netlink));
}

// ENOBUFS says that notices were lost: then something has changed, too.
void LinkEvents::drain() {
    std::array<char, 8192> notice;
    while (recv(socket_.get(), notice.data(), notice.size(), 0) >= 0 || errno == ENOBUFS || errno == EINTR) {}
}

} // namespace ringwall::kernel
