// SPDX-License-Identifier: Apache-2.0
// When a file that has changed may be read: what is half written looks like any other. inotify's word that it was closed or
// renamed is enough; without that word it must have been the same for so long.
#pragma once

#include <chrono>
#include <set>
#include <string>

namespace ringwall::agent {

// Changed, and no event has told of it: behind a link, on another machine, in a directory that was not there.
constexpr auto rest_unseen = std::chrono::seconds(5);
// Events tell of writing, and not of its end: who holds it open may have stopped for good. truncate(2) has no end to tell of.
constexpr auto rest_while_written = std::chrono::seconds(60);

using Paths = std::set<std::string>;

} // namespace ringwall::agent
