// SPDX-License-Identifier: Apache-2.0
// The process that asks name servers: without privileges, maps or a control socket, and apart from the one that reads
// packets. It knows the names that it was born with; for other names the parent makes another one.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/names/book.hpp"
#include "maps/net/address.hpp"

namespace ringwall::agent {

using NamedAddresses = std::map<std::string, std::vector<IpAddress>>;

struct ResolverInheritance {
    pid_t parent;
    int socket;           // to the parent
    NamedAddresses names; // with what they stood for before
};

// In the child of a fork. Returns its exit code; never throws.
int run_resolver(const ResolverInheritance& inherited) noexcept;

// What it tells of one name, after each answer and when addresses are over.
struct Resolved {
    uint32_t name = 0; // by its place in ResolverInheritance::names
    names::Trouble trouble = names::Trouble::none;
    uint32_t failures = 0;
    std::vector<IpAddress> addresses;
};
std::string encode(const Resolved& resolved);
std::optional<Resolved> decode_resolved(std::string_view body);

} // namespace ringwall::agent
