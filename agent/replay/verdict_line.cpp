// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/verdict_line.hpp"

#include <array>
#include <charconv>

#include "maps/reasons.hpp"

namespace ringwall::replay {
namespace {

constexpr uint64_t ns_per_s = 1000000000, ns_per_us = 1000;

void append_number(std::string& to, uint64_t number) {
    std::array<char, 20> digits;
    to.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

// With leading zeros.
void append_fraction(std::string& to, uint64_t number, size_t digits) {
    const size_t begin = to.size();
    to.append(digits, '0');
    for (size_t at = begin + digits; number > 0 && at > begin; number /= 10)
        to[--at] = static_cast<char>('0' + number % 10);
}

// Microseconds, and nanoseconds where the capture has them.
void append_time(std::string& to, uint64_t time_ns) {
    append_number(to, time_ns / ns_per_s);
    to += '.';
    const uint64_t fraction = time_ns % ns_per_s;
    if (fraction % ns_per_us == 0) append_fraction(to, fraction / ns_per_us, 6);
    else append_fraction(to, fraction, 9);
}

void append_address(std::string& to, const IpAddress& address) {
    if (!address.is_v4()) {
        to += address.to_string();
        return;
    }
    for (size_t i = 12; i < 16; ++i) {
        if (i > 12) to += '.';
        append_number(to, address.bytes()[i]);
    }
}

void append_protocol(std::string& to, const std::optional<capture::Flow>& flow) {
    if (!flow) {
        to += "none";
        return;
    }
    switch (flow->protocol) {
        case 1: to += "icmp"; return;
        case 6: to += "tcp"; return;
        case 17: to += "udp"; return;
        case 58: to += "icmp6"; return;
        default: append_number(to, flow->protocol);
    }
}

} // namespace

void append(std::string& to, const VerdictLine& line) {
    const Endpoint source = line.flow ? line.flow->source : Endpoint{};
    const Endpoint destination = line.flow ? line.flow->destination : Endpoint{};
    to += "{\"n\":";
    append_number(to, line.number);
    to += ",\"ts\":";
    append_time(to, line.time_ns);
    to += line.is_outbound ? ",\"dir\":\"out\"" : ",\"dir\":\"in\"";
    if (line.is_by_address) to += ",\"dir_from\":\"address\"";
    to += ",\"src\":\"";
    append_address(to, source.address);
    to += "\",\"sport\":";
    append_number(to, source.port.value);
    to += ",\"dst\":\"";
    append_address(to, destination.address);
    to += "\",\"dport\":";
    append_number(to, destination.port.value);
    to += ",\"proto\":\"";
    append_protocol(to, line.flow);
    to += line.passes ? "\",\"verdict\":\"pass\",\"reason\":\"" : "\",\"verdict\":\"drop\",\"reason\":\"";
    to += reason_text(line.reason).label;
    to += "\"}\n";
}

} // namespace ringwall::replay
