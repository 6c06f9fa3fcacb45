// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "agent/sdp/session.hpp"

namespace ringwall::sdp {
namespace {

// Labels of the counters by defect; the order is Defect's.
constexpr std::array<std::string_view, 10> names{
    "bad_line", "bad_version",   "bad_connection",  "bad_media",          "bad_port",
    "bad_rtcp", "bad_attribute", "missing_version", "missing_connection", "too_many"};
static_assert(names.size() == static_cast<size_t>(Defect::too_many) + 1);

} // namespace

std::string_view to_string(Defect defect) { return names[static_cast<size_t>(defect)]; }

} // namespace ringwall::sdp
