// SPDX-License-Identifier: Apache-2.0
// What rtnetlink(7) has of a kind, whole: all links, or all addresses, of this network namespace, or all filters at a hook.
#pragma once

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "maps/net/result.hpp"

namespace ringwall::kernel {

// The answer to RTM_GETLINK or the like, message after message. One that links came or went beneath, and that may have left
// others out, is asked for again. `body`: the fixed part of the question.
Result<std::string> dump_route(uint16_t request, std::string_view body);

template <class Body>
Result<std::string> dump_route(uint16_t request, const Body& about) {
    return dump_route(request, std::string_view(reinterpret_cast<const char*>(&about), sizeof about));
}
// Of all families.
inline Result<std::string> dump_route(uint16_t request) { return dump_route(request, ifinfomsg{}); }

// Calls `visit` with each message that carries `type`.
template <class Visit>
void each_message(std::string_view dump, uint16_t type, Visit visit) {
    auto left = static_cast<unsigned>(dump.size());
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(dump.data()); NLMSG_OK(message, left);) {
        if (message->nlmsg_type == type) visit(message);
        const unsigned step = std::min(NLMSG_ALIGN(message->nlmsg_len), left);
        left -= step;
        message = reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const char*>(message) + step);
    }
}

// The fixed part of a message, and what follows it. NLMSG_DATA() casts const away.
template <class Body>
const Body* body_of(const nlmsghdr* message) {
    return reinterpret_cast<const Body*>(reinterpret_cast<const char*>(message) + NLMSG_HDRLEN);
}

inline const char* contents_of(const rtattr* attribute) {
    return reinterpret_cast<const char*>(attribute) + RTA_LENGTH(0);
}
inline std::string_view bytes_of(const rtattr* attribute) { return {contents_of(attribute), RTA_PAYLOAD(attribute)}; }
inline std::string text_of(const rtattr* attribute) {
    const std::string_view bytes = bytes_of(attribute);
    return std::string(bytes.substr(0, bytes.find('\0')));
}

template <class T>
T value_of(const rtattr* attribute) {
    T value{};
    std::memcpy(&value, contents_of(attribute), std::min(sizeof value, size_t{RTA_PAYLOAD(attribute)}));
    return value;
}

template <class Visit>
void each_attribute(const rtattr* attribute, size_t length, Visit visit) {
    // By hand: RTA_OK() and RTA_NEXT() mix signs.
    while (length >= sizeof *attribute && attribute->rta_len >= sizeof *attribute && attribute->rta_len <= length) {
        visit(attribute);
        const size_t step = std::min<size_t>(RTA_ALIGN(attribute->rta_len), length);
        length -= step;
        attribute = reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(attribute) + step);
    }
}

// The attributes behind the fixed part.
template <class Body, class Visit>
void each_attribute_of(const nlmsghdr* message, Visit visit) {
    constexpr size_t before = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(Body));
    if (message->nlmsg_len < before) return;
    each_attribute(reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(message) + before),
                   message->nlmsg_len - before, visit);
}

} // namespace ringwall::kernel
