// SPDX-License-Identifier: Apache-2.0
// A YAML document as it is read: every value knows its path and place, and says what was expected where it is
// something else. Mistakes are collected, never thrown: the operator gets all of them at once.
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/scalars.hpp"

namespace ringwall::policy {

struct Place {
    int line = 1, column = 1; // 1-based
};

// What reading collects.
struct Findings {
    std::vector<Mistake> mistakes;
    std::vector<std::string> warnings;
    std::map<std::string, Place, std::less<>> places; // by path: "peers[0].networks", for the checks of the whole

    void mistake(Place place, std::string what);
    void mistake_at(std::string_view path, std::string what); // where `path` or its section stood
    void warn(std::string what);
};

class Value {
public:
    Value(const YAML::Node& node, std::string path, Findings& findings);
    Value(const YAML::Node& node, Place place, std::string path, Findings& findings);

    const std::string& path() const { return path_; }
    Findings& findings() const { return *findings_; }
    const YAML::Node& node() const { return node_; }
    Place place() const { return place_; }
    bool is_scalar() const { return node_.IsScalar(); }
    bool is_list() const { return node_.IsSequence(); }
    bool is_mapping() const { return node_.IsMap(); }
    std::string_view text() const; // of a scalar

    // The scalar as `kind` reads it; where it is none, a mistake and nullopt.
    template <class T>
    std::optional<T> read(const Kind<T>& kind) const;
    // Every scalar of a list, those that `kind` reads; `expected` names the list.
    template <class T>
    std::vector<T> read_list(const Kind<T>& kind, std::string_view expected) const;
    std::vector<Value> items(std::string_view expected) const;

    void refuse(std::string_view expected) const;        // "PATH: got …, expected …"
    void not_supported(std::string_view expected) const; // "PATH: not supported by this version, expected …"
    void warn(std::string_view what) const;              // "PATH: …"

private:
    YAML::Node node_;
    Place place_;
    std::string path_;
    Findings* findings_;
};

// A mapping whose keys are known: unknown, repeated and unreadable keys are mistakes.
class Section {
public:
    Section(const Value& value, std::vector<std::string_view> keys);

    std::optional<Value> find(std::string_view key) const;
    std::optional<Value> require(std::string_view key, std::string_view expected) const;
    // `into` keeps its default where the key is absent or its value a mistake.
    template <class T>
    void read(std::string_view key, const Kind<T>& kind, T& into) const;
    template <class T>
    void read_list(std::string_view key, const Kind<T>& kind, std::string_view expected, std::vector<T>& into) const;
    const std::vector<std::pair<std::string, Value>>& entries() const { return entries_; }

private:
    void add(const YAML::Node& key, const YAML::Node& value, const std::vector<std::string_view>& keys);

    Value value_;
    std::vector<std::pair<std::string, Value>> entries_;
};

// The root of the one document in `yaml`; nullopt, and a mistake, where there is none.
std::optional<Value> load(std::string_view yaml, Findings& findings);

template <class T>
std::optional<T> Value::read(const Kind<T>& kind) const {
    if (is_scalar())
        if (auto value = kind.parse(text())) return value;
    refuse(kind.expected);
    return std::nullopt;
}

template <class T>
std::vector<T> Value::read_list(const Kind<T>& kind, std::string_view expected) const {
    std::vector<T> values;
    for (const Value& item : items(expected))
        if (auto value = item.read(kind)) values.push_back(*std::move(value));
    return values;
}

template <class T>
void Section::read(std::string_view key, const Kind<T>& kind, T& into) const {
    if (const auto value = find(key))
        if (auto read = value->read(kind)) into = *std::move(read);
}

template <class T>
void Section::read_list(std::string_view key, const Kind<T>& kind, std::string_view expected,
                        std::vector<T>& into) const {
    if (const auto value = find(key)) into = value->read_list(kind, expected);
}

} // namespace ringwall::policy
