// SPDX-License-Identifier: Apache-2.0
#include "maps/net/address.hpp"

#include <arpa/inet.h>
#include <endian.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace ringwall {
namespace {

constexpr uint8_t v4_prefix_length = 96;

// Decimal digits as inet_pton has them: at most 255, without leading zeros.
bool is_octet(uint32_t value, ptrdiff_t digits) {
    return value < 10 ? digits == 1 : value < 100 ? digits == 2 : value < 256 && digits == 3;
}

// Four octets, in a loop of its own: most addresses in signalling are IPv4, and a try as IPv6 first costs three times
// the rest.
std::optional<IpAddress> parse_v4(std::string_view text) {
    if (text.size() > std::string_view("255.255.255.255").size()) return std::nullopt;
    const char* at = text.data();
    const char* const end = at + text.size();
    uint32_t address = 0;
    for (int octets = 1;; ++octets, ++at) {
        const char* const first = at;
        uint32_t value = 0;
        for (; at != end && *at >= '0' && *at <= '9'; ++at) value = value * 10 + static_cast<uint32_t>(*at - '0');
        if (!is_octet(value, at - first)) return std::nullopt;
        address = address << 8 | value;
        if (octets == 4) return at == end ? std::optional(IpAddress::v4(address)) : std::nullopt;
        if (at == end || *at != '.') return std::nullopt;
    }
}

// The leading bits of a half, whose bytes are in network order.
void mask_half(uint8_t* half, int bits) {
    if (bits >= 64) return;
    uint64_t word;
    std::memcpy(&word, half, sizeof word);
    word &= bits <= 0 ? 0 : htobe64(~uint64_t{0} << (64 - bits));
    std::memcpy(half, &word, sizeof word);
}

std::array<uint8_t, 16> masked(std::array<uint8_t, 16> bytes, uint8_t length) {
    mask_half(bytes.data(), length);
    mask_half(bytes.data() + 8, length - 64);
    return bytes;
}

} // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (const auto v4 = parse_v4(text)) return v4;
    char terminated[INET6_ADDRSTRLEN]; // inet_pton wants a C string
    if (text.size() >= sizeof terminated || text.find(':') == text.npos || text.find('\0') != text.npos)
        return std::nullopt;
    std::memcpy(terminated, text.data(), text.size());
    terminated[text.size()] = '\0';
    std::array<uint8_t, 16> bytes{};
    if (inet_pton(AF_INET6, terminated, bytes.data()) == 1) return IpAddress(bytes);
    return std::nullopt;
}

IpAddress IpAddress::v4(uint32_t host_order) {
    const uint32_t words[4] = {0, 0, htonl(0xffff), htonl(host_order)};
    std::array<uint8_t, 16> bytes;
    std::memcpy(bytes.data(), words, sizeof words);
    return IpAddress(bytes);
}

IpAddress IpAddress::from(const struct address& crossed) {
    std::array<uint8_t, 16> bytes;
    std::memcpy(bytes.data(), crossed.word, bytes.size());
    return IpAddress(bytes);
}

struct address IpAddress::abi() const {
    struct address crossed;
    std::memcpy(crossed.word, bytes_.data(), bytes_.size());
    return crossed;
}

bool IpAddress::is_v4() const {
    static constexpr std::array<uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(bytes_.data(), mapped.data(), mapped.size()) == 0;
}

bool IpAddress::is_unspecified() const { return *this == IpAddress() || *this == v4(0); }

bool IpAddress::is_multicast() const { return is_v4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }

bool IpAddress::is_unroutable() const {
    static const auto is_within = [](const IpAddress& address, const auto& networks) {
        return std::ranges::any_of(networks, [&](const Prefix& network) { return network.contains(address); });
    };
    static const std::array v4{*Prefix::parse("10.0.0.0/8"),     *Prefix::parse("172.16.0.0/12"),
                               *Prefix::parse("192.168.0.0/16"), *Prefix::parse("100.64.0.0/10"),
                               *Prefix::parse("169.254.0.0/16"), *Prefix::parse("192.0.0.0/29"),
                               *Prefix::parse("127.0.0.0/8"),    *Prefix::parse("198.18.0.0/15")};
    static const std::array v6{*Prefix::parse("fc00::/7"), *Prefix::parse("fe80::/10"), *Prefix::parse("::1")};
    return is_v4() ? is_within(*this, v4) : is_within(*this, v6);
}

std::string IpAddress::to_string() const {
    char text[INET6_ADDRSTRLEN];
    if (is_v4()) return inet_ntop(AF_INET, bytes_.data() + 12, text, sizeof text);
    return inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (has_brackets) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    if (!address || address->is_v4() == has_brackets) return std::nullopt;
    const std::string_view digits = text.substr(colon + 1);
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return Endpoint{*address, Port{port}};
}

Endpoint Endpoint::from(const struct peer& crossed) {
    return {IpAddress::from(crossed.address), Port{ntohs(crossed.port)}};
}

struct peer Endpoint::abi() const { return {address.abi(), htons(port.value), {0, 0}}; }

std::string Endpoint::to_string() const {
    const std::string host = address.is_v4() ? address.to_string() : "[" + address.to_string() + "]";
    return host + ":" + std::to_string(port.value);
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
    if (text == "any") return Prefix{};
    const size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const unsigned offset = address->is_v4() ? v4_prefix_length : 0;
    unsigned length = 128 - offset;
    if (slash != text.npos) {
        const std::string_view digits = text.substr(slash + 1);
        const unsigned most = length;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (error != std::errc() || end != digits.data() + digits.size() || length > most) return std::nullopt;
    }
    const Prefix prefix{*address, static_cast<uint8_t>(length + offset)};
    if (masked(address->bytes(), prefix.length) != address->bytes()) return std::nullopt;
    return prefix;
}

Prefix Prefix::of(const IpAddress& address, uint8_t length) {
    return {IpAddress(masked(address.bytes(), length)), length};
}

bool Prefix::contains(const IpAddress& other) const { return masked(other.bytes(), length) == address.bytes(); }

bool Prefix::contains(const Prefix& other) const { return length <= other.length && contains(other.address); }

std::string Prefix::to_string() const {
    if (length == 0) return "any";
    const bool is_v4 = length >= v4_prefix_length && address.is_v4();
    return address.to_string() + "/" + std::to_string(is_v4 ? length - v4_prefix_length : length);
}

Prefix household_of(const IpAddress& address) {
    static const Prefix nat64 = *Prefix::parse("64:ff9b::/96");
    return Prefix::of(address, address.is_v4() || nat64.contains(address) ? 128 : 64);
}

std::string_view to_string(Protocol protocol) { return protocol == Protocol::udp ? "udp" : "tcp"; }

} // namespace ringwall

size_t std::hash<ringwall::IpAddress>::operator()(const ringwall::IpAddress& address) const noexcept {
    uint64_t halves[2];
    std::memcpy(halves, address.bytes().data(), sizeof halves);
    return (halves[0] * 0x9e3779b97f4a7c15ULL) ^ (halves[1] * 0xc2b2ae3d27d4eb4fULL);
}

size_t std::hash<ringwall::Endpoint>::operator()(const ringwall::Endpoint& endpoint) const noexcept {
    return std::hash<ringwall::IpAddress>()(endpoint.address) * 31 + endpoint.port.value;
}
