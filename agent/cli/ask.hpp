// SPDX-License-Identifier: Apache-2.0
// One question to the running agent.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "agent/agent.hpp"
#include "agent/control/http.hpp"
#include "maps/net/result.hpp"

namespace ringwall::cli {

// The agent's answer; or the exit code, once standard error says why there is none.
Result<boost::json::value, int> ask(const agent::Options& options, const control::Request& request,
                                    std::chrono::seconds patience = control::default_patience);

// Shows each line of an answer that goes on (control::follow()); returns the exit code. What is no JSON is a failure.
int follow(const agent::Options& options, const std::string& target,
           const std::function<bool(const boost::json::value&)>& on_line, std::chrono::seconds most = {});

// To standard output; returns the exit code. A full disk or a closed pipe is a failure: half a document must not look
// like a whole one.
int print(const std::string& output);

} // namespace ringwall::cli
