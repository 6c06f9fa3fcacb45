// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/message.hpp"
#include "agent/sip/stun.hpp"

namespace ringwall::sip {

bool is_keepalive(std::string_view datagram) {
    if (datagram.empty()) return false;
    return datagram.find_first_not_of("\r\n") == datagram.npos || is_stun(datagram);
}

} // namespace ringwall::sip
