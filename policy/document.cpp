// SPDX-License-Identifier: Apache-2.0
// The only file that meets yaml-cpp: what it throws becomes a mistake with its place.
#include "policy/document.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

#include "maps/utf8.hpp"
#include "policy/words.hpp"

namespace ringwall::policy {
namespace {

// Nobody writes a configuration of this size by hand, and a parser should not be asked to.
constexpr size_t most_bytes = size_t{4} << 20;
// Aliases can make a few lines stand for billions of values, or for themselves. What is written out takes a byte a value at
// least; beyond that there is room for some that are repeated.
constexpr size_t most_nodes = 200000, most_repeated = 1000, deepest = 16;
constexpr size_t longest_scalar = 4096; // longer than any path, and what std::regex takes without deep recursion

// yaml-cpp reads NUL and other control characters as text; a configuration with them is damaged or no text at all.
std::optional<Place> first_control_character(std::string_view yaml, uint32_t file) {
    Place place{.file = file};
    for (const char c : yaml) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f) return place;
        place = c == '\n' ? Place{place.line + 1, 1, file} : Place{place.line, place.column + 1, file};
    }
    return std::nullopt;
}

// YAML is Unicode (1.2, 5.1); yaml-cpp passes anything on. A file saved as Latin-1 is the usual one.
std::optional<Place> first_foreign_byte(std::string_view yaml, uint32_t file) {
    Place place{.file = file};
    while (!yaml.empty()) {
        const size_t length = utf8_character_length(yaml);
        if (length == 0) return place;
        place = yaml.front() == '\n' ? Place{place.line + 1, 1, file} : Place{place.line, place.column + 1, file};
        yaml.remove_prefix(length);
    }
    return std::nullopt;
}

class Builder {
public:
    Builder(std::string_view yaml, uint32_t file, Findings& findings)
        : most_(std::min(most_nodes, yaml.size() + most_repeated)), file_(file), findings_(findings) {}

    Place place_of(const YAML::Mark& mark) const {
        if (mark.is_null()) return {.file = file_};
        return {mark.line + 1, mark.column + 1, file_};
    }

    // nullopt where it has no end.
    std::optional<Node> whole(const YAML::Node& document) {
        Node root = build(document, "", 0);
        if (is_refused_) return std::nullopt;
        return root;
    }

private:
    Node build(const YAML::Node& from, const std::string& path, size_t depth) {
        Node node{.place = place_of(from.Mark())};
        if (++count_ > most_ || depth > deepest) {
            if (!std::exchange(is_refused_, true))
                findings_.mistake(node.place, "nested too deeply or too large, expected a configuration");
            return node;
        }
        if (is_refused_) return node;
        switch (from.Type()) {
            case YAML::NodeType::Scalar: return scalar(from, std::move(node), path);
            case YAML::NodeType::Sequence: return list(from, std::move(node), path, depth);
            case YAML::NodeType::Map: return mapping(from, std::move(node), path, depth);
            default: return node;
        }
    }

    Node scalar(const YAML::Node& from, Node node, const std::string& path) {
        node.kind = Node::Kind::scalar;
        node.is_plain = from.Tag() == "?"; // "!" in quotes, a name where it has a tag
        node.is_too_long = from.Scalar().size() > longest_scalar;
        if (!node.is_too_long) node.text = from.Scalar();
        else findings_.mistake(node.place, prefix(path) + "longer than any value is, expected at most 4096 bytes");
        return node;
    }

    Node list(const YAML::Node& from, Node node, const std::string& path, size_t depth) {
        node.kind = Node::Kind::list;
        for (const YAML::Node& item : from)
            node.items.push_back(build(item, joined(path, node.items.size()), depth + 1));
        return node;
    }

    Node mapping(const YAML::Node& from, Node node, const std::string& path, size_t depth) {
        node.kind = Node::Kind::mapping;
        for (const auto& entry : from) add(entry.first, entry.second, node, path, depth);
        return node;
    }

    void add(const YAML::Node& key, const YAML::Node& value, Node& into, const std::string& path, size_t depth) {
        const Place place = place_of(key.Mark());
        if (!key.IsScalar())
            return findings_.mistake(place, prefix(path) +
                                                (key.IsSequence() ? "got a list"
                                                 : key.IsMap()    ? "got a mapping"
                                                                  : "got nothing") +
                                                " as a key, expected a word");
        const std::string& word = key.Scalar();
        if (const auto* before = into.find(word))
            return findings_.mistake(place, prefix(path) + "key " + quoted(word) +
                                                " appears twice, expected it once: " + "it stands in line " +
                                                std::to_string(before->place.line));
        Node built = build(value, joined(path, word), depth + 1);
        // "peers:" with nothing after it has no place of its own: yaml-cpp gives it that of the next token.
        if (built.kind == Node::Kind::nothing) built.place = place;
        into.entries.push_back({word, place, std::move(built)});
    }

    static std::string prefix(const std::string& path) { return path.empty() ? "" : path + ": "; }

    size_t most_;
    uint32_t file_;
    Findings& findings_;
    size_t count_ = 0;
    bool is_refused_ = false;
};

// Where documents begin, and nothing else.
class Beginnings : public YAML::EventHandler {
public:
    std::vector<YAML::Mark> marks;
    void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
};

// Two at most. YAML::LoadAll() never ends where the parser stands still: before a comma that belongs to no list, each look
// finds one more document, an empty one.
std::vector<YAML::Mark> first_documents(std::string_view yaml) {
    std::istringstream text{std::string(yaml)};
    YAML::Parser parser(text);
    Beginnings beginnings;
    while (beginnings.marks.size() < 2 && parser.HandleNextDocument(beginnings)) continue;
    return beginnings.marks;
}

std::optional<Node> parse(std::string_view yaml, uint32_t file, Findings& findings) {
    Builder builder(yaml, file, findings);
    try {
        const std::vector<YAML::Mark> documents = first_documents(yaml);
        if (documents.empty()) return Node{.place = {.file = file}};
        if (documents.size() == 1) return builder.whole(YAML::Load(std::string(yaml)));
        const bool stands_still = documents[0].pos == documents[1].pos;
        findings.mistake(builder.place_of(documents[1]),
                         stands_still ? "not readable as YAML (nothing can begin like this), expected YAML"
                                      : "a second YAML document, expected one");
    } catch (const YAML::DeepRecursion& error) {
        findings.mistake(builder.place_of(error.mark), "nested too deeply, expected a configuration");
    } catch (const YAML::Exception& error) {
        findings.mistake(builder.place_of(error.mark), "not readable as YAML (" + error.msg + "), expected YAML");
    }
    return std::nullopt;
}

} // namespace

std::optional<Node> load(std::string_view yaml, uint32_t file, Findings& findings) {
    if (yaml.size() > most_bytes) {
        findings.mistake({.file = file}, "longer than 4 MiB, expected a configuration");
        return std::nullopt;
    }
    if (const auto place = first_control_character(yaml, file)) {
        findings.mistake(*place, "a control character, expected text");
        return std::nullopt;
    }
    if (const auto place = first_foreign_byte(yaml, file)) {
        findings.mistake(*place, "a byte that is no UTF-8, expected the file to be saved as UTF-8");
        return std::nullopt;
    }
    return parse(yaml, file, findings);
}

} // namespace ringwall::policy
