// SPDX-License-Identifier: Apache-2.0
// The only file that meets valijson. It says where the schema is not kept; what is wrong there we say ourselves, from the
// schema, in the words of the operator.
#include "policy/shape.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <stdexcept>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "policy/core_schema.hpp"
#include "policy/words.hpp"

namespace ringwall::policy {
namespace {

namespace json = boost::json;
using Steps = std::vector<std::string>; // "<root>", "[peers]", "[0]", "[name]"

// With a validator that keeps the patterns it has compiled: they are most of the work.
struct ParsedSchema {
    json::value text = json::parse(schema_text());
    valijson::Schema schema; // cannot be moved
    valijson::Validator validator{valijson::Validator::kStrongTypes};
    ParsedSchema() {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(valijson::adapters::BoostJsonAdapter(text), schema);
    }
};

// Where each error is, in order: what is within a place follows it at once.
std::set<Steps> errors_in(const json::value& document) {
    thread_local ParsedSchema parsed;
    valijson::ValidationResults results;
    parsed.validator.validate(parsed.schema, valijson::adapters::BoostJsonAdapter(document), &results);
    std::set<Steps> places;
    for (valijson::ValidationResults::Error error; results.popError(error);) places.insert(error.context);
    return places;
}

bool is_within(const Steps& inner, const Steps& outer) {
    return inner.size() > outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

struct Spot {
    const Node* node;
    Schema schema;
    std::string path;
};

// Throws where there is no such place: nobody has told valijson of it.
Spot step_into(const Spot& spot, std::string_view word) {
    if (spot.node->kind == Node::Kind::list) {
        const size_t index = std::stoul(std::string(word));
        return {&spot.node->items.at(index), spot.schema.items(), joined(spot.path, index)};
    }
    const Node::Entry* entry = spot.node->find(word);
    if (entry == nullptr) throw std::logic_error("an error in " + std::string(word) + ", which is not there");
    return {&entry->value, spot.schema.property(word), joined(spot.path, word)};
}

Spot spot_of(const Steps& steps, const Node& root) {
    Spot spot{&root, Schema::root(), ""};
    for (size_t i = 1; i < steps.size(); ++i) {
        const std::string_view step = steps[i];
        spot = step_into(spot, step.substr(1, step.size() - 2)); // without its brackets
    }
    return spot;
}

std::string prefix_of(const Spot& spot) { return spot.path.empty() ? "" : spot.path + ": "; }

size_t say_unknown_keys(const Spot& spot, Findings& findings) {
    const auto keys = spot.schema.keys();
    size_t said = 0;
    for (const Node::Entry& entry : spot.node->entries) {
        if (spot.schema.property(entry.key).is_known()) continue;
        const auto meant = nearest(entry.key, keys);
        findings.mistake(entry.place, prefix_of(spot) + "unknown key " + quoted(entry.key) +
                                          (meant ? ", did you mean " + std::string(*meant) + "?"
                                                 : ", expected one of " + listed(keys, ", ")));
        ++said;
    }
    return said;
}

size_t say_missing_keys(const Spot& spot, Findings& findings) {
    size_t said = 0;
    for (const std::string_view key : spot.schema.required()) {
        if (spot.node->find(key) != nullptr) continue;
        findings.mistake(spot.node->place,
                         joined(spot.path, key) + ": missing, " + spot.schema.property(key).expected());
        ++said;
    }
    return said;
}

bool say_keys(const Spot& spot, Findings& findings) {
    if (spot.node->kind != Node::Kind::mapping || spot.schema.keys().empty()) return false;
    return say_unknown_keys(spot, findings) + say_missing_keys(spot, findings) > 0;
}

std::string found(const Node& node) {
    switch (node.kind) {
        case Node::Kind::scalar:
            return node.is_plain && !core_scalar(node.text).is_string() ? node.text : quoted(node.text);
        case Node::Kind::list:
            return node.items.empty() ? "an empty list" : "a list of " + std::to_string(node.items.size());
        case Node::Kind::mapping: return "a mapping";
        case Node::Kind::nothing: return "nothing";
    }
    return {};
}

} // namespace

void refuse(const Node& node, const std::string& path, const Schema& schema, std::string_view expected,
            Findings& findings) {
    findings.refused.insert(path);
    if (node.is_too_long) return; // the document has said so, and holds nothing of it
    const auto meant = node.kind == Node::Kind::scalar ? nearest(node.text, schema.words()) : std::nullopt;
    findings.mistake(node.place, (path.empty() ? "" : path + ": ") + "got " + found(node) + ", " +
                                     std::string(expected) +
                                     (meant ? "; did you mean " + std::string(*meant) + "?" : ""));
}

void check_shape(const Node& root, Findings& findings) {
    const std::set<Steps> places = errors_in(to_json(root));
    for (auto place = places.begin(); place != places.end(); ++place) {
        const Spot spot = spot_of(*place, root);
        const auto next = std::next(place);
        // An error of a part is reported of the whole, too.
        if (say_keys(spot, findings) || (next != places.end() && is_within(*next, *place))) continue;
        refuse(*spot.node, spot.path, spot.schema, spot.schema.expected(), findings);
    }
}

} // namespace ringwall::policy
