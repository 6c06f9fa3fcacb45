// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/transaction_key.hpp"

#include <charconv>

namespace ringwall::dialog {
namespace {

class Digits {
public:
    explicit Digits(uint32_t number) : end_(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr) {}
    std::string_view text() const { return {digits_, static_cast<size_t>(end_ - digits_)}; }

private:
    char digits_[16];
    const char* end_;
};

} // namespace

std::string_view top_branch(const sip::Message& message) {
    return message.vias().empty() ? std::string_view() : message.vias().front().branch;
}

uint64_t transaction_key(const KeyedHash& hash, const sip::Message& message, sip::Method by, bool outbound) {
    const std::string_view method = by == sip::Method::other ? message.method_token : sip::to_string(by);
    const bool begun_outside = outbound != message.is_request;
    const sip::HostPort sent_by =
        begun_outside && !message.vias().empty() ? message.vias().front().sent_by : sip::HostPort{};
    const Digits cseq(message.cseq), port(sent_by.port.value_or(Port{5060}).value);
    return hash({message.call_id, top_branch(message), cseq.text(), method, sent_by.host, port.text()});
}

} // namespace ringwall::dialog
