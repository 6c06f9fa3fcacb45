// SPDX-License-Identifier: Apache-2.0
// The JSON Schema (draft-07) of the configuration, policy/schema/ringwall.schema.json: the one statement of which keys
// there are, of what kind their values are, and what a mistake is told to have expected. Editors read the same file.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::policy {

// As it is in the tree.
std::string_view schema_text();

// One schema within it. A few pointers: copied freely, and good as long as the process.
class Schema {
public:
    static Schema root();
    static Schema definition(std::string_view name); // throws where there is none: a bug

    bool is_known() const { return !parts_.empty(); } // no: there is no such key, or anything may stand here
    Schema property(std::string_view key) const;
    Schema items() const;
    std::vector<std::string_view> keys() const;     // of a mapping
    std::vector<std::string_view> required() const; // of these
    bool has_free_keys() const;                     // keys are the operator's: addresses
    std::vector<std::string_view> words() const;    // that may stand here: of an enum, or an example that is one word
    // "expected a port within 1-65535": `errorMessage`, as editors show it, or made from enum and keys.
    std::string expected() const;
    const boost::json::value* find(std::string_view keyword) const; // null where nothing says it

private:
    explicit Schema(const boost::json::value& value);
    Schema() = default;
    void add(const boost::json::value& value);

    std::vector<const boost::json::object*> parts_; // itself, and what `allOf` and `$ref` add
};

} // namespace ringwall::policy
