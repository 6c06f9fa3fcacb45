// SPDX-License-Identifier: Apache-2.0
#include "agent/control/drops.hpp"

#include <netinet/in.h>

#include <boost/json.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <cmath>
#include <ranges>

#include "agent/control/text.hpp"
#include "agent/why/mend.hpp"
#include "maps/reasons.hpp"

namespace ringwall::control {
namespace {

namespace json = boost::json;

// https://www.tcpdump.org/linktypes.html
constexpr uint32_t link_ethernet = 1, link_raw = 101;

std::string protocol_name(uint8_t protocol) {
    switch (protocol) {
        case 0: return "none";
        case IPPROTO_UDP: return "udp";
        case IPPROTO_TCP: return "tcp";
        case IPPROTO_ICMP: return "icmp";
        case IPPROTO_ICMPV6: return "icmp6";
        default: return std::to_string(protocol);
    }
}

// Seconds, to the microsecond: a double holds no more of a date.
double seconds(int64_t realtime_ns) { return std::round(static_cast<double>(realtime_ns) / 1e3) / 1e6; }

int64_t realtime_ns(uint64_t monotonic_ns, const DropContext& context) {
    return static_cast<int64_t>(monotonic_ns) + context.realtime_offset_ns;
}

// Media that a call would have had, if the wall knew the address that its SDP names, reaches the port that it names there.
template <class Dropped>
std::string mend_of(const Dropped& drop, const DropContext& context) {
    const auto elsewhere = drop.reason == REASON_no_pinhole && context.elsewhere_at
                               ? context.elsewhere_at(drop.destination.port)
                               : std::nullopt;
    std::optional<uint8_t> zone_of_call;
    if (!drop.call.outside.is_unspecified()) zone_of_call = context.policy.zone_of(drop.call.outside);
    if (!elsewhere || elsewhere->named.address.is_v4() != drop.destination.address.is_v4())
        return why::mend_of_drop(context.policy, drop.reason, drop.source.address, drop.sip_class, zone_of_call);
    return "the SDP of call " + elsewhere->call_id + " names " + elsewhere->named.to_string() +
           ", which is neither protected nor in protect.external: if that is " + drop.destination.address.to_string() +
           " as seen from outside, add it there";
}

// What a line of the book and a single drop have in common.
template <class Dropped>
json::object described(const Dropped& drop, const DropContext& context) {
    const ReasonText text = reason_text(drop.reason);
    const IpAddress& outside = (is_outward(drop.reason) ? drop.destination : drop.source).address;
    json::object entry{
        {"reason", text.label},
        {"passed", drop.passed},
        {"sentence", text.sentence},
        {"mend", to_utf8(mend_of(drop, context))},
        {"interface", to_utf8(context.interface_name(drop.ifindex))},
        {"proto", protocol_name(drop.protocol)},
        {"source", drop.source.to_string()},
        {"destination", drop.destination.to_string()},
        {"peer", to_utf8(context.policy.zone_name(context.policy.zone_of(outside)))},
        {"call_id", drop.call.by_hand ? std::string() : to_utf8(drop.call.name)},
        {"packets", drop.packets},
    };
    if (!drop.sip_class.empty()) entry["class"] = drop.sip_class;
    if (drop.call.by_hand) entry["by_hand"] = to_utf8(drop.call.name);
    return entry;
}

std::string hexadecimal(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        text += digits[static_cast<unsigned char>(byte) >> 4U];
        text += digits[static_cast<unsigned char>(byte) & 0xfU];
    }
    return text;
}

std::optional<uint32_t> drop_reason(std::string_view label) {
    for (uint32_t number = 0; number < REASON_LIMIT; ++number)
        if (const ReasonText text = reason_text(number); text.is_drop && text.label == label) return number;
    return std::nullopt;
}

// Empty, or what is wrong.
std::string read_parameter(std::string_view key, std::string_view value, DropRequest& request) {
    if (key == "reason") {
        if (value.empty()) return "reason: expected one at least";
        for (const auto part : std::views::split(value, ',')) {
            const std::string label(part.begin(), part.end());
            const auto reason = drop_reason(label);
            if (!reason) return "reason: no packet drops as \"" + printable(to_utf8(label)) + "\"";
            request.filter.reasons.push_back(*reason);
        }
        return {};
    }
    if (key == "source") {
        request.filter.source = Prefix::parse(value);
        return request.filter.source ? "" : "source: expected an address or a prefix, such as 203.0.113.0/24";
    }
    if (key == "most") {
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), request.most);
        return error == std::errc() && end == value.data() + value.size() ? "" : "most: expected a number";
    }
    if (key != "passed" && key != "frames")
        return printable(to_utf8(key)) + ": no such parameter: reason, source, passed, frames, most";
    const bool is_yes = value == "yes";
    if (!is_yes && value != "no") return std::string(key) + ": expected yes or no";
    if (key == "passed") request.filter.passed = is_yes;
    else request.frames = is_yes;
    return {};
}

} // namespace

Result<DropRequest, std::string> drop_request(std::string_view target) {
    const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
    if (!url) return tl::make_unexpected<std::string>("not a target that can be read");
    DropRequest request;
    for (const auto& parameter : url->params()) {
        std::string wrong = read_parameter(std::string(parameter.key), std::string(parameter.value), request);
        if (!wrong.empty()) return tl::make_unexpected(std::move(wrong));
    }
    return request;
}

json::array drop_list(const drops::Book& book, const DropRequest& request, const DropContext& context) {
    json::array list;
    for (const drops::Line* line : book.lines(request.filter)) {
        if (list.size() == request.most) break;
        json::object entry = described(*line, context);
        entry["first"] = seconds(realtime_ns(line->first_ns, context));
        entry["last"] = seconds(realtime_ns(line->last_ns, context));
        list.push_back(std::move(entry));
    }
    return list;
}

json::object drop_line(const drops::Drop& drop, bool with_frame, const DropContext& context) {
    const int64_t time_ns = realtime_ns(drop.time_ns, context);
    json::object entry{{"time", seconds(time_ns)}};
    for (auto& member : described(drop, context)) entry[member.key()] = std::move(member.value());
    entry["length"] = drop.length;
    if (!with_frame) return entry;
    entry["time_ns"] = time_ns;
    entry["link_type"] = drop.is_bare ? link_raw : link_ethernet;
    entry["together"] = drop.is_together;
    entry["frame"] = hexadecimal(drop.bytes);
    return entry;
}

} // namespace ringwall::control
