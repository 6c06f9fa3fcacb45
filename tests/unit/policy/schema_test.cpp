// SPDX-License-Identifier: Apache-2.0
// The schema against the code and the documents: what it knows is read, what is read it knows, its defaults are those
// that apply, its numbers those of the kernel's maps, and configuration.md speaks of every key.
#include "policy/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "maps/abi/user_agent.h"
#include "policy/document.hpp"
#include "policy/scalars.hpp"
#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

namespace json = boost::json;

std::string file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// "peers[].limits.INVITE", and so on, of all keys within `schema`.
void collect_keys(const Schema& schema, const std::string& path, std::set<std::string>& into) {
    for (const std::string_view key : schema.keys()) {
        const std::string name = joined(path, key);
        into.insert(name);
        collect_keys(schema.property(key), name, into);
        collect_keys(schema.property(key).items(), name + "[]", into);
    }
}

std::set<std::string> schema_keys() {
    std::set<std::string> keys;
    collect_keys(Schema::root(), "", keys);
    return keys;
}

void collect_keys(const Node& node, const std::string& path, std::set<std::string>& into) {
    for (const Node& item : node.items) collect_keys(item, path + "[]", into);
    for (const Node::Entry& entry : node.entries) {
        into.insert(joined(path, entry.key));
        collect_keys(entry.value, joined(path, entry.key), into);
    }
}

Node tree_of(const std::string& yaml) {
    Findings findings;
    return load(yaml, 0, findings).value();
}

// read() refuses a key that the schema knows and nothing asks for; asking for one that it does not know throws.
TEST(EveryKeyOfTheSchema, is_read) {
    const std::string yaml = file(RINGWALL_DATA "/config/every_key.yaml");
    std::set<std::string> written;
    collect_keys(tree_of(yaml), "", written);
    std::erase_if(written, [](const std::string& key) { return key.starts_with("protect.external."); });
    EXPECT_EQ(written, schema_keys());
    const auto config = read(yaml);
    EXPECT_TRUE(config) << to_string(config.error().front(), "every_key.yaml");
}

TEST(EveryKeyOfTheSchema, is_in_the_documentation) {
    const std::string page = file(RINGWALL_DOCS "/configuration.md");
    for (const std::string& path : schema_keys()) {
        const std::string key = path.substr(path.find_last_of('.') + 1);
        const auto is_said = [&](const std::string& before, const std::string& after) {
            return page.find(before + key + after) != page.npos;
        };
        EXPECT_TRUE(is_said("`", "`") || is_said(".", "`") || is_said("`", ":") || is_said("`", ".") ||
                    is_said("{ ", ": ") || is_said(", ", ": ") || is_said("| ", " |"))
            << path;
    }
}

TEST(EveryKeyOfTheSchema, has_a_title_and_a_description) {
    const std::function<void(const Schema&, const std::string&)> look = [&](const Schema& schema,
                                                                            const std::string& path) {
        for (const std::string_view key : schema.keys()) {
            const Schema property = schema.property(key);
            EXPECT_NE(property.find("title"), nullptr) << path << "." << key;
            EXPECT_NE(property.find("description"), nullptr) << path << "." << key;
            look(property, path + "." + std::string(key));
            look(property.items(), path + "." + std::string(key) + "[]");
        }
    };
    look(Schema::root(), "");
}

constexpr std::string_view smallest =
    "version: 1\noutside: [eth0]\nprotect:\n  networks: [192.0.2.0/24]\n  media_ports: 10000-20000\n";

// A configuration that says every default is the one that says none.
TEST(DefaultsOfTheSchema, are_those_that_apply) {
    const auto unsaid = read(smallest);
    ASSERT_TRUE(unsaid);
    const auto check = [&](const Schema& section, const std::string& start, const std::string& end) {
        for (const std::string_view key : section.keys()) {
            const json::value* value = section.property(key).find("default");
            if (value == nullptr) continue;
            const std::string yaml = start + std::string(key) + ": " + json::serialize(*value) + end;
            auto said = read(yaml);
            ASSERT_TRUE(said) << yaml << to_string(said.error().front(), "");
            said->warnings.clear();
            said->places = unsaid->places;
            EXPECT_EQ(*said, *unsaid) << yaml;
        }
    };
    const std::string start(smallest);
    check(Schema::root(), start, "\n");
    check(Schema::root().property("protect"), start + "  ", "\n");
    for (const std::string section : {"sip", "deny", "timers", "tables", "ceilings", "http", "log", "on_agent_loss"})
        check(Schema::root().property(section), start + section + ": { ", " }\n");
}

