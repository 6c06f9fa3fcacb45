// SPDX-License-Identifier: Apache-2.0
#include "agent/journal.hpp"

#include <utility>

namespace ringwall {
namespace {

constexpr size_t most_notices = 1024; // what one round may say; attackers trigger these

} // namespace

void Journal::count(std::string_view label, uint64_t by) {
    if (by == 0) return;
    const auto found = counters_.find(label);
    if (found == counters_.end()) counters_.emplace(label, by);
    else found->second += by;
}

void Journal::notice(Notice notice) {
    if (notices_.size() < most_notices) notices_.push_back(std::move(notice));
}

std::vector<Notice> Journal::take_notices() { return std::exchange(notices_, {}); }

} // namespace ringwall
