// SPDX-License-Identifier: Apache-2.0
#include "policy/hints.hpp"

#include <algorithm>

namespace ringwall::policy {
namespace {

constexpr uint8_t v4_space = 96; // ::ffff:0:0/96
constexpr uint32_t coarse_length = 16;

uint32_t fine_length(bool is_v4) { return is_v4 ? 24 : 32; }

uint32_t leading_word(const IpAddress& address) {
    const auto& bytes = address.bytes();
    const size_t first = address.is_v4() ? 12 : 0;
    return uint32_t{bytes[first]} << 24 | uint32_t{bytes[first + 1]} << 16 | uint32_t{bytes[first + 2]} << 8 |
           bytes[first + 3];
}

} // namespace

Hints::Hints(const std::vector<std::pair<Prefix, struct network>>& networks) : pages_(HINT_PAGES) {
    const Prefix all_v4 = Prefix::of(IpAddress::v4(0), v4_space);
    for (const auto& [prefix, network] : networks) {
        if (prefix.contains(all_v4)) widen(elsewhere_[1], prefix, network);
        else if (all_v4.contains(prefix)) mark(true, leading_word(prefix.address), prefix.length - uint32_t{v4_space});
        if (prefix.length == 0) widen(elsewhere_[0], prefix, network);
        else if (!all_v4.contains(prefix)) mark(false, leading_word(prefix.address), prefix.length);
    }
}

void Hints::widen(Whole& whole, const Prefix& prefix, const struct network& network) {
    if (prefix.length > whole.length) whole = {prefix.length, network};
}

void Hints::mark(bool is_v4, uint32_t leading, uint32_t length) {
    if (length <= coarse_length) {
        for (uint32_t i = 0; i < 1U << (coarse_length - length); ++i)
            set(HINT_COARSE_BIT(is_v4, leading + (i << (32 - coarse_length))) + 1);
        return;
    }
    set(HINT_COARSE_BIT(is_v4, leading));
    const uint32_t fine = fine_length(is_v4);
    for (uint32_t i = 0; i < 1U << (fine - std::min(fine, length)); ++i) {
        const uint32_t each = leading + (i << (32 - fine));
        set(is_v4 ? HINT_FINE_V4_BIT(each) : HINT_FINE_V6_BIT(each));
    }
}

void Hints::set(uint32_t bit) {
    pages_[bit / HINT_PAGE_BITS].word[bit / 64 % HINT_PAGE_WORDS] |= uint64_t{1} << (bit & 63);
}
uint32_t Hints::at(uint32_t bit) const {
    return static_cast<uint32_t>(pages_[bit / HINT_PAGE_BITS].word[bit / 64 % HINT_PAGE_WORDS] >> (bit & 63));
}

bool Hints::may_be_listed(const IpAddress& address) const {
    const bool is_v4 = address.is_v4();
    const uint32_t leading = leading_word(address);
    const uint32_t coarse = at(HINT_COARSE_BIT(is_v4, leading));
    if ((coarse & HINT_ASK) != 0) return true;
    return (coarse & HINT_FINER) != 0 && (at(is_v4 ? HINT_FINE_V4_BIT(leading) : HINT_FINE_V6_BIT(leading)) & 1) != 0;
}

} // namespace ringwall::policy
