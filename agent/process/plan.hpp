// SPDX-License-Identifier: Apache-2.0
// From the configuration file to everything that a policy needs before it can be put into force: read, checked,
// compiled, its interfaces found. Changes nothing.
#pragma once

#include <string>
#include <vector>

#include "agent/kernel/interfaces.hpp"
#include "policy/compile.hpp"

namespace ringwall::agent {

// What the machine has of what a configuration names.
struct Surroundings {
    std::vector<kernel::Selected> devices;
    std::vector<IpAddress> self; // empty where the configuration does not ask for them
    std::vector<std::string> warnings;
};
Result<Surroundings> look_around(const policy::Config& config);
policy::Compiled compile(const policy::Config& config, const Surroundings& surroundings);

struct Plan {
    std::string text;
    policy::Config config;
    Surroundings surroundings;
    policy::Compiled compiled;
};

struct PlanError {
    bool is_configuration = false; // the file's fault, one line a mistake; else the machine's
    std::string what;
};

Result<Plan, PlanError> make_plan(const std::string& config_path);

} // namespace ringwall::agent
