// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "agent/sip/message.hpp"
#include "agent/text/ascii.hpp"

namespace ringwall::sip {
namespace {

constexpr std::array<std::string_view, 15> names{"INVITE",  "ACK",       "BYE",     "CANCEL",  "REGISTER",
                                                 "OPTIONS", "SUBSCRIBE", "NOTIFY",  "PUBLISH", "INFO",
                                                 "PRACK",   "UPDATE",    "MESSAGE", "REFER",   "other"};
static_assert(names.size() == static_cast<size_t>(Method::other) + 1);

// It counts by RFC 3261 7.1, and servers take "invite" for INVITE all the same: then it is one.
bool is_same_but_for_case(std::string_view token, std::string_view name) {
    return std::ranges::equal(token, name, {}, text::lower, text::lower);
}

} // namespace

std::string_view to_string(Method method) { return names[static_cast<size_t>(method)]; }

Method method_of(std::string_view token) {
    for (size_t i = 0; i < static_cast<size_t>(Method::other); ++i) {
        if (is_same_but_for_case(token, names[i])) return static_cast<Method>(i);
    }
    return Method::other;
}

} // namespace ringwall::sip
