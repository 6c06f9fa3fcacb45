// SPDX-License-Identifier: Apache-2.0
// STUN messages (RFC 8489) as a telephone and a server send them.
#pragma once

#include <string>
#include <string_view>

#include "maps/net/address.hpp"

namespace ringwall::test {

inline std::string two_bytes(unsigned value) {
    return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

// `transaction` is filled up to 12 bytes, `value` to four.
inline std::string stun_attribute(unsigned type, const std::string& value) {
    return two_bytes(type) + two_bytes(static_cast<unsigned>(value.size())) + value +
           std::string((4 - value.size() % 4) % 4, '\0');
}
inline std::string stun_message(unsigned type, std::string transaction, const std::string& attributes = "") {
    transaction.resize(12, '.');
    return two_bytes(type) + two_bytes(static_cast<unsigned>(attributes.size())) + "\x21\x12\xa4\x42" + transaction +
           attributes;
}

// MAPPED-ADDRESS (14.1), or XORed with the header from its cookie on (14.2).
inline std::string mapped_address(const Endpoint& endpoint) {
    const auto& bytes = endpoint.address.bytes();
    const size_t from = endpoint.address.is_v4() ? 12 : 0;
    return std::string(1, '\0') + (from != 0 ? '\1' : '\2') + two_bytes(endpoint.port.value) +
           std::string(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end());
}
inline std::string xor_mapped_address(const Endpoint& endpoint, std::string transaction) {
    transaction.resize(12, '.');
    const std::string mask = "\x21\x12\xa4\x42" + transaction;
    std::string value = mapped_address(endpoint);
    for (size_t i = 2; i < value.size(); ++i) value[i] = static_cast<char>(value[i] ^ mask[i < 4 ? i - 2 : i - 4]);
    return value;
}

inline std::string stun_request(const std::string& transaction) { return stun_message(0x0001, transaction); }
inline std::string stun_answer(const std::string& transaction, const Endpoint& seen) {
    return stun_message(0x0101, transaction, stun_attribute(0x0020, xor_mapped_address(seen, transaction)));
}

} // namespace ringwall::test
