// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/ipv6_variant.hpp"

#include <functional>

namespace ringwall::test {
namespace {

constexpr uint16_t group(unsigned high, unsigned low) { return static_cast<uint16_t>(high << 8 | low); }

// The scripts' networks: 192.0.2.0/24 inside, 198.51.100.0/24 the declared peer, 203.0.113.0/24 strangers.
std::array<uint16_t, 4> prefix_of(uint16_t a_b) {
    switch (a_b) {
        case group(192, 0): return {0x2001, 0xdb8, 1, 6};
        case group(198, 51): return {0x2001, 0xdb8, 5, 6};
        case group(203, 0): return {0x2001, 0xdb8, 9, 6};
        case group(192, 168): return {0xfd00, 0, 0, 168};
        default: return {0xfc00, 0, 0, 0};
    }
}

bool is_in(char c, std::string_view set) { return set.find(c) != set.npos; }

// Calls `with` for each dotted address of the text, and puts what it returns in its place.
std::string replaced(const std::string& text, const std::function<std::string(const IpAddress&)>& with) {
    constexpr std::string_view part = "0123456789.";
    std::string out;
    for (size_t at = 0; at < text.size();) {
        size_t end = at;
        while (end < text.size() && is_in(text[end], part)) ++end;
        const auto address = end > at ? IpAddress::parse(text.substr(at, end - at)) : std::nullopt;
        if (address) out += with(*address);
        else out += text.substr(at, std::max<size_t>(end - at, 1));
        at = std::max(end, at + 1);
    }
    return out;
}

std::string bare(const IpAddress& address) { return as_ipv6(address).to_string(); }

// Of "msrp://192.0.2.10:2855/…"
std::string with_bracketed_uris(std::string body) {
    for (size_t at = 0; (at = body.find("://", at)) != body.npos;) {
        at += 3;
        const size_t end = body.find(':', at);
        body.replace(at, end - at, '[' + bare(IpAddress::parse(body.substr(at, end - at)).value()) + ']');
    }
    return body;
}

} // namespace

IpAddress as_ipv6(const IpAddress& address) {
    if (!address.is_v4()) return address;
    if (address.is_unspecified()) return IpAddress();
    const auto& bytes = address.bytes();
    const auto prefix = prefix_of(group(bytes[12], bytes[13]));
    std::array<uint8_t, 16> result{};
    for (size_t i = 0; i < prefix.size(); ++i) {
        result[2 * i] = static_cast<uint8_t>(prefix[i] >> 8);
        result[2 * i + 1] = static_cast<uint8_t>(prefix[i]);
    }
    std::copy(bytes.begin() + 12, bytes.end(), result.begin() + 12);
    return IpAddress(result);
}

std::string message_as_ipv6(const std::string& message) {
    const size_t end = message.find("\r\n\r\n") + 4;
    std::string head = replaced(message.substr(0, end), [](const auto& a) { return '[' + bare(a) + ']'; });
    std::string body = replaced(with_bracketed_uris(message.substr(end)), bare);
    for (size_t at = 0; (at = body.find("IN IP4 ", at)) != body.npos;) body[at + 5] = '6';
    const size_t length = head.find("Content-Length: ") + 16;
    head.replace(length, head.find("\r\n", length) - length, std::to_string(body.size()));
    return head + body;
}

// A prefix of n bits has n - 32 + 128 of them; the networks of the scripts end at whole bytes.
std::string networks_as_ipv6(const std::string& networks) {
    std::string out;
    for (size_t at = 0; at < networks.size();) {
        const size_t comma = std::min(networks.find(',', at), networks.size());
        const std::string one = networks.substr(at, comma - at);
        const size_t slash = one.find('/');
        const auto address = IpAddress::parse(one.substr(0, slash));
        out += address && address->is_v4() ? '"' + bare(*address) : one;
        if (address && address->is_v4() && slash != one.npos)
            out += "/" + std::to_string(96 + std::stoi(one.substr(slash + 1)));
        if (address && address->is_v4()) out += '"';
        if (comma < networks.size()) out += ",";
        at = comma + 1;
    }
    return out;
}

} // namespace ringwall::test
