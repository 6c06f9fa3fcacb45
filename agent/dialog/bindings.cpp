// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/bindings.hpp"

#include <algorithm>

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

bool Bindings::bind(const Endpoint& from, uint64_t record, TimePoint until) {
    if (!bound_.contains(from) && bound_.size() >= capacity) return false;
    auto& records = bound_[from];
    if (!records.contains(record) && records.size() >= most_of_one) return false;
    records[record] = until;
    return true;
}

std::optional<Bindings::TimePoint> Bindings::accepted(const sip::Message& response, const Endpoint& from,
                                                      seconds requested, TimePoint now) {
    const uint64_t record = hash_({response.to.uri});
    const auto granted = granted_of(response, requested);
    const bool is_taken_back = requested == seconds(0);
    if (is_taken_back && bound_.contains(from)) bound_[from].erase(record);
    if (!is_taken_back && (!granted || *granted == seconds(0) || !bind(from, record, now + *granted)))
        return std::nullopt;
    TimePoint until = now;
    if (const auto records = bound_.find(from); records != bound_.end())
        for (const auto& [name, end] : records->second) until = std::max(until, end);
    return until;
}

void Bindings::expire(TimePoint now) {
    for (auto& [from, records] : bound_)
        std::erase_if(records, [&](const auto& record) { return record.second <= now; });
    std::erase_if(bound_, [](const auto& entry) { return entry.second.empty(); });
}

} // namespace ringwall::dialog
