// SPDX-License-Identifier: Apache-2.0
#include "agent/transport/budget.hpp"

namespace ringwall::transport {

bool Budget::take(const IpAddress& source) {
    if (items_ >= room_.items) return false;
    size_t& of_source = by_source_[household_of(source).address];
    if (of_source >= room_.items_of_source) return false;
    ++of_source;
    ++items_;
    return true;
}

void Budget::give_back(const IpAddress& source) {
    const auto found = by_source_.find(household_of(source).address);
    if (--found->second == 0) by_source_.erase(found);
    --items_;
}

} // namespace ringwall::transport
