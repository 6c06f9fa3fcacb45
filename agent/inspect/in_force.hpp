// SPDX-License-Identifier: Apache-2.0
// The configuration that the wall obeys: the agent's, where one answers, else what the files say now.
#pragma once

#include <string>

#include "agent/agent.hpp"
#include "agent/process/plan.hpp"
#include "policy/compile.hpp"

namespace ringwall::inspect {

struct InForce {
    std::string path;
    agent::Plan plan;
    bool is_agents = false;    // the files are those that the agent has loaded
    std::string changed;       // the first of them that is not what it was by then; empty: all are
    policy::View view() const; // its lookup is that of the plan
};

Result<InForce, agent::PlanError> in_force(const agent::Options& options);

} // namespace ringwall::inspect
