// SPDX-License-Identifier: Apache-2.0
#include "policy/renumbering.hpp"

#include <algorithm>

namespace ringwall::policy {
namespace {

// `first_before`, `first_after`: the number of the first of them.
template <class Named>
void renumber(const std::vector<Named>& before, size_t first_before, const std::vector<Named>& after,
              size_t first_after, Renumbering& numbers) {
    for (size_t i = 0; i < before.size(); ++i) {
        const auto found = std::ranges::find(after, before[i].name, &Named::name);
        if (found == after.end()) continue;
        numbers[first_before + i] = static_cast<uint8_t>(first_after + static_cast<size_t>(found - after.begin()));
    }
}

} // namespace

Renumbering renumbering(const Config& before, const Config& after) {
    Renumbering numbers{};
    renumber(before.peers, 1, after.peers, 1, numbers);
    renumber(before.zones, 1 + before.peers.size(), after.zones, 1 + after.peers.size(), numbers);
    return numbers;
}

} // namespace ringwall::policy
