// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/link_events.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "agent/kernel/route_dump.hpp"

namespace ringwall::kernel {
namespace {

void note(std::string_view notices, LinkChanges& changes) {
    each_message(notices, RTM_NEWLINK, [&](const nlmsghdr* message) {
        if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(ifinfomsg)))
            changes.interfaces.insert(body_of<ifinfomsg>(message)->ifi_index);
    });
}

} // namespace

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

LinkChanges LinkEvents::take() {
    alignas(nlmsghdr) std::array<char, 16384> notices;
    LinkChanges changes;
    while (true) {
        const ssize_t size = recv(socket_.get(), notices.data(), notices.size(), 0);
        if (size >= 0) note({notices.data(), static_cast<size_t>(size)}, changes);
        else if (errno == ENOBUFS) changes.is_overrun = true;
        else if (errno != EINTR) return changes;
    }
}

} // namespace ringwall::kernel
