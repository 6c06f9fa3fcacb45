// SPDX-License-Identifier: Apache-2.0
// How each notation is read. Never repaired, never rounded: what is not exactly the notation is a mistake.
#include "policy/scalars.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "maps/utf8.hpp"
#include "policy/names.hpp"
#include "policy/schema.hpp"
#include "policy/user_agents.hpp"

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

template <uint32_t least, uint32_t most, class T = uint32_t>
std::optional<T> parse_number(std::string_view text) {
    const auto number = whole_number(text, most);
    if (!number || *number < least) return std::nullopt;
    return static_cast<T>(*number);
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
    const auto number = whole_number(text.substr(0, slash), most_per_unit * 3600);
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

std::optional<std::optional<Endpoint>> parse_listener(std::string_view text) {
    if (text == "off") return std::optional<Endpoint>();
    const auto endpoint = Endpoint::parse(text);
    if (!endpoint || endpoint->port == Port{}) return std::nullopt;
    return endpoint;
}

// One wrong password is a human's, and two: no phone that mends it may find itself shut out.
std::optional<uint32_t> parse_guess_count(std::string_view text) {
    return text == "off" ? 0 : parse_number<3, 10000>(text);
}

std::optional<uint32_t> parse_call_count(std::string_view text) {
    return text == "unlimited" ? 0 : parse_number<1, most_calls>(text);
}

bool is_printable(std::string_view text) { return printable(text) == text; }

std::optional<std::string> parse_name(std::string_view text) {
    if (text.empty() || text.size() > 63 || !is_printable(text)) return std::nullopt;
    return std::string(text);
}

// IFNAMSIZ is 16 with its NUL; the kernel refuses '/', ':' and white space in a name.
std::optional<std::string> parse_interface_name(std::string_view text) {
    if (text.empty() || text.size() > 15 || text.find_first_of("/: ") != text.npos || !is_printable(text))
        return std::nullopt;
    return std::string(text);
}

// What a log line can show, and what does not depend on where the agent was started.
std::optional<std::string> parse_path(std::string_view text) {
    if (text.size() < 2 || text.size() > 4095 || !text.starts_with('/') || text.ends_with('/') || !is_printable(text))
        return std::nullopt;
    return std::string(text);
}

std::optional<std::string> parse_product(std::string_view text) {
    std::string product = product_of(text);
    if (product.empty() || product.size() != text.size()) return std::nullopt;
    return product;
}

std::optional<std::string> parse_telephone_number(std::string_view text) {
    if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789*#+") != text.npos) return std::nullopt;
    return std::string(text);
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
    if (!date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) - *offset;
}

// A word of an enum, as the schema lists them.
template <auto& words>
auto parse_word(std::string_view text)
    -> std::optional<typename std::decay_t<decltype(words)>::value_type::second_type> {
    for (const auto& [word, value] : words)
        if (word == text) return value;
    return std::nullopt;
}

template <class T, size_t N>
using Words = std::array<std::pair<std::string_view, T>, N>;

constexpr Words<Mode, 2> modes{{{"enforce", Mode::enforce}, {"monitor", Mode::monitor}}};
constexpr Words<Outbound, 2> outbounds{{{"any", Outbound::any}, {"admitted", Outbound::admitted}}};
constexpr Words<Attach, 5> attachments{{{"auto", Attach::auto_},
                                        {"native", Attach::native},
                                        {"generic", Attach::generic},
                                        {"dispatcher", Attach::dispatcher},
                                        {"tc", Attach::tc}}};
constexpr Words<Conformance, 3> conformances{
    {{"off", Conformance::off}, {"count", Conformance::count}, {"enforce", Conformance::enforce}}};
constexpr Words<Expectation, 4> expectations{{{"strict", Expectation::strict},
                                              {"networks", Expectation::networks},
                                              {"negotiated", Expectation::negotiated},
                                              {"any", Expectation::any}}};
constexpr Words<AgentLoss, 4> losses{
    {{"peers", AgentLoss::peers}, {"keep", AgentLoss::keep}, {"closed", AgentLoss::closed}, {"open", AgentLoss::open}}};
constexpr Words<LogFormat, 4> log_formats{{{"auto", LogFormat::auto_},
                                           {"text", LogFormat::text},
                                           {"json", LogFormat::json},
                                           {"journal", LogFormat::journal}}};
constexpr Words<LogLevel, 4> log_levels{
    {{"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warn", LogLevel::warn}, {"error", LogLevel::error}}};
constexpr Words<bool, 2> log_privacies{{{"plain", false}, {"hash", true}}};
constexpr Words<Protocol, 2> protocols{{{"udp", Protocol::udp}, {"tcp", Protocol::tcp}}};
constexpr Words<bool, 2> deny_scopes{{{"sip", false}, {"all", true}}};
constexpr Words<bool, 8> booleans{{{"yes", true},
                                   {"no", false},
                                   {"true", true},
                                   {"false", false},
                                   {"True", true}, // YAML 1.2's core schema has these four, too
                                   {"False", false},
                                   {"TRUE", true},
                                   {"FALSE", false}}};

} // namespace

