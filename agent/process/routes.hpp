// SPDX-License-Identifier: Apache-2.0
// What the control socket answers: the documents of control/report.hpp under GET /api/v1/, and what a command may
// ask for.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "agent/control/http.hpp"
#include "agent/control/report.hpp"
#include "agent/core.hpp"
#include "agent/kernel/maps.hpp"
#include "agent/process/bans.hpp"
#include "agent/process/briefing.hpp"
#include "agent/process/drops.hpp"

namespace ringwall::agent {

struct Reloaded {
    std::string error;             // empty where it is in force
    bool is_configuration = false; // of the error: the file's mistakes, one a line; else the machine's
};

// The worker's state as the routes see it; all of it outlives them.
struct Wall {
    const kernel::Maps& maps;
    const Core& core;
    Bans& bans;
    Drops& drops;
    const Briefing& briefing;
    const std::vector<uint64_t>& events_at_load;
    const std::vector<CoreCounter>& counters_at_load;
    int64_t started_s = 0;
    std::function<std::vector<CoreCounter>()> counters; // the core's and the worker's own
    std::function<boost::asio::awaitable<Reloaded>()> reload;
    std::function<Result<void>(const dialog::Opening&)> open; // by hand
    std::function<void(const dialog::Closing&)> close;
};

control::Handler routes(Wall wall);
control::Status status_of(const Wall& wall);
// How long a request's body may be: lists are long.
uint64_t longest_body(std::string_view target);

} // namespace ringwall::agent
