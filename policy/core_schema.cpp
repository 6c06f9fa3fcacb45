// SPDX-License-Identifier: Apache-2.0
#include "policy/core_schema.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <optional>

namespace ringwall::policy {
namespace {

namespace json = boost::json;

template <size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
    for (const std::string_view word : words)
        if (text == word) return true;
    return false;
}

constexpr std::string_view digits = "0123456789";

bool is_made_of(std::string_view text, std::string_view characters) {
    return !text.empty() && text.find_first_not_of(characters) == text.npos;
}

std::string_view without_sign(std::string_view text) {
    return text.starts_with('+') || text.starts_with('-') ? text.substr(1) : text;
}

// Beyond 64 bits a number is a floating-point one, as JSON has it.
std::optional<json::value> integer(std::string_view text, int base) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error == std::errc() && end == text.data() + text.size()) return json::value(number);
    return std::nullopt;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
    text = without_sign(text);
    const size_t exponent = text.find_first_of("eE");
    if (exponent != text.npos && !is_made_of(without_sign(text.substr(exponent + 1)), digits)) return false;
    const std::string_view mantissa = text.substr(0, exponent);
    const size_t dot = mantissa.find('.');
    const std::string_view whole = mantissa.substr(0, dot);
    const std::string_view fraction = dot == mantissa.npos ? std::string_view() : mantissa.substr(dot + 1);
    if (whole.empty()) return is_made_of(fraction, digits);
    return is_made_of(whole, digits) && (fraction.empty() || is_made_of(fraction, digits));
}

std::optional<json::value> number(std::string_view text) {
    if (text.starts_with("0o") && is_made_of(text.substr(2), "01234567")) return integer(text.substr(2), 8);
    if (text.starts_with("0x") && is_made_of(text.substr(2), "0123456789abcdefABCDEF"))
        return integer(text.substr(2), 16);
    if (is_made_of(without_sign(text), digits))
        if (auto whole = integer(text.starts_with('+') ? text.substr(1) : text, 10)) return whole;
    if (!is_float(text)) return std::nullopt;
    double value = 0;
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return json::value(value);
}

} // namespace

json::value core_scalar(std::string_view plain) {
    static constexpr std::array<std::string_view, 5> nulls{"", "~", "null", "Null", "NULL"};
    static constexpr std::array<std::string_view, 3> trues{"true", "True", "TRUE"}, falses{"false", "False", "FALSE"};
    if (is_one_of(plain, nulls)) return nullptr;
    if (is_one_of(plain, trues)) return true;
    if (is_one_of(plain, falses)) return false;
    if (auto value = number(plain)) return *value;
    return json::value(json::string_view(plain.data(), plain.size()));
}

json::value to_json(const Node& node) {
    switch (node.kind) {
        case Node::Kind::nothing: return nullptr;
        case Node::Kind::scalar: return node.is_plain ? core_scalar(node.text) : json::value(json::string(node.text));
        case Node::Kind::list: {
            json::array list;
            for (const Node& item : node.items) list.push_back(to_json(item));
            return list;
        }
        case Node::Kind::mapping: {
            json::object mapping;
            for (const Node::Entry& entry : node.entries) mapping[entry.key] = to_json(entry.value);
            return mapping;
        }
    }
    return nullptr;
}

} // namespace ringwall::policy
