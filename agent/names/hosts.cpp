// SPDX-License-Identifier: Apache-2.0
#include "agent/names/hosts.hpp"

#include <algorithm>
#include <array>

namespace ringwall::names {

bool is_of_a_host(const IpAddress& address) {
    static const std::array nobodys{*Prefix::parse("0.0.0.0/8"), *Prefix::parse("127.0.0.0/8"),
                                    *Prefix::parse("255.255.255.255"), *Prefix::parse("::/128"), *Prefix::parse("::1")};
    return !address.is_multicast() &&
           std::ranges::none_of(nobodys, [&](const Prefix& prefix) { return prefix.contains(address); });
}

} // namespace ringwall::names
