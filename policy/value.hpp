// SPDX-License-Identifier: Apache-2.0
// A value of the document beside its schema: it is read by a notation, and refused with what the schema expects. What
// check_shape() has refused reads as if it were absent, so that each mistake is said once and all are said at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/findings.hpp"
#include "policy/scalars.hpp"
#include "policy/schema.hpp"

namespace ringwall::policy {

class Value {
public:
    Value(const Node& node, std::string path, Schema schema, Findings& findings);

    const std::string& path() const { return path_; }
    Findings& findings() const { return *findings_; }
    const Schema& schema() const { return schema_; }
    const Node& node() const { return *node_; }
    bool is_scalar() const { return node_->kind == Node::Kind::scalar; }
    bool is_list() const { return node_->kind == Node::Kind::list; }
    bool is_mapping() const { return node_->kind == Node::Kind::mapping; }
    std::string_view text() const { return node_->text; } // of a scalar
    bool is(std::string_view word) const { return is_scalar() && text() == word; }

    // The scalar as `kind` reads it; where it is none, a mistake and nullopt.
    template <class T>
    std::optional<T> read(const Kind<T>& kind) const {
        auto value = is_scalar() ? kind.parse(text()) : std::nullopt;
        if (!value) refuse();
        return value;
    }
    // Every item that `kind` reads; a scalar counts as a list of one.
    template <class T>
    std::vector<T> read_all(const Kind<T>& kind) const {
        std::vector<T> values;
        for (const Value& item : items())
            if (auto value = item.read(kind)) values.push_back(*std::move(value));
        return values;
    }
    std::vector<Value> items() const; // without those that were refused; a scalar counts as a list of one

    void refuse() const;                          // by what the schema expects
    void refuse(std::string_view expected) const; // "expected …"
    void warn(const std::string& what) const { findings_->warn_at(path_, what); }
    Mistake remark(const std::string& what) const { return findings_->remark(node_->place, path_ + ": " + what); }

private:
    const Node* node_;
    std::string path_;
    Schema schema_;
    Findings* findings_;
};

// A mapping whose keys are those of its schema; to ask for another is a bug, and throws.
class Section {
public:
    explicit Section(Value value);

    std::optional<Value> find(std::string_view key) const; // nullopt where it is absent or refused
    // `into` keeps its default where there is nothing to read.
    template <class T>
    void read(std::string_view key, const Kind<T>& kind, T& into) const {
        if (const auto value = find(key))
            if (auto read = value->read(kind)) into = *std::move(read);
    }
    template <class T>
    void read_all(std::string_view key, const Kind<T>& kind, std::vector<T>& into) const {
        if (const auto value = find(key)) into = value->read_all(kind);
    }
    const Value& value() const { return value_; }

private:
    Value value_;
};

} // namespace ringwall::policy
