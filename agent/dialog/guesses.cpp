// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/guesses.hpp"

#include <algorithm>

namespace ringwall::dialog {

Guesses::Counted Guesses::count(Guess guess, const Endpoint& from, std::chrono::nanoseconds within, TimePoint now) {
    const Prefix network = household_of(from.address);
    if (!households_.contains(network) && households_.size() >= capacity) return {};
    const auto kind = static_cast<size_t>(guess);
    Household& household = households_[network];
    if (now - household.began[kind] > within) {
        household.began[kind] = now;
        household.counts[kind] = 0;
        for (auto& [port, counts] : household.ports) counts[kind] = 0;
    }
    household.until = std::max(household.until, now + within);
    ++household.counts[kind];
    if (!household.ports.contains(from) && household.ports.size() >= most_ports) return {0, household.counts[kind]};
    return {++household.ports[from][kind], household.counts[kind]};
}

void Guesses::forget(const Endpoint& from) {
    const auto household = households_.find(household_of(from.address));
    if (household == households_.end()) return;
    const auto port = household->second.ports.find(from);
    if (port == household->second.ports.end()) return;
    for (size_t kind = 0; kind < port->second.size(); ++kind)
        household->second.counts[kind] -= std::min(household->second.counts[kind], port->second[kind]);
    household->second.ports.erase(port);
}

void Guesses::expire(TimePoint now) {
    std::erase_if(households_, [&](const auto& household) { return household.second.until < now; });
}

} // namespace ringwall::dialog
