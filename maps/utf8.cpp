// SPDX-License-Identifier: Apache-2.0
#include "maps/utf8.hpp"

#include <algorithm>
#include <array>

namespace ringwall {
namespace {

struct Sequence {
    unsigned char lead_first, lead_last;     // of the first byte
    unsigned char second_first, second_last; // of the second; the others are 80-BF
    size_t length;
};

// RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF.
constexpr std::array<Sequence, 9> sequences{{{0x00, 0x7f, 0, 0, 1},
                                             {0xc2, 0xdf, 0x80, 0xbf, 2},
                                             {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                             {0xe1, 0xec, 0x80, 0xbf, 3},
                                             {0xed, 0xed, 0x80, 0x9f, 3},
                                             {0xee, 0xef, 0x80, 0xbf, 3},
                                             {0xf0, 0xf0, 0x90, 0xbf, 4},
                                             {0xf1, 0xf3, 0x80, 0xbf, 4},
                                             {0xf4, 0xf4, 0x80, 0x8f, 4}}};

bool is_within(char byte, unsigned char first, unsigned char last) {
    const auto value = static_cast<unsigned char>(byte);
    return first <= value && value <= last;
}

} // namespace

size_t utf8_character_length(std::string_view bytes) {
    for (const Sequence& s : sequences) {
        if (!is_within(bytes[0], s.lead_first, s.lead_last)) continue;
        if (s.length == 1) return 1;
        if (bytes.size() < s.length || !is_within(bytes[1], s.second_first, s.second_last)) return 0;
        const bool continues =
            std::ranges::all_of(bytes.substr(2, s.length - 2), [](char c) { return is_within(c, 0x80, 0xbf); });
        return continues ? s.length : 0;
    }
    return 0;
}

bool is_control(std::string_view character) {
    if (character.size() == 2) return character[0] == '\xc2' && is_within(character[1], 0x80, 0x9f);
    return character.size() == 1 && (is_within(character[0], 0x00, 0x1f) || character[0] == 0x7f);
}

std::string to_utf8(std::string_view bytes) {
    std::string text;
    while (!bytes.empty()) {
        const size_t length = utf8_character_length(bytes);
        text += length == 0 ? std::string_view("\xef\xbf\xbd") : bytes.substr(0, length);
        bytes.remove_prefix(std::max<size_t>(length, 1));
    }
    return text;
}

std::string printable(std::string_view utf8) {
    std::string text;
    while (!utf8.empty()) {
        const std::string_view character = utf8.substr(0, std::max<size_t>(utf8_character_length(utf8), 1));
        text += is_control(character) ? std::string_view("?") : character;
        utf8.remove_prefix(character.size());
    }
    return text;
}

} // namespace ringwall
