// SPDX-License-Identifier: Apache-2.0
// Where a line ends: CRLF, or LF alone (RFC 3261 7, RFC 8866 5: be lenient here). A CR alone and a NUL end nothing and
// are refused: some stacks take them for line ends, others for text, and a header smuggled between two readings of one
// message is how parsers are set against each other.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ringwall::text {

// The first byte below 0x10 in [at, end), sixteen or eight bytes a step; `end` where there is none. Such bytes are the
// line ends and NUL, and else only HTAB in practice.
inline const char* find_control(const char* at, const char* end) {
    static_assert(std::endian::native == std::endian::little, "the first byte must be the lowest");
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i below = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x0f)), bytes);
        const auto found = static_cast<unsigned>(_mm_movemask_epi8(below));
        if (found != 0) return at + std::countr_zero(found);
    }
#endif
    constexpr uint64_t every = 0x0101010101010101ULL;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        std::memcpy(&word, at, sizeof word);
        const uint64_t below = (word - every * 0x10) & ~word & (every * 0x80);
        if (below != 0) return at + std::countr_zero(below) / 8;
    }
    while (at != end && static_cast<unsigned char>(*at) >= 0x10) ++at;
    return at;
}

enum class LineEnd : uint8_t { found, missing, forbidden };

struct Line {
    LineEnd kind;
    const char* end;  // of the text; the forbidden byte
    const char* next; // where the next line begins
};

inline Line find_line_end(const char* at, const char* end) {
    for (;; ++at) {
        at = find_control(at, end);
        if (at == end) return {LineEnd::missing, end, end};
        if (*at == '\n') return {LineEnd::found, at, at + 1};
        if (*at == '\0') return {LineEnd::forbidden, at, at};
        if (*at != '\r') continue;
        if (at + 1 == end) return {LineEnd::missing, end, end};
        if (at[1] != '\n') return {LineEnd::forbidden, at, at};
        return {LineEnd::found, at, at + 2};
    }
}

} // namespace ringwall::text
