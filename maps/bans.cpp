// SPDX-License-Identifier: Apache-2.0
#include "maps/bans.hpp"

namespace ringwall {
namespace {

constexpr uint8_t whole_address = 128, v6_network = 64;

} // namespace

std::string to_string(const struct ban_key& key) {
    const IpAddress address = IpAddress::from(key.address);
    if (key.port == BAN_ADDRESS) return address.to_string();
    if (key.port == BAN_NETWORK) return Prefix::of(address, v6_network).to_string();
    return Endpoint{address, Port{static_cast<uint16_t>(key.port)}}.to_string();
}

std::optional<struct ban_key> ban_key_of(std::string_view text) {
    if (const auto endpoint = Endpoint::parse(text)) {
        if (endpoint->port.value == 0) return std::nullopt;
        return ban_key{endpoint->address.abi(), endpoint->port.value};
    }
    const auto prefix = text == "any" ? std::nullopt : Prefix::parse(text);
    if (!prefix) return std::nullopt;
    if (prefix->length == whole_address) return ban_key{prefix->address.abi(), BAN_ADDRESS};
    if (prefix->length == v6_network && !prefix->address.is_v4()) return ban_key{prefix->address.abi(), BAN_NETWORK};
    return std::nullopt;
}

bool lies_within(const struct ban_key& part, const struct ban_key& whole) {
    const IpAddress address = IpAddress::from(part.address), of = IpAddress::from(whole.address);
    if (whole.port == BAN_NETWORK) return !address.is_v4() && Prefix::of(of, v6_network).contains(address);
    return address == of && (part.port == whole.port || (whole.port == BAN_ADDRESS && part.port != BAN_NETWORK));
}

std::vector<struct ban_key> ban_keys_of(const Endpoint& source) {
    std::vector<struct ban_key> keys{{source.address.abi(), BAN_ADDRESS}};
    if (!source.address.is_v4()) keys.push_back({Prefix::of(source.address, v6_network).address.abi(), BAN_NETWORK});
    if (source.port.value != 0) keys.push_back({source.address.abi(), source.port.value});
    return keys;
}

std::vector<struct known_key> known_keys_of(const Endpoint& source) {
    std::vector<struct known_key> keys{{source.address.abi(), 0}};
    if (!source.address.is_v4()) keys.push_back({Prefix::of(source.address, v6_network).address.abi(), 0});
    if (source.port.value != 0) keys.push_back({source.address.abi(), source.port.value});
    return keys;
}

} // namespace ringwall
