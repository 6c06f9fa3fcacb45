// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 (libsodium's crypto_shorthash) over a few strings, keyed with the pinned secret: ids that come out the
// same after a restart and that no outsider can aim at.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace ringwall::dialog {

class KeyedHash {
public:
    explicit KeyedHash(const std::array<uint64_t, 2>& secret) : secret_(secret) {}

    // Lengths are hashed too: {"ab", "c"} and {"a", "bc"} differ. Never 0.
    uint64_t operator()(std::initializer_list<std::string_view> parts) const;

private:
    std::array<uint64_t, 2> secret_;
};

} // namespace ringwall::dialog
