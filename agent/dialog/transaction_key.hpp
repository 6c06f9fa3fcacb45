// SPDX-License-Identifier: Apache-2.0
// What all messages of one SIP transaction have alike (RFC 3261 17.1.3, 17.2.3): Call-ID, top Via branch, CSeq number and
// method, and of what began outside the top Via's sent-by, as a number that nobody outside can aim at.
#pragma once

#include "agent/dialog/keyed_hash.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::dialog {

std::string_view top_branch(const sip::Message& message); // empty where there is none

// `by` is the message's method, but for an ACK to a failure, which belongs to its INVITE. `outbound` is the message's way:
// the inside answers another's INVITE of the same branch by itself; what is answered outside may come back with another
// sent-by. Once a message: it is what costs most of all that is looked up.
uint64_t transaction_key(const KeyedHash& hash, const sip::Message& message, sip::Method by, bool outbound);
// One of several keys of a transaction; `kind` is 1, 2 or 3. Never 0.
constexpr uint64_t key_of_kind(uint64_t transaction, uint64_t kind) { return transaction >> 2 | kind << 62; }

} // namespace ringwall::dialog
