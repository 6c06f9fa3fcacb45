// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/transaction.hpp"

#include <charconv>

namespace ringwall::dialog {

uint64_t Transactions::key(const sip::Message& message, bool request_outbound, sip::Method by) const {
    char cseq[16];
    const auto end = std::to_chars(cseq, cseq + sizeof cseq, message.cseq).ptr;
    const std::string_view branch = message.vias().empty() ? std::string_view() : message.vias().front().branch;
    const std::string_view method = by == sip::Method::other ? message.method_token : sip::to_string(by);
    return hash_(
        {message.call_id, branch, {cseq, static_cast<size_t>(end - cseq)}, method, request_outbound ? "out" : "in"});
}

Transaction* Transactions::find(const sip::Message& message, bool request_outbound, std::optional<sip::Method> method) {
    const auto found = by_key_.find(key(message, request_outbound, method.value_or(message.method)));
    return found == by_key_.end() ? nullptr : &found->second;
}

Transaction* Transactions::add(const sip::Message& request, bool outbound, TimePoint expires, bool is_strangers) {
    const uint64_t id = key(request, outbound, request.method);
    if (const auto found = by_key_.find(id); found != by_key_.end()) return &found->second;
    if (by_key_.size() >= capacity || (is_strangers && strangers_ >= capacity_strangers)) return nullptr;
    strangers_ += is_strangers;
    order_.emplace(expires, id);
    return &by_key_
                .emplace(id, Transaction{.id = id,
                                         .outbound = outbound,
                                         .method = request.method,
                                         .cseq = request.cseq,
                                         .is_strangers = is_strangers,
                                         .expires = expires})
                .first->second;
}

void Transactions::expire_at(Transaction& transaction, TimePoint expires) {
    if (order_.erase({transaction.expires, transaction.id}) == 0) return; // one that a restart made up
    transaction.expires = expires;
    order_.emplace(expires, transaction.id);
}

void Transactions::expire(TimePoint now) {
    while (!order_.empty() && order_.begin()->first <= now) erase(order_.begin()->second);
}

void Transactions::erase(uint64_t id) {
    const auto found = by_key_.find(id);
    order_.erase({found->second.expires, id});
    strangers_ -= found->second.is_strangers;
    by_key_.erase(found);
}

} // namespace ringwall::dialog
