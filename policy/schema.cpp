// SPDX-License-Identifier: Apache-2.0
#include "policy/schema.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

#include "policy/words.hpp"

namespace ringwall::policy {
namespace {

namespace json = boost::json;

const json::value& document() {
    static const json::value parsed = json::parse(schema_text());
    return parsed;
}

// "#/definitions/limits/properties/INVITE"
const json::value& referred(std::string_view reference) {
    json::error_code error;
    const json::value* found =
        reference.starts_with('#') ? document().find_pointer(reference.substr(1), error) : nullptr;
    if (found == nullptr) throw std::logic_error("the schema has no " + std::string(reference));
    return *found;
}

std::string_view text(const json::value& value) {
    const json::string& string = value.as_string();
    return {string.data(), string.size()};
}

bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

} // namespace

Schema Schema::root() { return Schema(document()); }

Schema Schema::definition(std::string_view name) { return Schema(referred("#/definitions/" + std::string(name))); }

Schema::Schema(const json::value& value) { add(value); }

// Draft-07: beside $ref nothing else counts.
void Schema::add(const json::value& value) {
    if (!value.is_object()) return;
    const json::object& object = value.get_object();
    if (const auto* reference = object.if_contains("$ref")) return add(referred(text(*reference)));
    parts_.push_back(&object);
    if (const auto* all = object.if_contains("allOf"))
        for (const json::value& each : all->as_array()) add(each);
}

const json::value* Schema::find(std::string_view keyword) const {
    for (const json::object* part : parts_)
        if (const json::value* found = part->if_contains(keyword)) return found;
    return nullptr;
}

Schema Schema::property(std::string_view key) const {
    const json::value* properties = find("properties");
    const json::value* found = properties == nullptr ? nullptr : properties->as_object().if_contains(key);
    if (found == nullptr && has_free_keys()) found = find("additionalProperties");
    return found == nullptr ? Schema() : Schema(*found);
}

Schema Schema::items() const {
    const json::value* items = find("items");
    return items == nullptr ? Schema() : Schema(*items);
}

std::vector<std::string_view> Schema::keys() const {
    std::vector<std::string_view> keys;
    if (const json::value* properties = find("properties"))
        for (const auto& entry : properties->as_object()) keys.emplace_back(entry.key().data(), entry.key().size());
    return keys;
}

std::vector<std::string_view> Schema::required() const {
    std::vector<std::string_view> keys;
    if (const json::value* required = find("required"))
        for (const json::value& key : required->as_array()) keys.push_back(text(key));
    return keys;
}

bool Schema::has_free_keys() const {
    const json::value* additional = find("additionalProperties");
    return additional != nullptr && additional->is_object();
}

std::vector<std::string_view> Schema::words() const {
    std::vector<std::string_view> words;
    for (const char* keyword : {"enum", "examples"})
        if (const json::value* values = find(keyword))
            for (const json::value& value : values->as_array())
                if (value.is_string() && is_word(text(value))) words.push_back(text(value));
    return words;
}

std::string Schema::expected() const {
    if (const json::value* said = find("errorMessage")) return std::string(text(*said));
    if (find("enum") != nullptr) return "expected " + listed(words());
    return "expected a mapping of " + listed(keys(), ", ");
}

} // namespace ringwall::policy
