// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/transaction_key.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "agent/text/ascii.hpp"

namespace ringwall::dialog {
namespace {

// Alike in whichever way it is written: servers write anew what they have read, names in small letters (JAIN SIP), IPv6
// addresses in their own form.
class Host {
public:
    explicit Host(const sip::HostPort& host_port)
        : bytes_(host_port.address.value_or(IpAddress()).bytes()), name_(host_port.address ? "" : host_port.host) {
        std::ranges::transform(name_, name_.begin(), text::lower);
    }
    std::string_view text() const {
        return name_.empty() ? std::string_view(reinterpret_cast<const char*>(bytes_.data()), bytes_.size()) : name_;
    }

private:
    std::array<uint8_t, 16> bytes_;
    std::string name_;
};

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
    const Host host(sent_by);
    const Digits cseq(message.cseq), port(sent_by.port.value_or(Port{5060}).value);
    return hash({message.call_id, top_branch(message), cseq.text(), method, host.text(), port.text()});
}

} // namespace ringwall::dialog
