// SPDX-License-Identifier: Apache-2.0
// How each notation is read. Never repaired, never rounded: what is not exactly the notation is a mistake.
#include "policy/scalars.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>

namespace ringwall::policy {
namespace {

using std::chrono::nanoseconds;

// Digits only: no sign, no space, nothing left over.
std::optional<uint64_t> whole_number(std::string_view text, uint64_t most) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

struct Unit {
    std::string_view text;
    nanoseconds length;
};

template <size_t N>
std::optional<nanoseconds> unit_length(std::string_view text, const std::array<Unit, N>& units) {
    for (const Unit& unit : units)
        if (unit.text == text) return unit.length;
    return std::nullopt;
}

// A year at most: deadlines are 64-bit nanoseconds, and nobody means more.
constexpr nanoseconds longest_duration = std::chrono::hours(24 * 366);

std::optional<nanoseconds> parse_duration(std::string_view text) {
    static constexpr std::array<Unit, 5> units{{{"ms", std::chrono::milliseconds(1)},
                                                {"s", std::chrono::seconds(1)},
                                                {"m", std::chrono::minutes(1)},
                                                {"h", std::chrono::hours(1)},
                                                {"d", std::chrono::hours(24)}}};
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto unit = unit_length(text.substr(digits), units);
    if (!unit) return std::nullopt;
    const auto most = static_cast<uint64_t>(longest_duration / *unit);
    const auto number = whole_number(text.substr(0, digits), most);
    if (!number) return std::nullopt;
    return *unit * static_cast<int64_t>(*number);
}

// The limiter counts time in 1/4096 of a period, in 32 bits: faster than 10000/s it would wrap within two minutes.
constexpr uint64_t most_per_unit = 10000, most_burst = 10000;
constexpr nanoseconds shortest_period = std::chrono::microseconds(100);

std::optional<Rate> parse_rate(std::string_view text) {
    static constexpr std::array<Unit, 3> units{
        {{"s", std::chrono::seconds(1)}, {"min", std::chrono::minutes(1)}, {"h", std::chrono::hours(1)}}};
    static constexpr std::string_view burst_word = " burst ";
    if (text == "unlimited") return Rate{};
    Rate rate;
    if (const size_t at = text.find(burst_word); at != text.npos) {
        const auto burst = whole_number(text.substr(at + burst_word.size()), most_burst);
        if (!burst || *burst == 0) return std::nullopt;
        rate.burst = static_cast<uint32_t>(*burst);
        text = text.substr(0, at);
    }
    const size_t slash = text.find('/');
    if (slash == text.npos) return std::nullopt;
    const auto number = whole_number(text.substr(0, slash), most_per_unit * 60);
    const auto unit = unit_length(text.substr(slash + 1), units);
    if (!number || *number == 0 || !unit) return std::nullopt;
    rate.period = *unit / static_cast<int64_t>(*number);
    if (rate.period < shortest_period) return std::nullopt;
    return rate;
}

std::optional<Port> parse_port(std::string_view text) {
    const auto number = whole_number(text, std::numeric_limits<uint16_t>::max());
    if (!number || *number == 0) return std::nullopt;
    return Port{static_cast<uint16_t>(*number)};
}

std::optional<PortRange> parse_port_range(std::string_view text) {
    const size_t dash = text.find('-');
    const auto first = parse_port(text.substr(0, dash));
    const auto last = dash == text.npos ? first : parse_port(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return PortRange{*first, *last};
}

std::optional<bool> parse_boolean(std::string_view text) {
    if (text == "yes" || text == "true") return true;
    if (text == "no" || text == "false") return false;
    return std::nullopt;
}

std::optional<uint8_t> parse_packet_count(std::string_view text) {
    const auto number = whole_number(text, 255);
    if (!number) return std::nullopt;
    return static_cast<uint8_t>(*number);
}

std::optional<std::string> parse_name(std::string_view text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (text.empty() || text.size() > 63 || std::ranges::any_of(text, is_control)) return std::nullopt;
    return std::string(text);
}

// IFNAMSIZ is 16 with its NUL; the kernel refuses '/', ':' and white space in a name.
std::optional<std::string> parse_interface_name(std::string_view text) {
    if (text.empty() || text.size() > 15 || text.find_first_of("/: \t\n") != text.npos) return std::nullopt;
    return std::string(text);
}

std::optional<std::string> parse_telephone_number(std::string_view text) {
    if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789*#+") != text.npos) return std::nullopt;
    return std::string(text);
}

std::optional<Mode> parse_mode(std::string_view text) {
    if (text == "enforce") return Mode::enforce;
    if (text == "monitor") return Mode::monitor;
    return std::nullopt;
}

std::optional<Attach> parse_attach(std::string_view text) {
    if (text == "auto") return Attach::auto_;
    if (text == "native") return Attach::native;
    if (text == "generic") return Attach::generic;
    if (text == "dispatcher") return Attach::dispatcher;
    if (text == "tc") return Attach::tc;
    return std::nullopt;
}

std::optional<Conformance> parse_conformance(std::string_view text) {
    if (text == "off") return Conformance::off;
    if (text == "count") return Conformance::count;
    if (text == "enforce") return Conformance::enforce;
    return std::nullopt;
}

std::optional<Expectation> parse_expectation(std::string_view text) {
    if (text == "strict") return Expectation::strict;
    if (text == "networks") return Expectation::networks;
    if (text == "negotiated") return Expectation::negotiated;
    if (text == "any") return Expectation::any;
    return std::nullopt;
}

std::optional<AgentLoss> parse_agent_loss(std::string_view text) {
    if (text == "peers") return AgentLoss::peers;
    if (text == "keep") return AgentLoss::keep;
    if (text == "closed") return AgentLoss::closed;
    if (text == "open") return AgentLoss::open;
    return std::nullopt;
}

// Wagner and Fischer's table, one row at a time.
size_t edits(std::string_view from, std::string_view to) {
    std::vector<size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < from.size(); ++i) {
        size_t diagonal = std::exchange(row[0], i + 1);
        for (size_t j = 0; j < to.size(); ++j) {
            const size_t substituted = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substituted});
        }
    }
    return row.back();
}

} // namespace

