// SPDX-License-Identifier: Apache-2.0
// Can the wall be watched? Its port of metrics and health may be somebody else's.
#include "agent/cli/words.hpp"
#include "agent/inspect/checks.hpp"

namespace ringwall::inspect {

Faults metrics_are_served(const Patient& patient) {
    const boost::json::value* http =
        patient.status && patient.status->is_object() ? patient.status->get_object().if_contains("http") : nullptr;
    const std::string error = http == nullptr ? "" : cli::text(*http, "error");
    if (error.empty()) return {};
    return {{"metrics", "no metrics and no health: " + error,
             "stop what has the port, or give http.listen another and restart the agent; the agent tries each second"}};
}

} // namespace ringwall::inspect
