// SPDX-License-Identifier: Apache-2.0
#include "agent/log/line.hpp"

#include <algorithm>
#include <cctype>

#include "agent/control/text.hpp"
#include "maps/utf8.hpp"

namespace ringwall::log {
namespace {

constexpr char digits[] = "0123456789abcdef";

void add_hex(std::string& to, unsigned char byte) {
    to += digits[byte >> 4];
    to += digits[byte & 15];
}

// RFC 8259 section 7.
std::string quoted(std::string_view bytes) {
    std::string text = "\"";
    for (const char c : control::to_utf8(bytes)) {
        if (is_control({&c, 1})) {
            text += "\\u00";
            add_hex(text, static_cast<unsigned char>(c));
            continue;
        }
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text += '"';
}

// As it stands where it is one word.
std::string word(const std::string& value) {
    const bool is_word = !value.empty() && value.find_first_of(" \"=") == value.npos;
    if (is_word) return escaped(value);
    std::string text = "\"";
    for (const char c : value) text += c == '"' ? std::string("'") : std::string(1, c);
    return escaped(text += '"');
}

// syslog(3).
char priority(Level level) {
    switch (level) {
        case Level::error: return '3';
        case Level::warn: return '4';
        case Level::info: return '6';
        default: return '7';
    }
}

std::string upper(std::string_view name) {
    std::string text(name);
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

// Escaped values hold no newline: the short form does.
void add(std::string& datagram, std::string_view name, std::string_view value) {
    datagram.append(name).append("=").append(escaped(value)).append("\n");
}

} // namespace

std::string escaped(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const size_t length = utf8_character_length(text);
        const std::string_view character = text.substr(0, std::max<size_t>(length, 1));
        if (length == 0 || is_control(character) || character == "\\")
            for (const char c : character) add_hex(safe += "\\x", static_cast<unsigned char>(c));
        else safe += character;
        text.remove_prefix(character.size());
    }
    return safe;
}

std::string as_text(const Line& line) {
    std::string text = std::string(line.id) + ": " + escaped(line.text);
    for (const Field& field : line.fields)
        if (line.text.find(field.value) == line.text.npos || field.value.empty())
            text.append(" ").append(field.name).append("=").append(word(field.value));
    return text;
}

std::string as_json(const Line& line) {
    std::string text = "\"event\":" + quoted(line.id) + ",\"text\":" + quoted(line.text);
    for (const Field& field : line.fields) text += "," + quoted(field.name) + ":" + quoted(field.value);
    return text;
}

std::string as_journal(const Line& line) {
    std::string datagram;
    add(datagram, "MESSAGE", std::string(line.id) + ": " + std::string(line.text));
    add(datagram, "PRIORITY", {std::string(1, priority(line.level))});
    add(datagram, "SYSLOG_IDENTIFIER", "ringwall");
    add(datagram, "RINGWALL_EVENT", line.id);
    add(datagram, "RINGWALL_PROCESS", line.process);
    for (const Field& field : line.fields) add(datagram, "RINGWALL_" + upper(field.name), field.value);
    return datagram;
}

} // namespace ringwall::log
