// SPDX-License-Identifier: Apache-2.0
// When to try again what has failed: after a second, then each time after twice as long, up to a bound; at once where there
// is news of what was in the way, but not more often than each second, as a try may be news itself. What is tried sooner, for
// another reason, and fails, does not count.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace ringwall::agent {

class Retry {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds shortest{1}, longest{30};

    void failed(Time now) {
        failed_ = now;
        if (due_ && now < *due_) return;
        due_ = now + delay_;
        delay_ = std::min(delay_ * 2, longest);
    }
    // There is news: as if it had not failed before.
    void hurry(Time now) {
        due_ = failed_ ? std::max(now, *failed_ + shortest) : now;
        delay_ = shortest;
    }
    void over() { *this = {}; }

    bool is_due(Time now) const { return due_ && now >= *due_; }
    std::optional<Time> due() const { return due_; }

private:
    std::chrono::seconds delay_ = shortest; // that the next failure brings
    std::optional<Time> failed_, due_;      // the last time; the next one
};

} // namespace ringwall::agent
