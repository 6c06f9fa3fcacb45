// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/route_dump.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>

#include "agent/fd.hpp"

namespace ringwall::kernel {
namespace {

constexpr int tries = 20;

Result<Fd> ask(uint16_t request, std::string_view body) {
    Fd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!netlink) return fail_errno(errno, "open rtnetlink");
    nlmsghdr header{};
    header.nlmsg_len = static_cast<__u32>(NLMSG_LENGTH(body.size()));
    header.nlmsg_type = request;
    header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    std::string question(reinterpret_cast<const char*>(&header), sizeof header);
    question += body;
    if (send(netlink.get(), question.data(), question.size(), 0) < 0) return fail_errno(errno, "ask rtnetlink");
    return netlink;
}

// Nothing where it was interrupted: the kernel goes on by position, and passes over what has moved up meanwhile.
Result<std::optional<std::string>> answer_on(const Fd& netlink) {
    std::string all;
    bool is_interrupted = false;
    alignas(nlmsghdr) std::array<char, 65536> buffer;
    while (true) {
        const ssize_t received = recv(netlink.get(), buffer.data(), buffer.size(), 0);
        if (received < 0 && errno == EINTR) continue;
        if (received < 0) return fail_errno(errno, "read from rtnetlink");
        auto left = static_cast<unsigned>(received);
        for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            is_interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
            if (message->nlmsg_type == NLMSG_ERROR) return fail("rtnetlink refused to answer");
            if (message->nlmsg_type == NLMSG_DONE)
                return is_interrupted ? std::optional<std::string>() : std::optional(std::move(all));
            all.append(reinterpret_cast<const char*>(message), message->nlmsg_len);
            all.resize(NLMSG_ALIGN(all.size()));
        }
    }
}

} // namespace

Result<std::string> dump_route(uint16_t request, std::string_view body) {
    for (int left = tries; left > 0; --left) {
        const auto netlink = ask(request, body);
        if (!netlink) return tl::make_unexpected(netlink.error());
        auto answer = answer_on(*netlink);
        if (!answer) return tl::make_unexpected(answer.error());
        if (*answer) return std::move(**answer);
    }
    return fail("interfaces come and go so fast that rtnetlink has no whole list of them");
}

} // namespace ringwall::kernel
