// SPDX-License-Identifier: Apache-2.0
// The notations of the configuration: one notation, one Kind. A Kind reads a scalar's text; what it expects stands in the
// schema's definition of the same name.
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
    std::string_view definition; // "duration": #/definitions/duration
};

// "a port within 1-65535"; of an enum "udp or tcp".
std::string expected_of(std::string_view definition);

// Read as in `value.read(as::duration)`.
namespace as {

extern const Kind<std::chrono::nanoseconds> duration;  // "250ms", "2s", "5m", "24h", "7d"
extern const Kind<uint32_t> phone_count;               // 1..10000
extern const Kind<Rate> rate;                          // "15/min burst 4", "20/s", "unlimited"
extern const Kind<Port> port;                          // "5060"
extern const Kind<PortRange> port_range;               // "10000-20000", "10000"
extern const Kind<Prefix> prefix;                      // "192.0.2.0/24", "2001:db8::1", "any"
extern const Kind<IpAddress> address;                  // "192.0.2.1"
extern const Kind<bool> boolean;                       // yes, no, true, false
extern const Kind<uint8_t> packet_count;               // "0".."255"
extern const Kind<uint32_t> pinhole_count;             // "1024".."1048576"
extern const Kind<uint32_t> guess_count;               // "3".."10000", "off": 0
extern const Kind<uint32_t> call_count;                // "1".."114688", "unlimited": 0
extern const Kind<uint32_t> bounded_call_count;        // "1".."114688"
extern const Kind<uint32_t> port_count;                // "2".."1024"
extern const Kind<std::string> name;                   // 1 to 63 bytes, printable
extern const Kind<std::string> interface_name;         // "eth0", "eth*"
extern const Kind<std::string> path;                   // "/etc/ringwall/deny.txt"
extern const Kind<PeerName> peer_name;                 // "sip.example.net", "_sip._udp.example.net"
extern const Kind<std::string> product;                // "sipvicious"
extern const Kind<std::string> telephone_number;       // "112"
extern const Kind<Protocol> protocol;                  // udp, tcp
extern const Kind<std::chrono::sys_seconds> date_time; // "2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00"
extern const Kind<std::optional<Endpoint>> listener;   // "127.0.0.1:10560", "[::1]:10560", "off": none
extern const Kind<Mode> mode;
extern const Kind<Attach> attach;
extern const Kind<Expectation> expectation;
extern const Kind<Conformance> conformance;
extern const Kind<Outbound> outbound;
extern const Kind<AgentLoss> agent_loss;
extern const Kind<bool> deny_scope; // all: true
extern const Kind<LogFormat> log_format;
extern const Kind<LogLevel> log_level;
extern const Kind<bool> log_privacy; // hash: true

} // namespace as

} // namespace ringwall::policy
