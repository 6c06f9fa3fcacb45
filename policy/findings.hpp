// SPDX-License-Identifier: Apache-2.0
// What reading collects: all mistakes and warnings, and where each value stood, so that later checks can point at it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/node.hpp"

namespace ringwall::policy {

struct Findings {
    std::vector<std::string> files; // names, by Place::file
    std::vector<Mistake> mistakes, warnings;
    std::map<std::string, Place, std::less<>> places; // by path: "peers[0].networks"
    std::set<std::string, std::less<>> refused;       // paths of values with a mistake: as if they were absent
    std::set<std::string, std::less<>> unread;        // paths of keys that nothing has asked for yet

    // Its words are fit for a terminal, whatever the file has in it.
    Mistake remark(Place place, const std::string& what) const;
    void mistake(Place place, const std::string& what);
    void mistake_at(std::string_view path, const std::string& what); // where `path` or its section stood
    void warn_at(std::string_view path, const std::string& what);
    Place place_of(std::string_view path) const;
    bool is_refused(std::string_view path) const { return refused.contains(path); }
};

// "ringwall.yaml:12:9"
std::string to_string(Place place, const Findings& findings);
// "a", "a.b": the path of `key` within `path`.
std::string joined(std::string_view path, std::string_view key);
std::string joined(std::string_view path, size_t index); // "a[0]"

} // namespace ringwall::policy
