// SPDX-License-Identifier: Apache-2.0
// Mistakes, word for word: an operator greps for them, editors jump to them.
#include <gtest/gtest.h>

#include <random>

#include "policy/config.hpp"

namespace ringwall::policy {
namespace {

// One line a mistake, as `ringwall check` prints them.
std::string mistakes(std::string_view yaml) {
    const auto config = read(yaml);
    if (config) return "good";
    std::string lines;
    for (const Mistake& mistake : config.error()) lines += (lines.empty() ? "" : "\n") + to_string(mistake, "f");
    return lines;
}

// A good configuration of three lines, and then `more` from line 4 on.
std::string with(std::string_view more) {
    return "version: 1\noutside: [eth0]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-20000 }\n" +
           std::string(more);
}

// A good configuration whose `protect`, on line 3, is another.
std::string protecting(std::string_view protect) {
    return "version: 1\noutside: [eth0]\nprotect: " + std::string(protect) + "\n";
}

struct Golden {
    std::string yaml, said;
};

TEST(Mistakes, are_said_with_line_column_and_what_was_expected) {
    const Golden cases[] = {
        {with(""), "good"},
        {with("peers:\n  - { name: p, networks: [198.51.100.0/24], conformance: strict }\n"),
         "f:5:58: peers[0].conformance: got \"strict\", expected off, count or enforce"},
        {with("zones:\n  - { name: z, networks: [any], conformance: on }\n"),
         "f:5:46: zones[0].conformance: got \"on\", expected off, count or enforce"},
        {with("zones:\n  - { name: z, networks: [any], conformance: enforce }\n"), "good"},
        {"version: 2\noutside: [eth0]\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:1:10: version: got \"2\", expected 1, the only version of this file that there is"},
        {"outside: [eth0]\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:1:1: version: missing, expected version: 1"},
        {"version: 1\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:1:1: outside: missing, expected a list of interfaces such as [eth0]"},
        {"version: 1\noutside: eth0\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:2:10: outside: got \"eth0\", expected a list of interfaces such as [eth0]"},
        {"version: 1\noutside: []\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:2:10: outside: got a list, expected at least one interface"},
        {"version: 1\noutside: [eth0]\n", "f:1:1: protect: missing, expected networks and media_ports"},
        {protecting("{ networks: [self] }"),
         "f:3:10: protect.media_ports: missing, expected PORT-PORT: there is no default, take the PBX's RTP range"},
        {protecting("{ networks: [self], media_ports: 10000-99999 }"),
         "f:3:43: protect.media_ports: got \"10000-99999\", expected PORT-PORT within 1-65535"},
        {protecting("{ networks: [self], media_ports: 1-2, tcp_media_ports: 2855-2800 }"),
         "f:3:65: protect.tcp_media_ports: got \"2855-2800\", expected PORT-PORT within 1-65535"},
        {protecting("{ networks: [self], media_ports: 1-2, tcp_media_ports: { 1: 2 } }"),
         "f:3:65: protect.tcp_media_ports: got a mapping, expected PORT-PORT within 1-65535"},
        {protecting("{ networks: [self], media_ports: 1-2, tcp_media_ports: [msrp] }"),
         "f:3:66: protect.tcp_media_ports[0]: got \"msrp\", expected PORT-PORT within 1-65535"},
        {with("zones: [{ name: a, networks: [any], limits: { SYM: 1/s } }]\n"),
         "f:4:47: zones[0].limits: unknown key \"SYM\", expected SYN"},
        {protecting("{ networks: [192.0.2.1/24], media_ports: 1-2 }"),
         "f:3:23: protect.networks[0]: got \"192.0.2.1/24\", expected an address, a prefix without host bits such as "
         "192.0.2.0/24, or any"},
        {protecting("{ networks: [any], media_ports: 1-2 }"),
         "f:3:22: protect.networks: any would make every network inside, expected the networks to guard"},
        {protecting("{ networks: [192.0.2.0/24], media_ports: 1-2, external: auto }"),
         "f:3:66: protect.external: not supported by this version, expected a mapping of public to inside addresses"},
        {protecting("{ networks: [192.0.2.0/24], media_ports: 1-2, external: { 203.0.113.1: 198.51.100.9 } }"),
         "f:3:81: protect.external.203.0.113.1: 198.51.100.9 is not protected, expected an address within "
         "protect.networks"},
        {with("mode: enfroce\n"), "f:4:7: mode: got \"enfroce\", expected enforce or monitor"},
        {with("moed: enforce\n"), "f:4:1: unknown key \"moed\", expected mode"},
        {with("sip: { udp: [5060], sctp: [5060] }\n"), "f:4:21: sip: unknown key \"sctp\", expected tcp"},
        {with("timers: { forever: 1h }\n"),
         "f:4:11: timers: unknown key \"forever\", expected one of drain, idle, held, early, bye, max_call, tombstone, "
         "return_path, sip_return_path, register_return_path"},
        {with("mode: enforce\nmode: monitor\n"), "f:5:1: key \"mode\" appears twice, expected each key once"},
        {with("attach: dispatcher\n"),
         "f:4:9: attach: not supported by this version, expected auto, native, generic or tc"},
        {with("feeds: [bad.txt]\n"), "f:4:8: feeds: not supported by this version, expected []"},
        {with("peers:\n"), "f:4:1: peers: got nothing, expected a list of peers"},
        {with("peers:\n  - { name: p, networks: [sip.example.net] }\n"),
         "f:5:27: peers[0].networks[0]: got \"sip.example.net\", expected an address or a prefix: names are not "
         "supported "
         "by this version"},
        {with("peers:\n  - { networks: [198.51.100.1] }\n"),
         "f:5:5: peers[0].name: missing, expected a name of 1 to 63 printable bytes"},
        {with("peers:\n  - { name: a, networks: [198.51.100.1] }\n  - { name: a, networks: [198.51.100.2] }\n"),
         "f:6:13: peers[1].name: got \"a\", expected a name that is not taken yet"},
        {with("peers: [{ name: a, networks: [198.51.100.1] }]\nzones: [{ name: a, networks: [any] }]\n"),
         "f:5:17: zones[0].name: got \"a\", expected a name that is not taken yet"},
        {with("peers: [{ name: a, networks: [] }]\n"),
         "f:4:30: peers[0].networks: got a list, expected at least one prefix"},
        {with("peers: [{ name: a, networks: [any], expectation: lax }]\n"),
         "f:4:50: peers[0].expectation: got \"lax\", expected strict, networks, negotiated or any"},
        {with("peers: [{ name: a, networks: [any], latch: 256 }]\n"),
         "f:4:44: peers[0].latch: got \"256\", expected a number of packets within 0-255"},
        {with("peers: [{ name: a, networks: [any], limits: \"office-of: 5\" }]\n"),
         "f:4:45: peers[0].limits: not supported by this version, expected trunk, phone, or a mapping such as { "
         "INVITE: 10/min "
         "burst 4 }"},
        {with("zones: [{ name: a, networks: [any], limits: trnk }]\n"),
         "f:4:45: zones[0].limits: got \"trnk\", expected trunk, phone, or a mapping such as { INVITE: 10/min burst 4 "
         "}"},
        {with("zones: [{ name: a, networks: [any], limits: { INVTE: 1/s } }]\n"),
         "f:4:47: zones[0].limits: unknown key \"INVTE\", expected INVITE"},
        {with("zones: [{ name: a, networks: [any], limits: { INVITE: 10 } }]\n"),
         "f:4:55: zones[0].limits.INVITE: got \"10\", expected NUMBER/s, /min or /h, with or without \"burst NUMBER\", "
         "at "
         "most 10000/s burst 10000, or unlimited"},
        {with("zones: [{ name: a, networks: [any], sip: maybe }]\n"),
         "f:4:42: zones[0].sip: got \"maybe\", expected yes or no"},
        {with("zones: [{ name: a, networks: [any], on_excess: ban 10m }]\n"),
         "f:4:48: zones[0].on_excess: not supported by this version, expected drop"},
        {with("deny: { scope: all }\n"), "good"},
        {with("deny: { scope: media }\n"), "f:4:16: deny.scope: got \"media\", expected sip or all"},
        {with("allow: [192.0.2.5, { network: 198.51.100.0/24, bypass: all }]\n"), "good"},
        {with("allow: [{ network: 198.51.100.0/24, bypass: some }]\n"),
         "f:4:45: allow[0].bypass: got \"some\", expected all"},
        {with("allow: [{ bypass: all }]\n"),
         "f:4:9: allow[0].network: missing, expected an address, a prefix without host bits such as 192.0.2.0/24, or "
         "any"},
        {with("allow: [nobody]\n"),
         "f:4:9: allow[0]: got \"nobody\", expected a prefix, or { network: PREFIX, bypass: all }"},
        {with("deny: { user_agents: [sipvicious] }\n"),
         "f:4:22: deny.user_agents: not supported by this version, expected default or []"},
        {with("timers: { drain: 2 }\n"),
         "f:4:18: timers.drain: got \"2\", expected a duration such as 250ms, 2s, 5m, 24h or 7d, a year at most"},
        {with("timers: { bye: 999ms }\n"), "f:4:16: timers.bye: out of bounds, expected 1s to 10m"},
        {with("on_agent_loss: { do: closed }\n"), "good"},
        {with("on_agent_loss: { do: shut }\n"),
         "f:4:22: on_agent_loss.do: got \"shut\", expected peers, keep, closed or open"},
        {with("timers: { return_path: 2h }\n"), "f:4:24: timers.return_path: out of bounds, expected 1s to 1h"},
        {with("timers: { sip_return_path: 31s }\n"),
         "f:4:28: timers.sip_return_path: out of bounds, expected 32s to 24h"},
        {with("timers: { register_return_path: 4m }\n"),
         "f:4:33: timers.register_return_path: shorter than sip_return_path, expected at least that"},
        {with("sip: { tcp: [443], ws: [443] }\n"),
         "f:4:24: sip.ws: port 443 is in sip.tcp too, expected one of the two"},
        {with("sip: { udp: [99999] }\n"), "f:4:14: sip.udp[0]: got \"99999\", expected a port within 1-65535"},
        {with("emergency: [police]\n"),
         "f:4:13: emergency[0]: got \"police\", expected a telephone number of at most 15 digits"},
        {with("? [a]\n: b\n"), "f:4:3: got a list as a key, expected a word"},
        {"", "f:1:1: empty, expected a configuration that begins with version: 1"},
        {"# nothing\n", "f:1:1: empty, expected a configuration that begins with version: 1"},
        {with("---\nversion: 1\n"), "f:5:1: a second YAML document, expected one"},
        {with("a:\n\t- b\n"), "f:5:2: not readable as YAML (illegal block entry), expected YAML"},
        {with(std::string_view("mode: \0", 7)), "f:4:7: a control character, expected text"},
    };
    for (const auto& [yaml, said] : cases) EXPECT_EQ(mistakes(yaml), said) << yaml;
}

TEST(Mistakes, come_all_at_once_in_the_order_of_the_file) {
    EXPECT_EQ(mistakes("version: 2\nmode: on\noutside: [eth0]\nprotect:\n  networks: [host]\n  media_ports: 0-1\n"),
              "f:1:10: version: got \"2\", expected 1, the only version of this file that there is\n"
              "f:2:7: mode: got \"on\", expected enforce or monitor\n"
              "f:5:14: protect.networks[0]: got \"host\", expected an address, a prefix without host bits such as "
              "192.0.2.0/24, or any\n"
              "f:6:16: protect.media_ports: got \"0-1\", expected PORT-PORT within 1-65535");
}

TEST(Mistakes, show_no_more_than_sixty_bytes_of_what_was_found) {
    const std::string said = mistakes(with("mode: " + std::string(1000, 'x') + "\n"));
    EXPECT_LT(said.size(), 200U) << said;
}

TEST(Mistakes, allow_255_peers_and_zones_and_no_more) {
    std::string peers = "peers:\n";
    for (int i = 0; i < 255; ++i)
        peers += "  - { name: p" + std::to_string(i) + ", networks: [198.51.100." + std::to_string(i) + "] }\n";
    EXPECT_EQ(mistakes(with(peers)), "good");
    EXPECT_EQ(mistakes(with(peers + "  - { name: p255, networks: [198.51.100.255] }\n")),
              "f:5:3: peers: 256 peers and zones, expected at most 255");
}

TEST(Mistakes, of_nesting_without_end_are_mistakes_like_others) {
    for (const std::string piece : {"[", "{a: ", "- ", "? ", "&a [", "!t [", "[[{"}) {
        std::string yaml;
        for (int i = 0; i < 200000; ++i) yaml += piece;
        EXPECT_NE(mistakes(yaml), "good") << piece;
    }
}

TEST(Mistakes, of_aliases_that_contain_themselves_are_mistakes_like_others) {
    EXPECT_NE(mistakes("&a [*a]"), "good");
    EXPECT_NE(mistakes(with("peers: &p [{ name: x, networks: *p }]\n")), "good");
    EXPECT_NE(mistakes(with("timers: &t { drain: *t }\n")), "good");
}

TEST(Mistakes, of_any_bytes_are_mistakes_and_never_a_crash) {
    std::mt19937 random(1); // the same bytes in every run
    const std::string good = with("peers: [{ name: p, networks: [198.51.100.0/24], limits: { INVITE: 1/s } }]\n");
    for (int round = 0; round < 3000; ++round) {
        std::string yaml = good;
        for (int edit = 0; edit < 1 + round % 8; ++edit) yaml[random() % yaml.size()] = static_cast<char>(random());
        EXPECT_FALSE(mistakes(yaml).empty());
    }
}

} // namespace
} // namespace ringwall::policy
