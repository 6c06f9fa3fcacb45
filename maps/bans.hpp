// SPDX-License-Identifier: Apache-2.0
// Bans as text: whom one is of, and why.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maps/abi/ban.h"
#include "maps/abi/party.h"
#include "maps/net/address.hpp"

namespace ringwall {

struct CauseText {
    std::string_view label, sentence;
};

inline constexpr std::array<CauseText, BAN_CAUSE_COUNT> cause_texts{{
#define RINGWALL_BAN_CAUSE_TEXT(label, sentence) {#label, sentence},
    RINGWALL_BAN_CAUSES(RINGWALL_BAN_CAUSE_TEXT)
#undef RINGWALL_BAN_CAUSE_TEXT
}};

constexpr CauseText cause_text(uint32_t cause) { return cause < cause_texts.size() ? cause_texts[cause] : CauseText{}; }

inline constexpr std::string_view ban_source_expected =
    "expected an address, ADDRESS:PORT or an IPv6 /64 (wider networks belong into deny.networks)";
inline constexpr std::chrono::seconds shortest_ban{1}, longest_ban{366 * 86400};

// "192.0.2.1", "192.0.2.1:5060", "2001:db8::/64", "[2001:db8::1]:5060"
std::string to_string(const struct ban_key& key);
// As to_string() writes it, and 192.0.2.1/32, 2001:db8::1/128. Nothing for anything else: wider prefixes are the
// configuration's (deny.networks).
std::optional<struct ban_key> ban_key_of(std::string_view text);

// Of the same source, or of a part of it: a port of the address; an address of the IPv6 /64, or a port there.
bool lies_within(const struct ban_key& part, const struct ban_key& whole);

// Under which the programs look for a ban of this source, the widest first; and for what is known of it.
std::vector<struct ban_key> ban_keys_of(const Endpoint& source);
std::vector<struct known_key> known_keys_of(const Endpoint& source);

} // namespace ringwall
