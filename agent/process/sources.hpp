// SPDX-License-Identifier: Apache-2.0
// All that the wall has to do with one address: what the configuration says of it, what it is known as, its bans, its calls,
// what of it has dropped. Between two looks into a long map everything else has its turn.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "agent/now.hpp"
#include "agent/process/routes.hpp"

namespace ringwall::agent {

// control::explanation()'s members, and "known", "bans", "calls" (the oldest `calls_shown` of "call_count") and "drops".
boost::asio::awaitable<std::string> about_source(const Wall& wall, IpAddress address, Now now);
constexpr size_t calls_shown = 20;

} // namespace ringwall::agent
