// SPDX-License-Identifier: Apache-2.0
#include "policy/value.hpp"

#include <stdexcept>
#include <utility>

#include "policy/shape.hpp"

namespace ringwall::policy {

Value::Value(const Node& node, std::string path, Schema schema, Findings& findings)
    : node_(&node), path_(std::move(path)), schema_(std::move(schema)), findings_(&findings) {
    findings.places.emplace(path_, node.place);
}

std::vector<Value> Value::items() const {
    if (!is_list()) return {*this};
    std::vector<Value> values;
    for (size_t i = 0; i < node_->items.size(); ++i)
        if (std::string path = joined(path_, i); !findings_->is_refused(path))
            values.emplace_back(node_->items[i], std::move(path), schema_.items(), *findings_);
    return values;
}

void Value::refuse() const { refuse(schema_.expected()); }

void Value::refuse(std::string_view expected) const { policy::refuse(*node_, path_, schema_, expected, *findings_); }

Section::Section(Value value) : value_(std::move(value)) {
    for (const Node::Entry& entry : value_.node().entries)
        if (value_.schema().property(entry.key).is_known())
            value_.findings().unread.insert(joined(value_.path(), entry.key));
}

std::optional<Value> Section::find(std::string_view key) const {
    Schema schema = value_.schema().property(key);
    std::string path = joined(value_.path(), key);
    if (!schema.is_known()) throw std::logic_error("the schema does not know " + path);
    value_.findings().unread.erase(path);
    const Node::Entry* entry = value_.node().find(key);
    if (entry == nullptr || value_.findings().is_refused(path)) return std::nullopt;
    return Value(entry->value, std::move(path), std::move(schema), value_.findings());
}

} // namespace ringwall::policy
