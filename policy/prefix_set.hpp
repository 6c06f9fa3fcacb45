// SPDX-License-Identifier: Apache-2.0
// Prefixes, asked for one that has all of another: a look for each length that stands in it, however many there are.
#pragma once

#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "maps/net/address.hpp"

namespace ringwall::policy {

class PrefixSet {
public:
    PrefixSet() = default;
    explicit PrefixSet(const std::vector<Prefix>& all) {
        for (const Prefix& prefix : all) insert(prefix);
    }
    void insert(const Prefix& prefix) { by_length_[prefix.length].insert(prefix.address); }
    bool contains(const Prefix& prefix) const {
        const auto found = by_length_.find(prefix.length);
        return found != by_length_.end() && found->second.contains(prefix.address);
    }
    // The widest that has all of it; it may be itself.
    std::optional<Prefix> covering(const Prefix& prefix) const {
        for (const auto& [length, addresses] : by_length_) {
            if (length > prefix.length) break;
            const Prefix wider = Prefix::of(prefix.address, length);
            if (addresses.contains(wider.address)) return wider;
        }
        return std::nullopt;
    }

private:
    std::map<uint8_t, std::unordered_set<IpAddress>> by_length_;
};

} // namespace ringwall::policy
