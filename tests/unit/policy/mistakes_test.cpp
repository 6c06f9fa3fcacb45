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
         "f:1:10: version: got 2, expected 1, the only version of this file that there is"},
        {"outside: [eth0]\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:1:1: version: missing, expected 1, the only version of this file that there is"},
        {"version: 1\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:1:1: outside: missing, expected a list of interfaces such as [eth0]"},
        {"version: 1\noutside: eth0\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:2:10: outside: got \"eth0\", expected a list of interfaces such as [eth0]"},
        {"version: 1\noutside: []\nprotect: { networks: [self], media_ports: 1-2 }\n",
         "f:2:10: outside: got an empty list, expected a list of interfaces such as [eth0]"},
        {"version: 1\noutside: [eth0]\n", "f:1:1: protect: missing, expected networks and media_ports"},
        {protecting("{ networks: [self] }"),
         "f:3:10: protect.media_ports: missing, expected PORT-PORT within 1-65535, or a list of them: there is no "
         "default, take the PBX's RTP range"},
        {protecting("{ networks: [self], media_ports: 10000-99999 }"),
         "f:3:43: protect.media_ports: got \"10000-99999\", expected PORT-PORT within 1-65535, or a list of them: "
         "there is no default, take the PBX's RTP range"},
        {protecting("{ networks: [self], media_ports: 1-2, tcp_media_ports: 2855-2800 }"),
         "f:3:65: protect.tcp_media_ports: got \"2855-2800\", expected PORT-PORT within 1-65535, or a list of them"},
        {protecting("{ networks: [self], media_ports: 1-2, tcp_media_ports: { 1: 2 } }"),
         "f:3:65: protect.tcp_media_ports: got a mapping, expected PORT-PORT within 1-65535, or a list of them"},
        {protecting("{ networks: [self], media_ports: 1-2, tcp_media_ports: [msrp] }"),
         "f:3:66: protect.tcp_media_ports[0]: got \"msrp\", expected PORT-PORT within 1-65535"},
        {with("zones: [{ name: a, networks: [any], limits: { SYM: 1/s } }]\n"),
         "f:4:47: zones[0].limits: unknown key \"SYM\", did you mean SYN?"},
        {protecting("{ networks: [192.0.2.1/24], media_ports: 1-2 }"),
         "f:3:23: protect.networks[0]: got \"192.0.2.1/24\", expected an address, a prefix without host bits such as "
         "192.0.2.0/24, or self"},
        {protecting("{ networks: [any], media_ports: 1-2 }"),
         "f:3:22: protect.networks: any would make every network inside, expected the networks to guard"},
        {protecting("{ networks: [192.0.2.0/24], media_ports: 1-2, external: atuo }"),
         "f:3:66: protect.external: got \"atuo\", expected a mapping of public to inside addresses, or auto; did you "
         "mean auto?"},
        {protecting("{ networks: [192.0.2.0/24], media_ports: 1-2, external: [auto] }"),
         "f:3:66: protect.external: got a list of 1, expected a mapping of public to inside addresses, or auto"},
        {protecting("{ networks: [192.0.2.0/24], media_ports: 1-2, external: { 203.0.113.1: 198.51.100.9 } }"),
         "f:3:81: protect.external.203.0.113.1: 198.51.100.9 is not protected, expected an address within "
         "protect.networks"},
        {with("mode: enfroce\n"), "f:4:7: mode: got \"enfroce\", expected enforce or monitor; did you mean enforce?"},
        {with("moed: enforce\n"), "f:4:1: unknown key \"moed\", did you mean mode?"},
        {with("sip: { udp: [5060], sctp: [5060] }\n"),
         "f:4:21: sip: unknown key \"sctp\", expected one of udp, tcp, tls, ws, outbound"},
        {with("timers: { forever: 1h }\n"),
         "f:4:11: timers: unknown key \"forever\", expected one of drain, idle, held, early, bye, max_call, tombstone, "
         "return_path, sip_return_path, register_return_path"},
        {with("tables: { pinholes: 1048577 }\n"),
         "f:4:21: tables.pinholes: got 1048577, expected a number of pinholes within 1024-1048576"},
        {with("tables: { dialogs: 5000 }\n"), "f:4:11: tables: unknown key \"dialogs\", expected one of pinholes"},
        {with("tables: 262144\n"), "f:4:9: tables: got 262144, expected a mapping of pinholes"},
        {with("http: { listen: 10560 }\n"),
         "f:4:17: http.listen: got 10560, expected ADDRESS:PORT such as 127.0.0.1:10560, or off"},
        {with("http: { listen: 127.0.0.1:0 }\n"),
         "f:4:17: http.listen: got \"127.0.0.1:0\", expected ADDRESS:PORT such as 127.0.0.1:10560, or off"},
        {with("http: { port: 10560 }\n"), "f:4:9: http: unknown key \"port\", expected one of listen"},
        {with("mode: enforce\nmode: monitor\n"),
         "f:5:1: key \"mode\" appears twice, expected it once: it stands in line 4"},
        {with("feeds: [bad.txt]\n"),
         "f:4:1: unknown key \"feeds\", expected one of version, mode, outside, watch, attach, protect, sip, peers, "
         "zones, allow, deny, rules, timers, tables, ceilings, http, log, on_agent_loss, emergency, auto_reload"},
        {with("deny: { files: [/etc/ringwall/deny.txt], feeds: [/var/lib/ringwall/drop.txt] }\n"), "good"},
        {with("deny: { feeds: [drop.txt] }\n"),
         "f:4:17: deny.feeds[0]: got \"drop.txt\", expected the absolute path of a file"},
        {with("deny: { feeds: [/drop/] }\n"),
         "f:4:17: deny.feeds[0]: got \"/drop/\", expected the absolute path of a file"},
        {with("deny: { files: [/a.txt], feeds: [/a.txt] }\n"),
         "f:4:34: deny.feeds[0]: got \"/a.txt\", expected each list file once"},
        {with("allow: [{ file: /a.txt }, { file: /b.txt, bypass: all }]\n"), "good"},
        {with("allow: [{ file: /a.txt, network: 192.0.2.1 }]\n"),
         "f:4:9: allow[0]: got a mapping, expected network or file, not both"},
        {with("peers:\n"), "f:4:1: peers: got nothing, expected a list of peers"},
        {with("peers:\n  - { name: p, networks: [sip.example.net, _sip._udp.example.net, 192.0.2.1] }\n"), "good"},
        {with("peers:\n  - { name: p, networks: [localhost] }\n"),
         "f:5:27: peers[0].networks[0]: got \"localhost\", expected a host name such as sip.example.net, or "
         "_sip._udp.example.net"},
        {with("zones:\n  - { name: z, networks: [sip.example.net] }\n"),
         "f:5:27: zones[0].networks[0]: got \"sip.example.net\", expected an address or a prefix: only peers may have "
         "names"},
        {with("peers:\n  - { networks: [198.51.100.1] }\n"),
         "f:5:5: peers[0].name: missing, expected a name of 1 to 63 printable bytes"},
        {with("peers:\n  - { name: a, networks: [198.51.100.1] }\n  - { name: a, networks: [198.51.100.2] }\n"),
         "f:6:13: peers[1].name: got \"a\", expected a name that is not taken yet"},
        {with("peers: [{ name: a, networks: [198.51.100.1] }]\nzones: [{ name: a, networks: [any] }]\n"),
         "f:5:17: zones[0].name: got \"a\", expected a name that is not taken yet"},
        {with("peers: [{ name: a, networks: [] }]\n"),
         "f:4:30: peers[0].networks: got an empty list, expected a list of prefixes and host names"},
        {with("peers: [{ name: a, networks: [any], expectation: lax }]\n"),
         "f:4:50: peers[0].expectation: got \"lax\", expected strict, networks, negotiated or any"},
        {with("peers: [{ name: a, networks: [any], latch: 256 }]\n"),
         "f:4:44: peers[0].latch: got 256, expected a number of packets within 0-255"},
        {with("peers: [{ name: a, networks: [any], limits: \"office-of: 5\" }]\n"),
         "f:4:45: peers[0].limits: got \"office-of: 5\", expected trunk, phone, { office-of: 20 }, or a mapping such "
         "as { "
         "INVITE: 10/min burst 4 }"},
        {with("peers: [{ name: a, networks: [any], limits: { office-of: 0 } }]\n"),
         "f:4:58: peers[0].limits.office-of: got 0, expected a number of telephones within 1-10000"},
        {with("peers: [{ name: a, networks: [any], total_limits: phone }]\n"),
         "f:4:51: peers[0].total_limits: got \"phone\", expected a mapping such as { INVITE: 50/s burst 100 }"},
        {with("zones: [{ name: a, networks: [any], total_limits: { office-of: 5 } }]\n"),
         "f:4:53: zones[0].total_limits: unknown key \"office-of\", expected one of INVITE, ACK, BYE, CANCEL, "
         "REGISTER, "
         "OPTIONS, SUBSCRIBE, NOTIFY, PUBLISH, INFO, PRACK, UPDATE, MESSAGE, REFER, OTHER, RESPONSE, KEEPALIVE, "
         "UNREADABLE, SYN"},
        {with("zones: [{ name: a, networks: [any], limits: trnk }]\n"),
         "f:4:45: zones[0].limits: got \"trnk\", expected trunk, phone, { office-of: 20 }, or a mapping such as { "
         "INVITE: 10/min burst 4 }; did you mean trunk?"},
        {with("zones: [{ name: a, networks: [any], limits: { INVTE: 1/s } }]\n"),
         "f:4:47: zones[0].limits: unknown key \"INVTE\", did you mean INVITE?"},
        {with("zones: [{ name: a, networks: [any], limits: { INVITE: 10 } }]\n"),
         "f:4:55: zones[0].limits.INVITE: got 10, expected NUMBER/s, /min or /h, with or without \"burst NUMBER\", at "
         "most 10000/s burst 10000, or unlimited"},
        {with("zones: [{ name: a, networks: [any], sip: maybe }]\n"),
         "f:4:42: zones[0].sip: got \"maybe\", expected yes or no"},
        {with("zones: [{ name: a, networks: [any], on_excess: ban 10m }]\n"), "good"},
        {with("zones: [{ name: a, networks: [any], on_excess: ban }]\n"),
         "f:4:48: zones[0].on_excess: got \"ban\", expected drop, or ban with a duration of 1m to 31d: ban 10m"},
        {with("zones: [{ name: a, networks: [any], on_excess: ban 59s }]\n"),
         "f:4:48: zones[0].on_excess: got \"ban 59s\", expected drop, or ban with a duration of 1m to 31d: ban 10m"},
        {with("zones: [{ name: a, networks: [any], calls: { total: 114688, per_source: 1, half_open: unlimited } }]\n"),
         "good"},
        {with("zones: [{ name: a, networks: [any], calls: 7 }]\n"),
         "f:4:44: zones[0].calls: got 7, expected a mapping such as { total: 1000, per_source: 50, half_open: 20 }"},
        {with("zones: [{ name: a, networks: [any], calls: { total: 0 } }]\n"),
         "f:4:53: zones[0].calls.total: got 0, expected a number of calls within 1-114688, or unlimited"},
        {with("peers: [{ name: a, networks: [any], calls: 114689 }]\n"),
         "f:4:44: peers[0].calls: got 114689, expected a number of calls within 1-114688, or unlimited"},
        {with("ceilings: { calls: unlimited }\n"),
         "f:4:20: ceilings.calls: got \"unlimited\", expected a number of calls within 1-114688"},
        {with("ceilings: { ports_per_call: 1 }\n"),
         "f:4:29: ceilings.ports_per_call: got 1, expected a number of ports within 2-1024"},
        {with("deny: { scope: all }\n"), "good"},
        {with("deny: { scope: media }\n"), "f:4:16: deny.scope: got \"media\", expected sip or all"},
        {with("allow: [192.0.2.5, { network: 198.51.100.0/24, bypass: all }]\n"), "good"},
        {with("allow: [{ network: 198.51.100.0/24, bypass: some }]\n"),
         "f:4:45: allow[0].bypass: got \"some\", expected all"},
        {with("allow: [{ bypass: all }]\n"),
         "f:4:9: allow[0]: got a mapping, expected a prefix, { network: PREFIX, bypass: all } or { file: PATH }"},
        {with("allow: [nobody]\n"),
         "f:4:9: allow[0]: got \"nobody\", expected a prefix, { network: PREFIX, bypass: all } or { file: PATH }"},
        {with("deny: { user_agents: [sipvicious, \"SIPCLI\"] }\n"), "good"},
        {with("deny: { user_agents: sipxcom }\n"), "good"},
        {with("deny: { user_agents: all }\n"),
         "f:4:22: deny.user_agents: got \"all\", expected default, sipxcom, or a list of at most 512 such as "
         "[sipvicious, sipcli]"},
        {with("deny: { user_agents: [sipcli/v1.8] }\n"),
         "f:4:23: deny.user_agents[0]: got \"sipcli/v1.8\", expected the first word of a User-Agent, without its "
         "version: sipvicious"},
        {with("zones: [{ name: a, networks: [any], guessing: off }]\n"), "good"},
        {with("zones: [{ name: a, networks: [any], guessing: { passwords: off, names: 3, within: 10s, ban: 31d } }]\n"),
         "good"},
        {with("zones: [{ name: a, networks: [any], guessing: none }]\n"),
         "f:4:47: zones[0].guessing: got \"none\", expected off, or a mapping such as { passwords: 20, within: 5m, "
         "ban: "
         "1h }"},
        {with("zones: [{ name: a, networks: [any], guessing: { passwords: 2 } }]\n"),
         "f:4:60: zones[0].guessing.passwords: got 2, expected a number within 3-10000, or off"},
        {with("zones: [{ name: a, networks: [any], guessing: { within: 9s } }]\n"),
         "f:4:57: zones[0].guessing.within: got \"9s\", expected a duration of 10s to 24h, such as 5m"},
        {with("zones: [{ name: a, networks: [any], guessing: { ban: 32d } }]\n"),
         "f:4:54: zones[0].guessing.ban: got \"32d\", expected a duration of 1m to 31d, such as 1h"},
        {with("timers: { drain: 2 }\n"), "f:4:18: timers.drain: got 2, expected a duration of 0s to 1m, such as 2s"},
        {with("timers: { bye: 999ms }\n"),
         "f:4:16: timers.bye: got \"999ms\", expected a duration of 1s to 10m, such as 32s"},
        {with("on_agent_loss: { do: closed }\n"), "good"},
        {with("on_agent_loss: { do: shut }\n"),
         "f:4:22: on_agent_loss.do: got \"shut\", expected peers, keep, closed or open"},
        {with("timers: { return_path: 2h }\n"),
         "f:4:24: timers.return_path: got \"2h\", expected a duration of 1s to 1h, such as 2m"},
        {with("timers: { sip_return_path: 31s }\n"),
         "f:4:28: timers.sip_return_path: got \"31s\", expected a duration of 32s to 24h, such as 5m"},
        {with("timers: { register_return_path: 4m }\n"),
         "f:4:33: timers.register_return_path: shorter than sip_return_path, expected at least that "
         "(it is 65m where it is not said)"},
        {with("sip: { tcp: [443], ws: [443] }\n"),
         "f:4:24: sip.ws: port 443 is in sip.tcp too, expected one of the two"},
        {with("sip: { udp: [99999] }\n"), "f:4:14: sip.udp[0]: got 99999, expected a port within 1-65535"},
        {with("log: { format: journal, level: error, privacy: plain }\n"), "good"},
        {with("log: { format: xml }\n"), "f:4:16: log.format: got \"xml\", expected auto, text, json or journal"},
        {with("log: { level: warning }\n"), "f:4:15: log.level: got \"warning\", expected debug, info, warn or error"},
        {with("log: { privacy: yes }\n"), "f:4:17: log.privacy: got \"yes\", expected plain or hash"},
        {with("log: { colour: no }\n"), "f:4:8: log: unknown key \"colour\", expected one of format, level, privacy"},
        {with("emergency: [police]\n"),
         "f:4:13: emergency[0]: got \"police\", expected a telephone number of at most 15 digits"},
        {with("? [a]\n: b\n"), "f:4:3: got a list as a key, expected a word"},
        {"", "f:1:1: empty, expected a configuration that begins with version: 1"},
        {"# nothing\n", "f:1:1: empty, expected a configuration that begins with version: 1"},
        {with("---\nversion: 1\n"), "f:4:1: a second YAML document, expected one"},
        {with("a:\n\t- b\n"), "f:5:2: not readable as YAML (illegal block entry), expected YAML"},
        {with(std::string_view("mode: \0", 7)), "f:4:7: a control character, expected text"},
    };
    for (const auto& [yaml, said] : cases) EXPECT_EQ(mistakes(yaml), said) << yaml;
}

