// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/joins.hpp"

#include <algorithm>

namespace ringwall::dialog {

void Joins::note(const std::string& peer_name, const IpAddress& registrar, TimePoint until, TimePoint now) {
    const auto told = told_.find({peer_name, registrar});
    if ((told == told_.end() && told_.size() >= capacity) || untold_.size() >= capacity) return;
    if (until <= now || (told != told_.end() && until < told->second + worth_telling)) return;
    told_[{peer_name, registrar}] = until;
    untold_.push_back({peer_name, registrar, std::chrono::ceil<std::chrono::seconds>(until - now)});
}

std::vector<Join> Joins::take(size_t most) {
    const auto end = untold_.begin() + static_cast<std::ptrdiff_t>(std::min(most, untold_.size()));
    std::vector<Join> taken(untold_.begin(), end);
    untold_.erase(untold_.begin(), end);
    return taken;
}

void Joins::expire(TimePoint now) {
    std::erase_if(told_, [&](const auto& told) { return told.second <= now; });
}

} // namespace ringwall::dialog
