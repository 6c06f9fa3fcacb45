// SPDX-License-Identifier: Apache-2.0
#include "policy/names.hpp"

#include <gtest/gtest.h>

namespace ringwall::policy {
namespace {

std::string name(std::string_view text) {
    const auto parsed = parse_peer_name(text);
    return parsed ? parsed->text : "none";
}

TEST(PeerName, is_a_host_or_a_service_in_lower_case) {
    EXPECT_EQ(name("SIP.example.net"), "sip.example.net");
    EXPECT_EQ(name("sip.example.net."), "sip.example.net");
    EXPECT_EQ(name("xn--bcher-kva.example"), "xn--bcher-kva.example");
    EXPECT_EQ(name("_sip._UDP.example.net"), "_sip._udp.example.net");
    EXPECT_TRUE(parse_peer_name("_sips._tcp.example.net")->is_service());
    EXPECT_FALSE(parse_peer_name("sip.example.net")->is_service());
}

TEST(PeerName, is_nothing_that_cannot_be_one) {
    for (const char* text :
         {"", ".", "localhost", "192.0.2.300", "a..b", ".a.b", "a.b..", "-a.b", "a-.b", "a_b.c", "a.b c", "a/b.c",
          "_sip.example.net", "_._udp.example.net", "_sip._udp.net", "_sip._udp", "*.example.net",
          "b\xc3\xbc"
          "cher.example"})
        EXPECT_EQ(name(text), "none") << text;
}

TEST(PeerName, is_at_most_253_bytes_of_labels_of_63) {
    const std::string label(63, 'a');
    const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
    EXPECT_EQ(name(longest), longest);
    EXPECT_EQ(name(longest + "b"), "none");
    EXPECT_EQ(name(label + "a.net"), "none");
}

TEST(NameOfHost, is_the_name_itself_or_a_service_of_that_domain) {
    Config config;
    config.peers.resize(2);
    config.peers[0].names = {*parse_peer_name("sip.example.net")};
    config.peers[1].names = {*parse_peer_name("_turn._udp.example.com"), *parse_peer_name("_sip._udp.sip.example.net"),
                             *parse_peer_name("_sip._udp.example.org"), *parse_peer_name("sip.example.net")};
    const auto found = [&](std::string_view host) {
        const PeerName* name = name_of_host(config, host);
        return name ? name->text : "none";
    };
    EXPECT_EQ(found("sip.example.net"), "sip.example.net");
    EXPECT_EQ(found("SIP.Example.NET."), "sip.example.net");
    EXPECT_EQ(name_of_host(config, "sip.example.net"), &config.peers[0].names[0]); // the first peer's
    EXPECT_EQ(found("example.org"), "_sip._udp.example.org");
    for (const char* other : {"", ".", "example.net", "a.sip.example.net", "sip.example.net.org", "sip.example.org",
                              "_sip._udp.example.org", "ip.example.net", "example.com"})
        EXPECT_EQ(found(other), "none") << other;
}

} // namespace
} // namespace ringwall::policy
