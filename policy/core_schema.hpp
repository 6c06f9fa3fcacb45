// SPDX-License-Identifier: Apache-2.0
// What a plain scalar is by YAML 1.2's core schema (10.3.2), and a document as the JSON that a JSON Schema speaks of.
// `no`, `on` and 1:30 are strings; 010 is ten.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "policy/node.hpp"

namespace ringwall::policy {

boost::json::value core_scalar(std::string_view plain);
boost::json::value to_json(const Node& node);

} // namespace ringwall::policy
