// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/transaction.hpp"

namespace ringwall::dialog {

namespace {

// One that crosses the wall both ways is two.
uint64_t id_of(uint64_t key, bool outbound) { return key_of_kind(key, outbound ? 2 : 1); }

} // namespace

Transaction* Transactions::find(uint64_t key, bool request_outbound) {
    const auto found = by_key_.find(id_of(key, request_outbound));
    return found ? found->get() : nullptr;
}

void Transactions::expect(uint64_t key, bool request_outbound) const { by_key_.expect(id_of(key, request_outbound)); }

Transaction* Transactions::find_invite_of(const sip::Message& request, bool outbound) {
    return find(transaction_key(hash_, request, sip::Method::invite, outbound), outbound);
}

bool Transactions::has_room(Share share) const {
    if (by_key_.size() >= (share == Share::inside ? capacity : capacity_outside)) return false;
    switch (share) {
        case Share::inside:
        case Share::outside: return true;
        case Share::strangers: return strangers_ < capacity_beginning;
        case Share::strangers_in_call: return strangers_ < capacity_strangers;
        case Share::nobodys: return nobodys_ < capacity_nobodys;
    }
    return false;
}

void Transactions::count(Share share, int by) {
    if (share == Share::strangers || share == Share::strangers_in_call) strangers_ += static_cast<size_t>(by);
    if (share == Share::nobodys) nobodys_ += static_cast<size_t>(by);
}

Transaction* Transactions::add(uint64_t key, const sip::Message& request, bool outbound, TimePoint expires,
                               Share share) {
    const uint64_t id = id_of(key, outbound);
    if (const auto found = by_key_.find(id)) return found->get();
    if (!has_room(share)) return nullptr;
    count(share, 1);
    auto& transaction = by_key_[id];
    transaction = std::make_unique<Transaction>(Transaction{.id = id,
                                                            .outbound = outbound,
                                                            .method = request.method,
                                                            .cseq = request.cseq,
                                                            .share = share,
                                                            .expires = expires});
    Transaction* const added = transaction.get();
    remind(*added);
    return added;
}

// Only what shall end sooner needs a new reminder: the old one finds that there is time, and gives another.
void Transactions::expire_at(Transaction& transaction, TimePoint expires) {
    if (transaction.id == 0) return; // one that a restart made up
    const bool is_sooner = expires < transaction.expires;
    transaction.expires = expires;
    if (is_sooner) remind(transaction);
}

void Transactions::remind(const Transaction& transaction) {
    expiries_.add(transaction.expires, transaction.id);
    if (expiries_.size() <= 4 * by_key_.size() + 1024) return;
    expiries_.keep_only([&](const auto& entry) {
        const auto found = by_key_.find(entry.id);
        return found && (*found)->expires >= entry.at;
    });
}

void Transactions::expire(TimePoint now) {
    while (expiries_.is_due(now)) {
        const auto found = by_key_.find(expiries_.take().id);
        if (!found) continue;
        const Transaction& transaction = **found;
        if (transaction.expires > now) {
            remind(transaction);
            continue;
        }
        count(transaction.share, -1);
        by_key_.erase(transaction.id);
    }
}

} // namespace ringwall::dialog
