// SPDX-License-Identifier: Apache-2.0
// An order for keys that cross the maps as plain bytes: the address before the port, so that an address's stand together.
#pragma once

#include <cstring>
#include <type_traits>

namespace ringwall {

struct ByBytes {
    template <class Key>
    bool operator()(const Key& a, const Key& b) const {
        static_assert(std::has_unique_object_representations_v<Key>);
        return std::memcmp(&a, &b, sizeof a) < 0;
    }
};

} // namespace ringwall
