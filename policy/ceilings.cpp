// SPDX-License-Identifier: Apache-2.0
// How many calls begun outside there may be at once, and how many ports one call may open.
#include "policy/sections.hpp"

namespace ringwall::policy {

void read_ceiling(const Value& value, Ceiling& ceiling) {
    const Section section(value);
    section.read("total", as::call_count, ceiling.calls);
    section.read("per_source", as::call_count, ceiling.calls_per_source);
    section.read("half_open", as::call_count, ceiling.half_open_per_source);
}

void read_ceilings(const Value& value, Ceilings& ceilings) {
    const Section section(value);
    section.read("calls", as::bounded_call_count, ceilings.calls);
    section.read("ports_per_call", as::port_count, ceilings.ports_per_call);
}

} // namespace ringwall::policy
