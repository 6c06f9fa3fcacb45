// SPDX-License-Identifier: Apache-2.0
// Several files as one configuration: the first, and what those of conf.d add to it.
#pragma once

#include <optional>
#include <vector>

#include "policy/findings.hpp"

namespace ringwall::policy {

// In their order: lists are appended, mappings merged, and a value that stands in two files must be the same in both;
// else a mistake names both places. Files with nothing in them add nothing. nullopt, and mistakes, where a file cannot be
// read as YAML, or there is nothing in any.
std::optional<Node> load_all(const std::vector<ConfigFile>& files, Findings& findings);

} // namespace ringwall::policy
