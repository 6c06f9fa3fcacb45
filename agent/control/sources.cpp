// SPDX-License-Identifier: Apache-2.0
#include "agent/control/sources.hpp"

#include <array>
#include <boost/json.hpp>

#include "agent/control/text.hpp"
#include "agent/pinhole/map_value.hpp"
#include "maps/net/address.hpp"

namespace ringwall::control {
namespace {

namespace json = boost::json;

constexpr uint8_t whole_address = 128, v6_network = 64;

struct KnownText {
    uint32_t flag;
    std::string_view label, sentence;
};

constexpr std::array<KnownText, 6> known_texts{{
    {KNOWN_REGISTERED, "registered", "registered here, from exactly this port"},
    {KNOWN_REGISTRAR, "registrar", "the inside is registered with it"},
    {KNOWN_PARTY, "party", "in a call, or was within the last half minute"},
    {KNOWN_REMEMBERED, "remembered", "somebody has registered from this address in the last seven days"},
    {KNOWN_CALLS_FULL, "calls_full", "has as many calls as it may; its next one is refused"},
    {KNOWN_PROVEN, "counted", "has shown where it is; what it sends over its limits counts towards a ban"},
}};

std::string source_text(const struct known_key& key, const struct known& known) {
    const IpAddress address = IpAddress::from(key.address);
    if (key.port != 0) return Endpoint{address, Port{static_cast<uint16_t>(key.port)}}.to_string();
    const Prefix network = network_of(key, known);
    return network.length == whole_address ? address.to_string() : network.to_string();
}

} // namespace

// What is full of an IPv6 source is its /64 (agent/dialog/ceilings.hpp).
Prefix network_of(const struct known_key& key, const struct known& known) {
    const IpAddress address = IpAddress::from(key.address);
    const Prefix network = Prefix::of(address, v6_network);
    const bool is_network =
        !address.is_v4() && key.port == 0 && known.flags == KNOWN_CALLS_FULL && network.address == address;
    return is_network ? network : Prefix::of(address, whole_address);
}

std::optional<json::object> source(const struct known_key& key, const struct known& known, const policy::View& policy,
                                   Now now) {
    const uint64_t now_ns = pinhole::to_ns(now.monotonic);
    if (known.until_ns <= now_ns) return std::nullopt;
    json::array labels;
    std::string sentence;
    for (const KnownText& text : known_texts) {
        if ((known.flags & text.flag) == 0) continue;
        labels.emplace_back(json::string_view(text.label.data(), text.label.size()));
        sentence += (sentence.empty() ? "" : "; ") + std::string(text.sentence);
    }
    const std::string_view peer = policy.zone_name(policy.zone_of(IpAddress::from(key.address)));
    return json::object{{"source", source_text(key, known)},
                        {"peer", to_utf8(peer)},
                        {"known_as", std::move(labels)},
                        {"sentence", std::move(sentence)},
                        {"excess", known.excess},
                        {"expires_in", static_cast<double>(known.until_ns - now_ns) / 1e9}};
}

} // namespace ringwall::control
