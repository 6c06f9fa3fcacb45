// SPDX-License-Identifier: Apache-2.0
// FNV-1a 64: names that cross to the programs as a number (a zone's, an ICE username fragment). No protection against
// those who choose the text to collide; for what outsiders aim at there is bpf/hash.bpf.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "maps/abi/ice.h"

namespace ringwall {

constexpr uint64_t fnv1a(std::string_view text) {
    uint64_t hash = FNV_BASIS;
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * FNV_PRIME;
    return hash;
}
static_assert(fnv1a("a") == 0xaf63dc4c8601ec8cULL);

// As the programs hash the beginning of a STUN USERNAME.
constexpr uint64_t ufrag_hash(std::string_view ufrag) { return fnv1a(ufrag.substr(0, UFRAG_BYTES)); }

} // namespace ringwall
