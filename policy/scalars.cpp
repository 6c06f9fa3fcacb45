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

std::optional<Protocol> parse_protocol(std::string_view text) {
    if (text == "udp") return Protocol::udp;
    if (text == "tcp") return Protocol::tcp;
    return std::nullopt;
}

// The digits that stand in place of the N of a pattern such as "NNNN-NN-NN"; everything else must be as it is there.
template <size_t N>
std::optional<std::array<unsigned, N>> numbers_in(std::string_view text, std::string_view pattern) {
    std::array<unsigned, N> numbers{};
    if (text.size() != pattern.size()) return std::nullopt;
    for (size_t i = 0, field = 0; i < text.size(); ++i) {
        if (pattern[i] != 'N') {
            if (text[i] != pattern[i]) return std::nullopt;
            ++field;
        } else {
            if (text[i] < '0' || text[i] > '9') return std::nullopt;
            numbers.at(field) = numbers.at(field) * 10 + static_cast<unsigned>(text[i] - '0');
        }
    }
    return numbers;
}

// RFC 3339 5.6: time-offset, "Z" or "+01:00"
std::optional<std::chrono::seconds> parse_time_offset(std::string_view text) {
    if (text == "Z") return std::chrono::seconds(0);
    if (!text.starts_with('+') && !text.starts_with('-')) return std::nullopt;
    const auto fields = numbers_in<2>(text.substr(1), "NN:NN");
    if (!fields || (*fields)[0] > 23 || (*fields)[1] > 59) return std::nullopt;
    const std::chrono::seconds offset = std::chrono::hours((*fields)[0]) + std::chrono::minutes((*fields)[1]);
    return text.front() == '-' ? -offset : offset;
}

// RFC 3339 5.6: date-time, without fractions. A leap second is none that anybody means.
std::optional<std::chrono::sys_seconds> parse_date_time(std::string_view text) {
    static constexpr std::string_view pattern = "NNNN-NN-NNTNN:NN:NN";
    if (text.size() < pattern.size()) return std::nullopt;
    const auto fields = numbers_in<6>(text.substr(0, pattern.size()), pattern);
    const auto offset = parse_time_offset(text.substr(pattern.size()));
    if (!fields || !offset) return std::nullopt;
    const auto [year, month, day, hour, minute, second] = *fields;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (!date.ok() || year < 1970 || year > 2200 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) - *offset;
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
const Kind<Protocol> protocol{parse_protocol, "udp or tcp"};
const Kind<std::chrono::sys_seconds> date_time{parse_date_time,
                                               "a date and time such as 2027-01-01T00:00:00Z or ...+01:00"};
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
