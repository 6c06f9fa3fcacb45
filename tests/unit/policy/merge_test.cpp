// SPDX-License-Identifier: Apache-2.0
// Several files as one: what is appended, what is merged, and what two files cannot both say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/config.hpp"

namespace ringwall::policy {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

constexpr const char* base =
    "version: 1\noutside: [eth0]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-20000 }\n";

Result<Config, std::vector<Mistake>> with(const std::vector<std::string>& fragments) {
    std::vector<ConfigFile> files{{"main.yaml", base}};
    for (const std::string& text : fragments)
        files.push_back({"conf.d/" + std::to_string(files.size()) + ".yaml", text});
    return read(files);
}

std::vector<std::string> mistakes(const std::vector<std::string>& fragments) {
    std::vector<std::string> lines;
    const auto config = with(fragments);
    if (!config)
        for (const Mistake& mistake : config.error()) lines.push_back(to_string(mistake, "?"));
    return lines;
}

TEST(SeveralFiles, append_their_lists_in_their_order) {
    const auto config = with({"peers: [{ name: a, networks: [198.51.100.1] }]\noutside: [eth1]\n",
                              "peers: [{ name: b, networks: [198.51.100.2] }]\n"});
    ASSERT_TRUE(config);
    EXPECT_THAT(config->outside, ElementsAre("eth0", "eth1"));
    ASSERT_THAT(config->peers, SizeIs(2));
    EXPECT_EQ(config->peers[0].name, "a");
    EXPECT_EQ(config->peers[1].name, "b");
}

TEST(SeveralFiles, merge_their_mappings) {
    const auto config = with({"protect: { external: { 203.0.113.1: 192.0.2.5 } }\n",
                              "protect: { external: { 203.0.113.2: 192.0.2.6 } }\ntimers: { idle: 1m }\n"});
    ASSERT_TRUE(config);
    EXPECT_THAT(config->external, SizeIs(2));
    EXPECT_EQ(config->timers.idle, std::chrono::minutes(1));
}

TEST(SeveralFiles, may_say_the_same_and_not_another_thing) {
    EXPECT_TRUE(with({"version: 1\n", "version: 1\nmode: monitor\n"}));
    EXPECT_THAT(
        mistakes({"mode: monitor\n", "\nmode: enforce\n"}),
        ElementsAre("conf.d/2.yaml:2:7: mode: got \"enforce\", and conf.d/1.yaml:1:7 says \"monitor\", expected "
                    "it in one place"));
    EXPECT_THAT(mistakes({"protect: { media_ports: [3] }\n"}),
                ElementsAre("conf.d/1.yaml:1:25: protect.media_ports: got a list, and main.yaml:3:51 says "
                            "\"10000-20000\", expected it in one place"));
}

TEST(SeveralFiles, name_the_one_with_the_mistake_in_their_order) {
    EXPECT_THAT(mistakes({"a: [\n", "mode: on\n"}), SizeIs(1)); // what cannot be read has no values
    EXPECT_THAT(mistakes({"peers:\n  - { name: a, networks: [any], latch: 300 }\n",
                          "peers:\n  - { name: b, netwerks: [any] }\nmode: on\n"}),
                ElementsAre("conf.d/1.yaml:2:40: peers[0].latch: got 300, expected a number of packets within 0-255",
                            "conf.d/2.yaml:2:5: peers[1].networks: missing, expected a list of prefixes and host names",
                            "conf.d/2.yaml:2:16: peers[1]: unknown key \"netwerks\", did you mean networks?",
                            "conf.d/2.yaml:3:7: mode: got \"on\", expected enforce or monitor"));
}

TEST(SeveralFiles, are_named_with_the_place_of_each_value) {
    const auto config = with({"", "timers: { idle: 1m }\npeers: [{ name: a, networks: [198.51.100.1] }]\n"});
    ASSERT_TRUE(config);
    const auto where = [&](const std::string& path) {
        const Place place = config->places.at(path);
        return config->files.at(place.file) + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
    };
    EXPECT_EQ(where("protect.media_ports"), "main.yaml:3:51");
    EXPECT_EQ(where("peers[0].networks[0]"), "conf.d/2.yaml:2:31");
    EXPECT_EQ(where("timers.idle"), "conf.d/2.yaml:1:17");
    EXPECT_FALSE(config->places.contains("timers.held"));
}

TEST(SeveralFiles, may_be_empty) {
    EXPECT_TRUE(with({"", "# nothing\n"}));
    EXPECT_THAT(with({""})->peers, SizeIs(0));
}

} // namespace
} // namespace ringwall::policy
