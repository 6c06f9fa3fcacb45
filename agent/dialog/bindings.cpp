// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/bindings.hpp"

#include <algorithm>

#include "agent/dialog/registrations.hpp"

namespace ringwall::dialog {
namespace {

using std::chrono::seconds;

// Registrars grant less than was asked for, and list other telephones' bindings beside. Nothing where they list none.
std::optional<seconds> granted_of(const sip::Message& response, seconds requested) {
    std::optional<seconds> longest;
    for (const sip::NameAddress& contact : response.contacts()) {
        const auto expires = contact.expires ? contact.expires : response.expires;
        const seconds granted = expires ? seconds(*expires) : requested;
        longest = std::max(longest.value_or(granted), granted);
    }
    return longest ? std::optional(std::min(*longest, requested)) : std::nullopt;
}

} // namespace

const Bindings::Bound* Bindings::bound_at(const Endpoint& from, uint64_t record) const {
    const auto records = bound_.find(from);
    if (records == bound_.end()) return nullptr;
    const auto found = records->second.find(record);
    return found == records->second.end() ? nullptr : &found->second;
}

// RFC 3261 10.2.2, 10.2.3.
std::optional<Bindings::Wanted> Bindings::wanted(const sip::Message& request, const Endpoint& from) const {
    if (request.contact_is_star) return Wanted{};
    if (request.contact_count == 0) return std::nullopt;
    const auto asked_of = [&](const sip::NameAddress& contact) { return requested_expiry(request, contact); };
    const auto longest = std::ranges::max_element(request.contacts(), {}, asked_of);
    if (asked_of(*longest) > seconds(0)) return Wanted{asked_of(*longest), hash_({longest->uri})};
    const Bound* bound = bound_at(from, hash_({request.to.uri}));
    const auto is_ours = [&](const sip::NameAddress& contact) { return hash_({contact.uri}) == bound->contact; };
    if (bound != nullptr && std::ranges::none_of(request.contacts(), is_ours)) return std::nullopt;
    return Wanted{};
}

bool Bindings::bind(const Endpoint& from, uint64_t record, const Bound& bound) {
    if (!bound_.contains(from) && bound_.size() >= capacity) return false;
    auto& records = bound_[from];
    if (!records.contains(record) && records.size() >= most_of_one) return false;
    records[record] = bound;
    return true;
}

std::optional<Bindings::TimePoint> Bindings::accepted(const sip::Message& response, const Endpoint& from,
                                                      const Wanted& wanted, TimePoint now) {
    const uint64_t record = hash_({response.to.uri});
    const auto granted = granted_of(response, wanted.lasts);
    const bool is_taken_back = wanted.lasts == seconds(0);
    if (is_taken_back && bound_.contains(from)) bound_[from].erase(record);
    if (!is_taken_back && (!granted || *granted == seconds(0) || !bind(from, record, {now + *granted, wanted.contact})))
        return std::nullopt;
    TimePoint until = now;
    if (const auto records = bound_.find(from); records != bound_.end())
        for (const auto& [name, bound] : records->second) until = std::max(until, bound.until);
    return until;
}

void Bindings::expire(TimePoint now) {
    for (auto& [from, records] : bound_)
        std::erase_if(records, [&](const auto& record) { return record.second.until <= now; });
    std::erase_if(bound_, [](const auto& entry) { return entry.second.empty(); });
}

} // namespace ringwall::dialog
