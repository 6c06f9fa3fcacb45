// SPDX-License-Identifier: Apache-2.0
// Which addresses need not be asked of `networks` (maps/abi/policy.h): the bits, and what those addresses are.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "maps/abi/policy.h"
#include "maps/net/address.hpp"

namespace ringwall::policy {

class Hints {
public:
    explicit Hints(const std::vector<std::pair<Prefix, struct network>>& networks);

    const std::vector<struct hint_page>& pages() const { return pages_; } // HINT_PAGES
    const struct network& elsewhere(bool is_v4) const { return elsewhere_[is_v4 ? 1 : 0].network; }
    bool may_be_listed(const IpAddress& address) const; // as the programs ask (bpf/policy.bpf.h)

private:
    struct Whole { // the narrowest prefix that holds a whole family
        int length = -1;
        struct network network = {};
    };
    void set(uint32_t bit);
    uint32_t at(uint32_t bit) const;
    void widen(Whole& whole, const Prefix& prefix, const struct network& network);
    void mark(bool is_v4, uint32_t leading, uint32_t length);

    std::vector<struct hint_page> pages_;
    Whole elsewhere_[2];
};

} // namespace ringwall::policy
