// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/sip/message.hpp"

namespace ringwall::sip {

struct CSeq {
    uint32_t number = 0;
    std::string_view method;
};

// CSeq = 1*DIGIT LWS Method (RFC 3261 20.16); the number is below 2^31 (8.1.1.5).
std::optional<CSeq> cseq(std::string_view value);

} // namespace ringwall::sip
