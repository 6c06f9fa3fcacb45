// SPDX-License-Identifier: Apache-2.0
// YAML text as a tree of nodes. yaml-cpp is met in its .cpp only.
#pragma once

#include <optional>
#include <string_view>

#include "policy/findings.hpp"

namespace ringwall::policy {

// The one document in `yaml`, which is findings.files[file]; a node of kind `nothing` where it is empty. nullopt, and a
// mistake, where it cannot be read. Keys that appear twice, or are no words, are mistakes and left out.
std::optional<Node> load(std::string_view yaml, uint32_t file, Findings& findings);

} // namespace ringwall::policy