TEST(Mistakes, come_all_at_once_in_the_order_of_the_file) {
    EXPECT_EQ(mistakes("version: 2\nmode: on\noutside: [eth0]\nprotect:\n  networks: [host]\n  media_ports: 0-1\n"),
              "f:1:10: version: got 2, expected 1, the only version of this file that there is\n"
              "f:2:7: mode: got \"on\", expected enforce or monitor\n"
              "f:5:14: protect.networks[0]: got \"host\", expected an address, a prefix without host bits such as "
              "192.0.2.0/24, or self\n"
              "f:6:16: protect.media_ports: got \"0-1\", expected PORT-PORT within 1-65535, or a list of them: there "
              "is no default, take the PBX's RTP range");
}

TEST(Mistakes, show_no_more_than_sixty_bytes_of_what_was_found) {
    const std::string said = mistakes(with("mode: " + std::string(1000, 'x') + "\n"));
    EXPECT_LT(said.size(), 200U) << said;
}

TEST(Mistakes, are_ipv6_prefixes_that_have_all_of_ipv4_in_them) {
    const auto said = [](const std::string& path, const std::string& prefix, int column) {
        return "f:4:" + std::to_string(column) + ": " + path + ": got \"" + prefix +
               "\", expected a prefix of one family, or any: this one has all of IPv4 in it (::ffff:0:0/96)";
    };
    EXPECT_EQ(mistakes(with("deny: { networks: ['::/8'] }\n")), said("deny.networks[0]", "::/8", 20));
    EXPECT_EQ(mistakes(with("allow: ['::/1']\n")), said("allow[0]", "::/1", 9));
    EXPECT_EQ(mistakes(with("peers: [{ name: p, networks: ['::/64'] }]\n")), said("peers[0].networks[0]", "::/64", 31));
    EXPECT_EQ(mistakes(with("zones: [{ name: z, networks: ['::/80'] }]\n")), said("zones[0].networks[0]", "::/80", 31));
    EXPECT_EQ(mistakes(with("rules: [{ allow: udp, to: any, ports: 13000, from: '::/80' }]\n")),
              said("rules[0].from", "::/80", 52));
    for (const char* one : {"'::/0'", "any", "0.0.0.0/0", "'2000::/3'", "'::1'", "'::ffff:192.0.2.1'", "'::/81'"})
        EXPECT_EQ(mistakes(with("deny: { networks: [" + std::string(one) + "] }\n")), "good") << one;
}

