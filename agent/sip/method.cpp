// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "agent/sip/message.hpp"

namespace ringwall::sip {
namespace {

constexpr std::array<std::string_view, 15> names{"INVITE",  "ACK",       "BYE",     "CANCEL",  "REGISTER",
                                                 "OPTIONS", "SUBSCRIBE", "NOTIFY",  "PUBLISH", "INFO",
                                                 "PRACK",   "UPDATE",    "MESSAGE", "REFER",   "other"};
static_assert(names.size() == static_cast<size_t>(Method::other) + 1);

} // namespace

std::string_view to_string(Method method) { return names[static_cast<size_t>(method)]; }

Method method_of(std::string_view token) {
    for (size_t i = 0; i < static_cast<size_t>(Method::other); ++i) {
        if (names[i] == token) return static_cast<Method>(i);
    }
    return Method::other;
}

} // namespace ringwall::sip
