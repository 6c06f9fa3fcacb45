// SPDX-License-Identifier: Apache-2.0
// What the control socket answers: the documents of control/report.hpp under GET /api/v1/, and the two things that a
// command may ask for.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "agent/control/http.hpp"
#include "agent/core.hpp"
#include "agent/kernel/maps.hpp"
#include "agent/process/briefing.hpp"

namespace ringwall::agent {

// The worker's state as the routes see it; all of it outlives them.
struct Wall {
    const kernel::Maps& maps;
    const Core& core;
    const Briefing& briefing;
    const std::string& config_error; // of the last reload, empty if it was good
    int64_t started_s = 0;
    std::function<std::vector<CoreCounter>()> counters; // the core's and the worker's own
    std::function<boost::asio::awaitable<Result<void>>()> reload;
};

control::Handler routes(Wall wall);

} // namespace ringwall::agent