TEST(Mistakes, allow_255_peers_and_zones_and_no_more) {
    std::string peers = "peers:\n";
    for (int i = 0; i < 255; ++i)
        peers += "  - { name: p" + std::to_string(i) + ", networks: [198.51.100." + std::to_string(i) + "] }\n";
    EXPECT_EQ(mistakes(with(peers)), "good");
    EXPECT_EQ(mistakes(with(peers + "  - { name: p255, networks: [198.51.100.255] }\n")),
              "f:5:3: peers: 256 peers and zones, expected at most 255");
}

TEST(Mistakes, allow_512_names_of_attack_tools_and_no_more) {
    std::string names = "t0";
    for (int i = 1; i < 512; ++i) names += ", t" + std::to_string(i);
    EXPECT_EQ(mistakes(with("deny: { user_agents: [" + names + "] }\n")), "good");
    EXPECT_EQ(
        mistakes(with("deny: { user_agents: [" + names + ", t512] }\n")),
        "f:4:22: deny.user_agents: got a list of 513, expected default, sipxcom, or a list of at most 512 such as "
        "[sipvicious, sipcli]");
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

// As a limit that many zones share is written; and as nobody writes.
TEST(Mistakes, aliases_repeat_a_little_and_not_without_end) {
    const auto zones = [](size_t count) {
        std::string yaml =
            "zones:\n  - { name: z0, networks: [10.0.0.0/24], limits: &l { INVITE: 20/min, REGISTER: 6/min } }\n";
        for (size_t i = 1; i < count; ++i)
            yaml += "  - { name: z" + std::to_string(i) + ", networks: [10.0." + std::to_string(i) +
                    ".0/24], limits: *l }\n";
        return with(yaml);
    };
    EXPECT_EQ(mistakes(zones(200)), "good");
    std::string bomb = "zones: [&z { name: [], networks: [1, 2, 3, 4, 5, 6, 7, 8, 9], limits: { A: 1, B: 2, C: 3 } }";
    for (int i = 0; i < 1000; ++i) bomb += ",*z";
    EXPECT_EQ(mistakes(with(bomb + "]\n")).find("f:4:"), 0U);
    EXPECT_NE(mistakes(with(bomb + "]\n")).find("nested too deeply or too large"), std::string::npos);
}

TEST(Mistakes, name_a_scalar_that_is_too_long_once) {
    EXPECT_EQ(mistakes("version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000 }\nmode: " +
                       std::string(5000, 'x') + "\n"),
              "f:4:7: mode: longer than any value is, expected at most 4096 bytes");
}

} // namespace
} // namespace ringwall::policy