std::string expected_of(std::string_view definition) {
    return Schema::definition(definition).expected().substr(std::string_view("expected ").size());
}

namespace as {

const Kind<nanoseconds> duration{parse_duration, "duration"};
const Kind<Rate> rate{parse_rate, "rate"};
const Kind<uint32_t> phone_count{parse_number<1, 10000>, "phone_count"};
const Kind<Port> port{parse_port, "port"};
const Kind<PortRange> port_range{parse_port_range, "port_range"};
const Kind<Prefix> prefix{Prefix::parse, "prefix"};
const Kind<IpAddress> address{IpAddress::parse, "address"};
const Kind<bool> boolean{parse_word<booleans>, "boolean"};
const Kind<uint8_t> packet_count{parse_number<0, 255, uint8_t>, "packet_count"};
const Kind<uint32_t> pinhole_count{parse_number<1024, 1U << 20>, "pinhole_count"};
const Kind<uint32_t> guess_count{parse_guess_count, "guess_count"};
const Kind<uint32_t> call_count{parse_call_count, "call_count"};
const Kind<uint32_t> bounded_call_count{parse_number<1, most_calls>, "bounded_call_count"};
const Kind<uint32_t> port_count{parse_number<2, 1024>, "port_count"};
const Kind<std::string> name{parse_name, "name"};
const Kind<std::string> interface_name{parse_interface_name, "interface_name"};
const Kind<std::string> path{parse_path, "path"};
const Kind<PeerName> peer_name{parse_peer_name, "peer_name"};
const Kind<std::string> product{parse_product, "product"};
const Kind<std::string> telephone_number{parse_telephone_number, "telephone_number"};
const Kind<Protocol> protocol{parse_word<protocols>, "protocol"};
const Kind<std::chrono::sys_seconds> date_time{parse_date_time, "date_time"};
const Kind<std::optional<Endpoint>> listener{parse_listener, "listener"};
const Kind<Mode> mode{parse_word<modes>, "mode"};
const Kind<Attach> attach{parse_word<attachments>, "attach"};
const Kind<Outbound> outbound{parse_word<outbounds>, "outbound"};
const Kind<Conformance> conformance{parse_word<conformances>, "conformance"};
const Kind<Expectation> expectation{parse_word<expectations>, "expectation"};
const Kind<AgentLoss> agent_loss{parse_word<losses>, "agent_loss"};
const Kind<bool> deny_scope{parse_word<deny_scopes>, "deny_scope"};
const Kind<LogFormat> log_format{parse_word<log_formats>, "log_format"};
const Kind<LogLevel> log_level{parse_word<log_levels>, "log_level"};
const Kind<bool> log_privacy{parse_word<log_privacies>, "log_privacy"};

} // namespace as
} // namespace ringwall::policy
