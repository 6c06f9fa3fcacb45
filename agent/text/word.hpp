// SPDX-License-Identifier: Apache-2.0
// Is this text that word, in any case of letters? The word is known when we compile, so it is compared in machine words
// with the case bit masked out where it has letters: header names are most of what a SIP parser compares.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ringwall::text {

// A word in lower case as a template argument: is_word<"content-length">(name).
template <size_t N>
struct Word {
    consteval Word(const char (&literal)[N]) { std::copy_n(literal, N, bytes); } // NOLINT: implicit on purpose
    static constexpr size_t size = N - 1;
    char bytes[N];
};

namespace detail {

template <size_t size>
using Chunk =
    std::conditional_t<(size >= 8), uint64_t,
                       std::conditional_t<(size >= 4), uint32_t, std::conditional_t<(size >= 2), uint16_t, uint8_t>>>;

// The literal's bytes from `offset` as one number, and the case bits of those that are letters.
template <class T>
struct Folded {
    T value = 0, case_bits = 0;
    constexpr Folded(const char* bytes, size_t offset) {
        for (size_t i = 0; i < sizeof(T); ++i) {
            const auto c = static_cast<uint8_t>(bytes[offset + i]);
            value = static_cast<T>(value | static_cast<T>(static_cast<T>(c) << (8 * i)));
            if (c >= 'a' && c <= 'z') case_bits = static_cast<T>(case_bits | static_cast<T>(T{0x20} << (8 * i)));
        }
    }
};

template <Word word, size_t offset>
bool is_chunk(const char* text) {
    using T = Chunk<word.size>;
    constexpr Folded<T> expected(word.bytes, offset);
    T found;
    std::memcpy(&found, text + offset, sizeof found);
    return static_cast<T>(found | expected.case_bits) == expected.value;
}

} // namespace detail

template <Word word>
bool is_word(std::string_view text) {
    constexpr size_t step = sizeof(detail::Chunk<word.size>);
    if (text.size() != word.size) return false;
    const auto whole = [&]<size_t... i>(std::index_sequence<i...>) {
        return (detail::is_chunk<word, i * step>(text.data()) && ...);
    }(std::make_index_sequence<word.size / step>());
    if constexpr (word.size % step == 0) return whole;
    else return whole && detail::is_chunk<word, word.size - step>(text.data()); // the last one overlaps
}

} // namespace ringwall::text
