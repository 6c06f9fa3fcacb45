// SPDX-License-Identifier: Apache-2.0
// A configuration as it was written: values of which each knows its text and its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/config.hpp"

namespace ringwall::policy {

struct Node {
    enum class Kind : uint8_t { nothing, scalar, list, mapping };
    struct Entry;

    Kind kind = Kind::nothing;
    bool is_plain = false;    // a scalar without quotes and tag: it may be a number
    bool is_too_long = false; // a scalar that nobody can mean: its text is left out
    std::string text;         // of a scalar, as it stands there: a JSON number would not know 112 from 0112
    Place place;
    std::vector<Node> items;    // of a list
    std::vector<Entry> entries; // of a mapping, in the order of the file, each key once

    const Entry* find(std::string_view key) const; // null where there is none
};

struct Node::Entry {
    std::string key;
    Place place; // of the key
    Node value;
};

} // namespace ringwall::policy
