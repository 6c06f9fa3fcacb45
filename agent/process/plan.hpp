// SPDX-License-Identifier: Apache-2.0
// From the configuration file to everything that a policy needs before it can be put into force: read, checked,
// compiled, its interfaces found. Changes nothing.
#pragma once

#include <string>
#include <vector>

#include "agent/kernel/interfaces.hpp"
#include "agent/kernel/name_memory.hpp"
#include "agent/process/lists.hpp"
#include "policy/compile.hpp"

namespace ringwall::agent {

// What the machine has of what a configuration names.
struct Surroundings {
    std::vector<kernel::Selected> devices;
    std::vector<int> reached;              // as in kernel::Selection
    std::vector<kernel::LeftOut> left_out; // likewise
    std::vector<kernel::Twice> twice;      // likewise
    std::vector<std::string> missing;      // named in `outside`, by no glob, and not there
    std::vector<IpAddress> self;           // empty where the configuration does not ask for them
    std::vector<Prefix> shared;
    std::vector<std::string> warnings;
};
Result<Surroundings> look_around(const policy::Config& config);

// What stands in its list files, and what the names of its peers stand for.
struct Known {
    LoadedLists lists;
    kernel::NamedParties names;
};
policy::Facts facts_of(const Surroundings& surroundings, const Known& known);
policy::Compiled compile(const policy::Config& config, const Surroundings& surroundings, const Known& known);

struct Plan {
    std::vector<policy::ConfigFile> files;
    policy::Config config;
    Surroundings surroundings;
    Known known;
    policy::Compiled compiled;
};

struct PlanError {
    bool is_configuration = false; // the file's fault, one line a mistake; else the machine's
    std::string what;
};

// Lists that cannot be read keep what `before` has of them.
Result<Plan, PlanError> make_plan(const std::string& config_path, const Known& before);
// Of files that were read before.
Result<Plan, PlanError> plan_of(std::vector<policy::ConfigFile> files, const Known& before);

} // namespace ringwall::agent
