// SPDX-License-Identifier: Apache-2.0
// Durations within their bounds, which the schema's messages name.
#include "policy/sections.hpp"

namespace ringwall::policy {

using std::chrono::hours, std::chrono::minutes, std::chrono::nanoseconds, std::chrono::seconds;

void read_duration(const Section& section, std::string_view key, nanoseconds least, nanoseconds most,
                   nanoseconds& into) {
    const auto value = section.find(key);
    const auto read = value ? value->read(as::duration) : std::nullopt;
    if (!read) return;
    if (*read < least || *read > most) return value->refuse();
    into = *read;
}

// tombstone: a hole is deleted at least a second after it stopped being live, and at most 10 min after (design).
void read_timers(const Value& value, Timers& timers) {
    constexpr nanoseconds day = hours(24);
    const Section section(value);
    read_duration(section, "drain", seconds(0), minutes(1), timers.drain);
    read_duration(section, "idle", seconds(1), day, timers.idle);
    read_duration(section, "held", seconds(1), 7 * day, timers.held);
    read_duration(section, "early", seconds(1), day, timers.early);
    read_duration(section, "bye", seconds(1), minutes(10), timers.bye);
    read_duration(section, "max_call", seconds(1), 31 * day, timers.max_call);
    read_duration(section, "tombstone", seconds(1), minutes(10), timers.tombstone);
    read_duration(section, "return_path", seconds(1), hours(1), timers.return_path);
    read_duration(section, "sip_return_path", seconds(32), day, timers.sip_return_path);
    read_duration(section, "register_return_path", seconds(32), 7 * day, timers.register_return_path);
}

} // namespace ringwall::policy
