// SPDX-License-Identifier: Apache-2.0
// Step 5b: names of attack tools, in whatever form RFC 3261 lets them stand, of strangers' requests only.
#include "maps/abi/user_agent.h"

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr auto tool = "drop attack_tool", other = "pass sip";

class UserAgent : public Wall, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        Wall::SetUp();
        network("203.0.113.0/24", zone_phones);
        network("2001:db8:77::/48", zone_phones);
        zone(zone_phones, ZONE_SIP);
        list_agents({"friendly-scanner", "sipvicious", "sipcli", longest_});
        listing(true);
    }
    void listing(bool is_on) {
        settings().flags = is_on ? uint32_t{WALL_USER_AGENTS} : 0;
        apply_settings();
    }
    bool is_v4() const { return std::string_view(GetParam()) == "IPv4"; }
    std::string stranger() const { return is_v4() ? "203.0.113.5" : "2001:db8:77::5"; }
    std::string send(const std::string& message, uint16_t sport = 5060) {
        if (is_v4()) return in(eth / ip4{.src = stranger()} / udp{.sport = sport, .dport = 5060} / text(message));
        return in(eth / ip6{.src = stranger()} / udp{.sport = sport, .dport = 5060} / text(message));
    }
    // One of a method with this line in the middle, which begins at any of eight places in a word.
    static std::string request(const std::string& line, size_t before = 0, const std::string& method = "OPTIONS") {
        return method + " sip:100@192.0.2.10 SIP/2.0\r\nX: " + std::string(before, 'u') + "\r\n" + line +
               "\r\nContent-Length: 0\r\n\r\n";
    }
    std::string longest_ = std::string(size_t{PRODUCT_LONGEST}, 'z');
};

TEST_P(UserAgent, is_found_wherever_its_line_begins) {
    for (size_t before = 0; before < 40; ++before)
        EXPECT_EQ(send(request("User-Agent: friendly-scanner", before)), tool) << before;
}

TEST_P(UserAgent, is_read_in_every_form_that_a_header_may_have) {
    for (const char* line :
         {"user-agent:sipvicious", "USER-AGENT \t: \tSIPVicious/0.3.4 (x)", "User-Agent:  sipcli/v1.8",
          "User-Agent: sipcli\r\nUser-Agent: Yealink", "User-Agent: sipvicious,", "User-Agent: sipcli(v)"})
        EXPECT_EQ(send(request(line)), tool) << line;
    EXPECT_EQ(send("OPTIONS sip:x SIP/2.0\nUser-Agent: sipcli\n\n"), tool); // bare line feeds
    EXPECT_EQ(send("OPTIONS sip:x SIP/2.0\r\nUser-Agent: sipcli"), tool);   // and no end
    EXPECT_EQ(send(request("User-Agent: " + longest_)), tool);
}

TEST_P(UserAgent, is_no_other_name_and_no_other_header) {
    for (const char* line : {"User-Agent: Yealink SIP-T46S", "User-Agent: sipcli2", "User-Agent: sipcl",
                             "User-Agent:", "User-Agents: sipcli", "X-User-Agent: sipcli", "User-Agent sipcli",
                             "Server: sipcli", "Subject: User-Agent: sipcli", "User-Agent: Asterisk sipcli",
                             "User-Agent: \"sipcli\"", "User-Agent: Yealink\r\nUser-Agent: sipcli"})
        EXPECT_EQ(send(request(line)), other) << line;
    EXPECT_EQ(send(request("User-Agent: " + longest_ + "z")), other);
    EXPECT_EQ(send("OPTIONS sip:x SIP/2.0\r\nUser-Agent"), other);
    EXPECT_EQ(send("User-Agent: sipcli SIP/2.0\r\n\r\n"), other); // a first line is none
}

TEST_P(UserAgent, is_looked_for_in_whole_datagrams_of_so_many_bytes) {
    const std::string rest = request("User-Agent: sipcli");
    for (const size_t length : {size_t{EXCUSE_BYTES} - 1, size_t{EXCUSE_BYTES}})
        EXPECT_EQ(send(request("User-Agent: sipcli", length - rest.size())), tool);
    EXPECT_EQ(send(request("User-Agent: sipcli", EXCUSE_BYTES + 1 - rest.size())), other); // the agent's
}

TEST_P(UserAgent, does_not_end_the_datagram_before) {
    EXPECT_EQ(send(request("User-Agent: sipcli", 100)), tool);
    for (size_t length = 60; length < 200; ++length) // what stands behind a shorter one is no part of it
        EXPECT_EQ(send("OPTIONS sip:x SIP/2.0\r\n" + std::string(length, 'x')), other) << length;
}

TEST_P(UserAgent, is_of_requests_by_strangers_only) {
    for (const char* method : {"INVITE", "REGISTER", "ACK", "BYE", "FOO"})
        EXPECT_EQ(send(request("User-Agent: sipcli", 0, method)), tool) << method;
    EXPECT_EQ(send("SIP/2.0 200 OK\r\nUser-Agent: sipcli\r\n\r\n"), other);
    for (const uint32_t flag : {KNOWN_REGISTERED, KNOWN_PARTY}) {
        known(stranger(), 5061, flag);
        EXPECT_EQ(send(request("User-Agent: sipcli"), 5061), other);
        EXPECT_EQ(send(request("User-Agent: sipcli"), 5062), tool);
    }
    known(stranger(), 0, KNOWN_REMEMBERED);
    EXPECT_EQ(send(request("User-Agent: sipcli"), 5062), other);
}

TEST_P(UserAgent, does_not_matter_of_peers_allowed_sources_and_where_nothing_is_listed) {
    zone(zone_phones, ZONE_SIP | ZONE_PEER);
    EXPECT_EQ(send(request("User-Agent: sipcli")), other);
    zone(zone_phones, ZONE_SIP);
    EXPECT_EQ(send(request("User-Agent: sipcli")), tool);
    listing(false);
    EXPECT_EQ(send(request("User-Agent: sipcli")), other);
    listing(true);
    network(stranger() + (is_v4() ? "/32" : "/128"), zone_phones, NETWORK_ALLOWED);
    EXPECT_EQ(send(request("User-Agent: sipcli")), other);
}

TEST_P(UserAgent, is_one_of_as_many_as_the_list_holds) {
    std::vector<std::string> names;
    for (int i = 0; i < USER_AGENTS; ++i) names.push_back("tool" + std::to_string(i));
    list_agents(names);
    for (const std::string& name : names) EXPECT_EQ(send(request("User-Agent: " + name)), tool) << name;
    EXPECT_EQ(send(request("User-Agent: tool512")), other);
    list_agents({});
    EXPECT_EQ(send(request("User-Agent: tool0")), other);
    list_agents({"tool0"});
    EXPECT_EQ(send(request("User-Agent: tool0")), tool);
}

INSTANTIATE_TEST_SUITE_P(Families, UserAgent, testing::Values("IPv4", "IPv6"),
                         [](const auto& family) { return std::string(family.param); });

} // namespace
} // namespace ringwall::test
