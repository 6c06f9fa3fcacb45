// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/transaction_key.hpp"

#include <charconv>

namespace ringwall::dialog {

std::string_view top_branch(const sip::Message& message) {
    return message.vias().empty() ? std::string_view() : message.vias().front().branch;
}

uint64_t transaction_key(const KeyedHash& hash, const sip::Message& message, sip::Method by) {
    char cseq[16];
    const auto end = std::to_chars(cseq, cseq + sizeof cseq, message.cseq).ptr;
    const std::string_view method = by == sip::Method::other ? message.method_token : sip::to_string(by);
    return hash({message.call_id, top_branch(message), {cseq, static_cast<size_t>(end - cseq)}, method});
}

} // namespace ringwall::dialog
