// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/message.hpp"

namespace ringwall::sip {
namespace {

constexpr size_t stun_header_bytes = 20;
constexpr std::string_view stun_magic_cookie("\x21\x12\xa4\x42", 4);

// RFC 8489 5: two zero bits, the type, the length without the header in units of four, the magic cookie
bool is_stun(std::string_view datagram) {
    if (datagram.size() < stun_header_bytes || static_cast<uint8_t>(datagram[0]) > 0x3f) return false;
    const size_t length =
        static_cast<size_t>(static_cast<uint8_t>(datagram[2])) << 8 | static_cast<uint8_t>(datagram[3]);
    return length % 4 == 0 && length + stun_header_bytes == datagram.size() &&
           datagram.substr(4, 4) == stun_magic_cookie;
}

} // namespace

bool is_keepalive(std::string_view datagram) {
    if (datagram.empty()) return false;
    return datagram.find_first_not_of("\r\n") == datagram.npos || is_stun(datagram);
}

} // namespace ringwall::sip
