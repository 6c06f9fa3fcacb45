// SPDX-License-Identifier: Apache-2.0
// The only file that meets yaml-cpp's parser: what it throws becomes a mistake with its place.
#include "policy/document.hpp"

#include <yaml-cpp/depthguard.h>

#include <algorithm>

namespace ringwall::policy {
namespace {

// Nobody writes a configuration of this size by hand, and a parser should not be asked to.
constexpr size_t most_bytes = size_t{4} << 20;
constexpr size_t shown_bytes = 60;

Place place_of(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    return {mark.line + 1, mark.column + 1};
}

std::string quoted(std::string_view text) {
    std::string shown = "\"";
    for (const char c : text.substr(0, shown_bytes)) shown += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    return shown + (text.size() > shown_bytes ? "…\"" : "\"");
}

std::string found(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Scalar: return quoted(node.Scalar());
        case YAML::NodeType::Sequence: return "a list";
        case YAML::NodeType::Map: return "a mapping";
        default: return "nothing";
    }
}

std::string listed(const std::vector<std::string_view>& words) {
    std::string text;
    for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
    return text;
}

// yaml-cpp reads NUL and other control characters as text; a configuration with them is damaged or no text at all.
std::optional<Place> first_control_character(std::string_view yaml) {
    Place place;
    for (const char c : yaml) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f) return place;
        place = c == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
    }
    return std::nullopt;
}

std::string joined(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
}

} // namespace

void Findings::mistake(Place place, std::string what) {
    mistakes.push_back({place.line, place.column, std::move(what)});
}

void Findings::mistake_at(std::string_view path, std::string what) {
    auto found = places.find(path);
    for (std::string_view part = path; found == places.end() && !part.empty(); found = places.find(part))
        part = part.substr(0, part.find_last_of(".[") == part.npos ? 0 : part.find_last_of(".["));
    mistake(found == places.end() ? Place{} : found->second, std::string(path) + ": " + std::move(what));
}

void Findings::warn(std::string what) { warnings.push_back(std::move(what)); }

Value::Value(const YAML::Node& node, std::string path, Findings& findings)
    : Value(node, place_of(node.Mark()), std::move(path), findings) {}

Value::Value(const YAML::Node& node, Place place, std::string path, Findings& findings)
    : node_(node), place_(place), path_(std::move(path)), findings_(&findings) {
    findings.places.emplace(path_, place_);
}

std::string_view Value::text() const { return node_.Scalar(); }

std::vector<Value> Value::items(std::string_view expected) const {
    std::vector<Value> values;
    if (!is_list()) {
        refuse(expected);
        return values;
    }
    for (const YAML::Node& node : node_)
        values.emplace_back(node, path_ + "[" + std::to_string(values.size()) + "]", *findings_);
    return values;
}

void Value::refuse(std::string_view expected) const {
    const std::string where = path_.empty() ? "" : path_ + ": ";
    findings_->mistake(place(), where + "got " + found(node_) + ", expected " + std::string(expected));
}

void Value::not_supported(std::string_view expected) const {
    findings_->mistake(place(), path_ + ": not supported by this version, expected " + std::string(expected));
}

void Value::warn(std::string_view what) const { findings_->warn(path_ + ": " + std::string(what)); }

Section::Section(const Value& value, std::vector<std::string_view> keys) : value_(value) {
    if (!value.is_mapping()) {
        value.refuse("a mapping of " + listed(keys));
        return;
    }
    for (const auto& entry : value.node()) add(entry.first, entry.second, keys);
}

void Section::add(const YAML::Node& key, const YAML::Node& value, const std::vector<std::string_view>& keys) {
    const Place place = place_of(key.Mark());
    Findings& findings = value_.findings();
    const std::string prefix = value_.path().empty() ? "" : value_.path() + ": ";
    if (!key.IsScalar()) return findings.mistake(place, prefix + "got " + found(key) + " as a key, expected a word");
    const std::string& word = key.Scalar();
    if (find(word))
        return findings.mistake(place, prefix + "key " + quoted(word) + " appears twice, expected each key once");
    if (std::ranges::find(keys, word) == keys.end()) {
        const auto meant = nearest(word, keys);
        return findings.mistake(place, prefix + "unknown key " + quoted(word) + ", expected " +
                                           (meant ? std::string(*meant) : "one of " + listed(keys)));
    }
    // "peers:" with nothing after it has no place of its own: yaml-cpp gives it that of the next token.
    const Place value_place = value.IsNull() ? place : place_of(value.Mark());
    entries_.emplace_back(word, Value(value, value_place, joined(value_.path(), word), findings));
}

std::optional<Value> Section::find(std::string_view key) const {
    const auto entry = std::ranges::find(entries_, key, &std::pair<std::string, Value>::first);
    if (entry == entries_.end()) return std::nullopt;
    return entry->second;
}

std::optional<Value> Section::require(std::string_view key, std::string_view expected) const {
    auto value = find(key);
    // Where the section itself is no mapping, that is the mistake to mend.
    if (!value && value_.is_mapping())
        value_.findings().mistake(value_.place(),
                                  joined(value_.path(), key) + ": missing, expected " + std::string(expected));
    return value;
}

std::optional<Value> load(std::string_view yaml, Findings& findings) {
    if (yaml.size() > most_bytes) {
        findings.mistake({}, "longer than 4 MiB, expected a configuration");
        return std::nullopt;
    }
    if (const auto place = first_control_character(yaml)) {
        findings.mistake(*place, "a control character, expected text");
        return std::nullopt;
    }
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(yaml));
        if (documents.size() == 1 && !documents.front().IsNull()) return Value(documents.front(), "", findings);
        if (documents.size() > 1)
            findings.mistake(place_of(documents[1].Mark()), "a second YAML document, expected one");
        else findings.mistake({}, "empty, expected a configuration that begins with version: 1");
    } catch (const YAML::DeepRecursion& error) {
        findings.mistake(place_of(error.mark), "nested too deeply, expected a configuration");
    } catch (const YAML::Exception& error) {
        findings.mistake(place_of(error.mark), "not readable as YAML (" + error.msg + "), expected YAML");
    }
    return std::nullopt;
}

} // namespace ringwall::policy
