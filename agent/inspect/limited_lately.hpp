// SPDX-License-Identifier: Apache-2.0
// What a limit has refused of a source lately, by the agent's samples: who asks why an office is refused, means that.
#pragma once

#include <optional>
#include <string>

#include "agent/why/question.hpp"

namespace ringwall::inspect {

struct Limited {
    std::string method; // as of why::Question
    std::string says;
};

// The latest between these two, of the last ten minutes. None where no agent answers, or nothing of it was.
std::optional<Limited> limited_lately(const std::string& socket, const why::Question& question);

} // namespace ringwall::inspect
