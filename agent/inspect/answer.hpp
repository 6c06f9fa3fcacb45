// SPDX-License-Identifier: Apache-2.0
// What a running agent says to a command that can do without it.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

namespace ringwall::inspect {

// The answer to GET; none where no agent answers, or with anything but 200 and JSON.
std::optional<boost::json::value> answer_of(const std::string& socket, const std::string& target);

} // namespace ringwall::inspect
