// SPDX-License-Identifier: Apache-2.0
#include "agent/names/book.hpp"

#include <algorithm>

namespace ringwall::names {

std::string_view to_string(Trouble trouble) {
    switch (trouble) {
        case Trouble::none: return "";
        case Trouble::silent: return "no name server answers in time";
        case Trouble::refused: return "the name servers refuse, or are not there";
        case Trouble::failed: return "the name servers cannot find out";
        case Trouble::no_name: return "there is no such name (NXDOMAIN)";
        case Trouble::nothing: return "the name has no addresses";
        case Trouble::too_many: return "the name has more addresses or targets than are kept";
    }
    return "";
}

void Book::add(const std::string& name, const std::vector<IpAddress>& before, Time now) {
    Entry& entry = entries_[name];
    entry.ask_at = now;
    for (const IpAddress& address : before) entry.until[address] = now + stays;
}

std::vector<std::string> Book::due(Time now) {
    std::vector<std::string> names;
    for (auto& [name, entry] : entries_)
        if (!entry.is_under_way && entry.ask_at <= now) {
            entry.is_under_way = true;
            names.push_back(name);
        }
    return names;
}

Time Book::next() const {
    Time soonest = Time::max();
    for (const auto& [name, entry] : entries_) {
        if (!entry.is_under_way) soonest = std::min(soonest, entry.ask_at);
        if (!entry.is_settled) continue;
        for (const auto& [address, until] : entry.until) soonest = std::min(soonest, until);
    }
    return soonest;
}

bool Book::forget(Entry& entry, Time now) {
    if (!entry.is_settled) return false;
    return std::erase_if(entry.until, [&](const auto& each) { return each.second <= now; }) > 0;
}

bool Book::on_answer(const std::string& name, const Answer& answer, Time now) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return false;
    Entry& entry = found->second;
    entry.is_under_way = false;
    entry.trouble = answer.addresses.empty() && answer.trouble == Trouble::none ? Trouble::nothing : answer.trouble;
    entry.is_settled = entry.trouble == Trouble::none;
    const auto ttl = std::clamp(answer.ttl, least_ttl, most_ttl);
    bool has_changed = false;
    for (const IpAddress& address : answer.addresses)
        has_changed |= entry.until.insert_or_assign(address, now + ttl + stays).second;
    if (entry.is_settled) {
        entry.ask_at = now + ttl;
        entry.retry = first_retry;
        return forget(entry, now) || has_changed;
    }
    ++entry.failures;
    entry.ask_at = now + entry.retry;
    entry.retry = std::min(entry.retry * 2, last_retry);
    return has_changed;
}

std::vector<std::string> Book::tick(Time now) {
    std::vector<std::string> changed;
    for (auto& [name, entry] : entries_)
        if (forget(entry, now)) changed.push_back(name);
    return changed;
}

std::vector<IpAddress> Book::addresses(const std::string& name) const {
    std::vector<IpAddress> all;
    for (const auto& [address, until] : entries_.at(name).until) all.push_back(address);
    return all;
}

} // namespace ringwall::names
