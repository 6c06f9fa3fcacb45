// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/json_text.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

namespace ringwall::cli {
namespace {

namespace json = boost::json;

void write(std::string& out, const json::value& value);

// Shortest digits that read back as the same number. An exponent only where a decimal would be absurdly long.
void write(std::string& out, double number) {
    if (!std::isfinite(number)) {
        out += "null"; // JSON has no other word for it
        return;
    }
    std::array<char, 32> digits;
    const bool is_plain = std::fabs(number) < 1e15;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number,
                                            is_plain ? std::chars_format::fixed : std::chars_format::scientific);
    if (error == std::errc()) out.append(digits.data(), end);
    else out += json::serialize(json::value(number));
}

void write(std::string& out, const json::object& object) {
    std::string_view before = "{";
    for (const auto& member : object) {
        out += before;
        out += json::serialize(json::string(member.key())) + ": ";
        write(out, member.value());
        before = ", ";
    }
    out += object.empty() ? "{}" : "}";
}

void write(std::string& out, const json::array& array) {
    std::string_view before = "[";
    for (const json::value& element : array) {
        out += before;
        write(out, element);
        before = ", ";
    }
    out += array.empty() ? "[]" : "]";
}

void write(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::double_: return write(out, value.get_double());
        case json::kind::object: return write(out, value.get_object());
        case json::kind::array: return write(out, value.get_array());
        default: out += json::serialize(value);
    }
}

// The outermost members stand on lines of their own.
template <class Container, class WriteOne>
std::string lines(const Container& container, std::string_view open, std::string_view close, WriteOne write_one) {
    std::string out(open);
    std::string_view before = "\n  ";
    for (const auto& each : container) {
        out += before;
        write_one(out, each);
        before = ",\n  ";
    }
    return out + (container.empty() ? "" : "\n") + std::string(close) + "\n";
}

} // namespace

std::string json_text(const json::value& document) {
    if (const auto* array = document.if_array())
        return lines(*array, "[", "]", [](std::string& out, const json::value& element) { write(out, element); });
    if (const auto* object = document.if_object())
        return lines(*object, "{", "}", [](std::string& out, const json::key_value_pair& member) {
            out += json::serialize(json::string(member.key())) + ": ";
            write(out, member.value());
        });
    return json_line(document) + "\n";
}

std::string json_line(const json::value& document) {
    std::string out;
    write(out, document);
    return out;
}

} // namespace ringwall::cli