namespace as {

const Kind<nanoseconds> duration{parse_duration, "a duration such as 250ms, 2s, 5m, 24h or 7d, a year at most"};
const Kind<Rate> rate{parse_rate,
                      "NUMBER/s, /min or /h, with or without \"burst NUMBER\", at most 10000/s burst 10000, "
                      "or unlimited"};
const Kind<Port> port{parse_port, "a port within 1-65535"};
const Kind<PortRange> port_range{parse_port_range, "PORT-PORT within 1-65535"};
const Kind<Prefix> prefix{Prefix::parse, "an address, a prefix without host bits such as 192.0.2.0/24, or any"};
const Kind<IpAddress> address{IpAddress::parse, "an IPv4 or IPv6 address"};
const Kind<bool> boolean{parse_boolean, "yes or no"};
const Kind<uint8_t> packet_count{parse_packet_count, "a number of packets within 0-255"};
const Kind<std::string> name{parse_name, "a name of 1 to 63 printable bytes"};
const Kind<std::string> interface_name{parse_interface_name, "an interface name or glob of at most 15 characters"};
const Kind<std::string> telephone_number{parse_telephone_number, "a telephone number of at most 15 digits"};
const Kind<Mode> mode{parse_mode, "enforce or monitor"};
const Kind<Attach> attach{parse_attach, "auto, native, generic, dispatcher or tc"};
const Kind<Conformance> conformance{parse_conformance, "off, count or enforce"};
const Kind<Expectation> expectation{parse_expectation, "strict, networks, negotiated or any"};
const Kind<AgentLoss> agent_loss{parse_agent_loss, "peers, keep, closed or open"};

} // namespace as

std::optional<std::string_view> nearest(std::string_view text, const std::vector<std::string_view>& candidates) {
    std::optional<std::string_view> found;
    size_t fewest = 3;
    if (text.size() > 64) return found; // no key is that long, and the table grows with it
    for (const std::string_view candidate : candidates) {
        const size_t distance = edits(text, candidate);
        if (distance >= fewest || distance >= candidate.size()) continue;
        fewest = distance;
        found = candidate;
    }
    return found;
}

} // namespace ringwall::policy
