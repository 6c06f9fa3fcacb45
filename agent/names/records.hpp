// SPDX-License-Identifier: Apache-2.0
// What a name server's message says, as far as peers need it (RFC 1035 4.1). c-ares has compared its id and question.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "maps/net/address.hpp"

namespace ringwall::names {

enum class Kind : int { a = 1, aaaa = 28, srv = 33 };

struct Records {
    std::vector<IpAddress> addresses; // of A, AAAA
    std::vector<std::string> targets; // of SRV, whatever their ports; "." is no target (RFC 2782)
    std::chrono::seconds ttl{};       // the least of the whole answer, aliases included
};

// The answers of that kind; of others (CNAME) the time to live alone. Nothing where the message cannot be read to its end.
std::optional<Records> read_records(std::span<const unsigned char> message, Kind kind);

} // namespace ringwall::names
