// SPDX-License-Identifier: Apache-2.0
// A question as a packet: an Ethernet frame as it would arrive or leave.
#pragma once

#include <cstdint>
#include <string>

#include "agent/why/question.hpp"

namespace ringwall::why {

// `serial` tells packets apart that are alike else: of SIP the Call-ID and branch, of RTP the sequence number. Checksums
// are left zero: no program reads them.
std::string frame_of(const Question& question, const Evidence& evidence, uint32_t serial = 0);

} // namespace ringwall::why
