// SPDX-License-Identifier: Apache-2.0
// Addresses, ports, endpoints and prefixes as values. One representation for both families: sixteen bytes in network
// order, IPv4 as v4-mapped (RFC 4291 2.5.5.2), the form in which they cross into the maps.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "maps/abi/pinhole.h"

namespace ringwall {

struct Port {
    uint16_t value = 0;
    auto operator<=>(const Port&) const = default;
};

class IpAddress {
public:
    constexpr IpAddress() = default; // :: (unspecified)
    constexpr explicit IpAddress(const std::array<uint8_t, 16>& bytes) : bytes_(bytes) {}

    // Dotted IPv4 or IPv6 without brackets, zone or port; nothing else, and nothing left over.
    static std::optional<IpAddress> parse(std::string_view text);
    static IpAddress v4(uint32_t host_order);
    static IpAddress from(const struct address& crossed);

    bool is_v4() const;          // v4-mapped
    bool is_unspecified() const; // 0.0.0.0 or ::
    bool is_multicast() const;
    // RFC 1918, 100.64/10, 127/8, 169.254/16, 192.0.0.0/29, 198.18/15, fc00::/7, fe80::/10, ::1: an address that means
    // nothing across a NAT.
    bool is_unroutable() const;
    const std::array<uint8_t, 16>& bytes() const { return bytes_; }
    struct address abi() const;
    std::string to_string() const; // IPv4 dotted, IPv6 by RFC 5952
    auto operator<=>(const IpAddress&) const = default;
    // As two words: of sixteen bytes std::array makes a call of memcmp(), and nothing is asked more often.
    constexpr bool operator==(const IpAddress& other) const {
        using Words = std::array<uint64_t, 2>;
        return std::bit_cast<Words>(bytes_) == std::bit_cast<Words>(other.bytes_);
    }

private:
    std::array<uint8_t, 16> bytes_{};
};

struct Endpoint {
    IpAddress address;
    Port port;

    // As to_string() writes it, and nothing left over.
    static std::optional<Endpoint> parse(std::string_view text);
    static Endpoint from(const struct peer& crossed);
    struct peer abi() const;
    std::string to_string() const; // 192.0.2.1:5060, [2001:db8::1]:5060
    auto operator<=>(const Endpoint&) const = default;
};

// A prefix of the v4-mapped space: 192.0.2.0/24 has length 120.
struct Prefix {
    IpAddress address;  // host bits are zero
    uint8_t length = 0; // 0..128

    // "192.0.2.0/24", "2001:db8::/32", a bare address (its whole length), or "any". Host bits set are an error.
    static std::optional<Prefix> parse(std::string_view text);
    static Prefix of(const IpAddress& address, uint8_t length); // the network that `address` is in
    bool contains(const IpAddress& address) const;
    bool contains(const Prefix& other) const;
    std::string to_string() const;
    auto operator<=>(const Prefix&) const = default;
};

// What one customer has: the IPv4 address, or the IPv6 /64 (RFC 6177). Of 64:ff9b::/96, by which NAT64 shows IPv4 hosts
// (RFC 6052 2.1), the address: its one /64 is all of IPv4.
Prefix household_of(const IpAddress& address);

enum class Protocol : uint8_t { tcp = 6, udp = 17 };
std::string_view to_string(Protocol protocol);

} // namespace ringwall

template <>
struct std::hash<ringwall::IpAddress> {
    size_t operator()(const ringwall::IpAddress& address) const noexcept;
};
template <>
struct std::hash<ringwall::Endpoint> {
    size_t operator()(const ringwall::Endpoint& endpoint) const noexcept;
};
