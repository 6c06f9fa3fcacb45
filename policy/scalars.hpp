// SPDX-License-Identifier: Apache-2.0
// The words of the configuration: one notation, one Kind. A Kind reads a scalar's text and says what it expects, so
// that every mistake can name the notation.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "policy/config.hpp"

namespace ringwall::policy {

template <class T>
struct Kind {
    std::optional<T> (*parse)(std::string_view text);
    std::string_view expected;
};

// Read as in `value.read(as::duration)`.
namespace as {

extern const Kind<std::chrono::nanoseconds> duration;  // "250ms", "2s", "5m", "24h", "7d"
extern const Kind<Rate> rate;                          // "15/min burst 4", "20/s", "unlimited"
extern const Kind<Port> port;                          // "5060"
extern const Kind<PortRange> port_range;               // "10000-20000", "10000"
extern const Kind<Prefix> prefix;                      // "192.0.2.0/24", "2001:db8::1", "any"
extern const Kind<IpAddress> address;                  // "192.0.2.1"
extern const Kind<bool> boolean;                       // yes, no, true, false
extern const Kind<uint8_t> packet_count;               // "0".."255"
extern const Kind<std::string> name;                   // 1 to 63 bytes, printable
extern const Kind<std::string> interface_name;         // "eth0", "eth*"
extern const Kind<std::string> telephone_number;       // "112"
extern const Kind<Protocol> protocol;                  // udp, tcp
extern const Kind<std::chrono::sys_seconds> date_time; // "2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00"
extern const Kind<Mode> mode;
extern const Kind<Attach> attach;
extern const Kind<Expectation> expectation;
extern const Kind<Conformance> conformance;
extern const Kind<AgentLoss> agent_loss;

} // namespace as

// The candidate at most two edits (Levenshtein) from `text`, nearest first; nullopt where none is.
std::optional<std::string_view> nearest(std::string_view text, const std::vector<std::string_view>& candidates);

} // namespace ringwall::policy
