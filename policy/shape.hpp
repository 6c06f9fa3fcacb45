// SPDX-License-Identifier: Apache-2.0
// A document against the schema: unknown and missing keys, values of the wrong kind, numbers out of range.
#pragma once

#include "policy/findings.hpp"
#include "policy/schema.hpp"

namespace ringwall::policy {

// Every mistake of shape, in findings; the paths of values that have one, in findings.refused.
void check_shape(const Node& root, Findings& findings);

// "PATH: got …, expected …; did you mean …?", and `path` counts as refused. `expected` begins with that word.
void refuse(const Node& node, const std::string& path, const Schema& schema, std::string_view expected,
            Findings& findings);

} // namespace ringwall::policy
