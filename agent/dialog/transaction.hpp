// SPDX-License-Identifier: Apache-2.0
// SIP transactions that crossed the wall (RFC 3261 17): responses count only within one whose request we saw.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/dialog/descriptions.hpp"
#include "agent/dialog/keyed_hash.hpp"
#include "agent/dialog/leg.hpp"
#include "agent/dialog/transaction_key.hpp"
#include "agent/pinhole/deadlines.hpp"
#include "agent/pinhole/flat_map.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::dialog {

// Whose room a transaction takes. Each stays within its own, and all together within what there is.
enum class Share : uint8_t {
    inside,            // the rest of all is kept for it
    outside,           // a declared peer's, who is registered here; and what the inside hands on for them
    strangers,         // what they begin, and have handed on
    strangers_in_call, // they have a call: all that strangers have
    nobodys,           // within a dialog that nobody knows of: strangers', and what is handed on
};

struct Transaction {
    uint64_t id = 0;       // 0: not of a table
    bool outbound = false; // the request left the protected side
    sip::Method method = sip::Method::other;
    uint32_t cseq = 0;
    Share share = Share::inside;
    bool is_initial = false; // INVITE without a To tag
    IpAddress source;        // of what began outside
    LegId leg = 0;           // of an initial outbound INVITE: the first fork
    uint64_t group = 0;
    std::string inside_tag;                                 // of the request, where the inside sent it
    std::optional<std::vector<pinhole::Claim>> local_offer; // SDP of the request, by direction
    KeptRemote remote_offer;
    bool is_final = false, is_failed = false;
    bool is_cancelled = false;      // by the inside
    std::vector<uint64_t> answered; // To tags of its 2xx, hashed: once their call has ended, one more begins nothing
    TimePoint expires;

    // It has failed, and no response that is still to come means anything (RFC 3261 17.1.1.2).
    void forget_offers() {
        local_offer.reset();
        remote_offer.reset();
    }
};

class Transactions {
public:
    static constexpr size_t capacity = 131072;
    static constexpr size_t capacity_outside = capacity - capacity / 8; // of requests of the inside is the rest
    static constexpr size_t capacity_strangers = capacity / 2;
    static constexpr size_t capacity_beginning = capacity_strangers * 7 / 8; // the rest is for calls that stand
    static constexpr size_t capacity_nobodys = capacity / 16;

    explicit Transactions(const KeyedHash& hash) : hash_(hash) {}

    // By transaction_key() and the request's direction. Null: not seen.
    Transaction* find(uint64_t key, bool request_outbound);
    void expect(uint64_t key, bool request_outbound) const; // it will be asked for
    // The INVITE that an ACK to a failure, or a CANCEL, belongs to.
    Transaction* find_invite_of(const sip::Message& request, bool outbound);
    // Null where there is no room (counted by the caller). An existing one is returned as it is.
    Transaction* add(uint64_t key, const sip::Message& request, bool outbound, TimePoint expires, Share share);
    // A provisional response makes it last longer; after the final one only retransmissions need it.
    void expire_at(Transaction& transaction, TimePoint expires);
    void expire(TimePoint now);
    size_t size() const { return by_key_.size(); }
    size_t strangers() const { return strangers_; }

private:
    bool has_room(Share share) const;
    void count(Share share, int by);
    void remind(const Transaction& transaction);

    KeyedHash hash_;
    pinhole::FlatMap<std::unique_ptr<Transaction>> by_key_;
    pinhole::Deadlines<uint64_t> expiries_;
    size_t strangers_ = 0, nobodys_ = 0;
};

} // namespace ringwall::dialog
