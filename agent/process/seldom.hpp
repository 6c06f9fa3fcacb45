// SPDX-License-Identifier: Apache-2.0
// What happens again and again, as somebody goes on making it happen, is told ever more seldom: the first few times at once,
// then after a second at the earliest, two, four, at most 30. After a minute without it, it begins anew,
// with what was left untold before.
#pragma once

#include <utility>

#include "agent/process/retry.hpp"

namespace ringwall::agent {

class Seldom {
public:
    static constexpr unsigned at_once = 8;
    static constexpr std::chrono::seconds quiet{60};

    // How often since it was told last, this time included; 0: not now.
    uint64_t happened(Retry::Time now) {
        if (last_ && now >= *last_ + quiet) {
            told_ = 0;
            pace_ = {};
        }
        last_ = now;
        ++untold_;
        if (told_ >= at_once && !pace_.is_due(now)) return 0;
        if (++told_ >= at_once) pace_.failed(now);
        return std::exchange(untold_, 0);
    }

private:
    std::optional<Retry::Time> last_;
    unsigned told_ = 0;
    uint64_t untold_ = 0;
    Retry pace_;
};

} // namespace ringwall::agent
