// SPDX-License-Identifier: Apache-2.0
#include "policy/merge.hpp"

#include <algorithm>
#include <iterator>

#include "policy/document.hpp"
#include "policy/words.hpp"

namespace ringwall::policy {
namespace {

std::string shown(const Node& node) {
    switch (node.kind) {
        case Node::Kind::scalar: return quoted(node.text);
        case Node::Kind::list: return "a list";
        case Node::Kind::mapping: return "a mapping";
        case Node::Kind::nothing: return "nothing";
    }
    return {};
}

void merge(Node& into, Node from, const std::string& path, Findings& findings);

void merge_entries(Node& into, Node from, const std::string& path, Findings& findings) {
    for (Node::Entry& entry : from.entries) {
        const auto there = std::ranges::find(into.entries, entry.key, &Node::Entry::key);
        if (there == into.entries.end()) into.entries.push_back(std::move(entry));
        else merge(there->value, std::move(entry.value), joined(path, entry.key), findings);
    }
}

void merge(Node& into, Node from, const std::string& path, Findings& findings) {
    if (into.kind == Node::Kind::mapping && from.kind == Node::Kind::mapping)
        return merge_entries(into, std::move(from), path, findings);
    if (into.kind == Node::Kind::list && from.kind == Node::Kind::list) {
        std::ranges::move(from.items, std::back_inserter(into.items));
        return;
    }
    if (into.kind == from.kind && into.text == from.text) return;
    findings.mistake(from.place, (path.empty() ? "" : path + ": ") + "got " + shown(from) + ", and " +
                                     to_string(into.place, findings) + " says " + shown(into) +
                                     ", expected it in one place");
}

} // namespace

std::optional<Node> load_all(const std::vector<ConfigFile>& files, Findings& findings) {
    Node root;
    bool all_read = true;
    for (uint32_t file = 0; file < files.size(); ++file) {
        auto next = load(files[file].text, file, findings);
        all_read &= next.has_value();
        if (!next || next->kind == Node::Kind::nothing) continue;
        if (root.kind == Node::Kind::nothing) root = *std::move(next);
        else merge(root, *std::move(next), "", findings);
    }
    if (all_read && root.kind == Node::Kind::nothing)
        findings.mistake({}, "empty, expected a configuration that begins with version: 1");
    if (!all_read || root.kind == Node::Kind::nothing) return std::nullopt;
    return root;
}

} // namespace ringwall::policy