TEST(DefaultsOfTheSchema, are_those_that_apply_to_peers_and_zones) {
    const auto check = [&](const std::string& list, const std::string& within_start, const std::string& within_end,
                           const Schema& section) {
        const std::string start = std::string(smallest) + list + ": [{ name: a, networks: [198.51.100.0/24], ";
        const auto unsaid = read(start + "}]\n");
        ASSERT_TRUE(unsaid);
        for (const std::string_view key : section.keys()) {
            const json::value* value = section.property(key).find("default");
            if (value == nullptr) continue;
            const auto said =
                read(start + within_start + std::string(key) + ": " + json::serialize(*value) + within_end + " }]\n");
            ASSERT_TRUE(said) << key << to_string(said.error().front(), "");
            EXPECT_EQ(said->peers, unsaid->peers) << list << " " << key;
            EXPECT_EQ(said->zones, unsaid->zones) << list << " " << key;
        }
    };
    const Schema zone = Schema::root().property("zones").items();
    check("peers", "", "", Schema::root().property("peers").items());
    check("zones", "", "", zone);
    check("zones", "guessing: { ", " }", zone.property("guessing"));
    check("zones", "calls: { ", " }", zone.property("calls"));
}

template <class T>
void expect_words_are_read(const Kind<T>& kind) {
    const auto words = Schema::definition(kind.definition).words();
    EXPECT_FALSE(words.empty()) << kind.definition;
    for (const std::string_view word : words) EXPECT_TRUE(kind.parse(word)) << kind.definition << ": " << word;
}

TEST(WordsOfTheSchema, are_those_that_are_read) {
    expect_words_are_read(as::mode);
    expect_words_are_read(as::attach);
    expect_words_are_read(as::expectation);
    expect_words_are_read(as::conformance);
    expect_words_are_read(as::agent_loss);
    expect_words_are_read(as::deny_scope);
    expect_words_are_read(as::log_format);
    expect_words_are_read(as::log_level);
    expect_words_are_read(as::log_privacy);
    expect_words_are_read(as::protocol);
    expect_words_are_read(as::boolean);
}

TEST(NumbersOfTheSchema, are_those_of_the_maps) {
    const auto number = [](const Schema& schema, std::string_view keyword) {
        return schema.find(keyword)->to_number<uint32_t>();
    };
    EXPECT_EQ(number(Schema::root().property("rules"), "maxItems"), uint32_t{RULES});
    EXPECT_EQ(number(Schema::root().property("rules").items().property("ports"), "maxItems"), uint32_t{PORTS_PER_RULE});
    EXPECT_EQ(number(Schema::root().property("emergency"), "maxItems"), uint32_t{EMERGENCY_NUMBERS});
    EXPECT_EQ(number(Schema::root().property("deny").property("user_agents"), "maxItems"), uint32_t{USER_AGENTS});
    EXPECT_EQ(number(Schema::definition("call_count"), "maximum"), most_calls);
    EXPECT_EQ(number(Schema::definition("bounded_call_count"), "maximum"), most_calls);
}

TEST(Schema, says_what_was_expected) {
    EXPECT_EQ(Schema::root().property("mode").expected(), "expected enforce or monitor");
    EXPECT_EQ(Schema::root().property("tables").expected(), "expected a mapping of pinholes");
    EXPECT_EQ(expected_of("port"), "a port within 1-65535");
}

TEST(Schema, is_refused_a_key_that_it_does_not_know) {
    Findings findings;
    const Node node = tree_of("mode: enforce");
    const Section section(Value(node, "", Schema::root(), findings));
    EXPECT_THROW(section.find("moed"), std::logic_error);
}

} // namespace
} // namespace ringwall::policy
