// SPDX-License-Identifier: Apache-2.0
// Steps 1 to 4 and 10: what is ours at all, inside addresses from outside, the deny and allow lists, the last rule.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

using Scope = Wall;
const std::string elsewhere = "203.0.113.9";

TEST_F(Scope, passes_what_is_not_ip) {
    EXPECT_EQ(in(eth / raw{Bytes(46)}), "pass not_ip");
    EXPECT_EQ(in(ethernet{.type = 0x0806} / filled(46)), "pass not_ip");
    EXPECT_EQ(in(ethernet{.type = 0x8847} / filled(46)), "pass not_ip");
}

TEST_F(Scope, passes_addresses_and_ports_that_are_none_of_ours) {
    EXPECT_EQ(in(eth / ip4{.dst = elsewhere} / udp{} / rtp()), "pass out_of_scope");
    EXPECT_EQ(in(eth / ip4{.dst = elsewhere} / tcp{.dport = 22}), "pass out_of_scope");
    EXPECT_EQ(in(eth / ip4{.dst = elsewhere, .protocol = 1} / filled(8)), "pass out_of_scope");
    EXPECT_EQ(in(eth / ip6{.dst = "2001:db8:2::1"} / udp{} / rtp()), "pass out_of_scope");
}

TEST_F(Scope, ends_where_the_protected_prefix_ends) {
    EXPECT_EQ(in(eth / ip4{.dst = "192.0.1.255"} / udp{}), "pass out_of_scope");
    EXPECT_EQ(in(eth / ip4{.dst = "192.0.2.0"} / udp{}), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{.dst = "192.0.2.255"} / udp{}), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{.dst = "192.0.3.0"} / udp{}), "pass out_of_scope");
    EXPECT_EQ(in(eth / ip6{.dst = "2001:db8:1:ffff::1"} / udp{}), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip6{.dst = "2001:db8:0:ffff::1"} / udp{}), "pass out_of_scope");
    forget_network("192.0.2.0/24");
    EXPECT_EQ(in(eth / ip4{} / udp{}), "pass out_of_scope");
}

TEST_F(Scope, guards_media_ports_to_both_ends_of_the_range_and_udp_only) {
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 9999}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 10000}), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 20000}), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 20001}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip6{} / udp{.dport = 9999}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip6{} / udp{.dport = 10000}), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 10000}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{.protocol = 1} / filled(8)), "pass not_guarded");
}

TEST_F(Scope, drops_inside_addresses_that_arrive_from_outside) {
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.99"} / udp{}), "drop spoofed_inside");
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.99"} / udp{.dport = 5060} / text("OPTIONS sip:x SIP/2.0")),
              "drop spoofed_inside");
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.99"} / tcp{.dport = 22}), "drop spoofed_inside");
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.99", .protocol = 1} / filled(8)), "drop spoofed_inside");
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.99", .fragment = 9} / filled(8)), "drop spoofed_inside");
    EXPECT_EQ(in(eth / ip6{.src = "2001:db8:1::99"} / udp{}), "drop spoofed_inside");
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.99", .dst = elsewhere} / udp{}), "pass out_of_scope");
    settings().flags = WALL_ALLOW_HAIRPIN;
    apply_settings();
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.99"} / udp{}), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.99"} / tcp{.dport = 22}), "pass not_guarded");
}

TEST_F(Scope, guards_media_ports_of_addresses_that_hosts_share_and_nothing_else_there) {
    network("224.0.0.0/24", 0, NETWORK_SHARED);
    network("2001:db8:2::/128", 0, NETWORK_SHARED);
    EXPECT_EQ(in(eth / ip4{.dst = "224.0.0.1"} / udp{.dport = 9999}), "pass out_of_scope");
    EXPECT_EQ(in(eth / ip4{.dst = "224.0.0.1"} / udp{.dport = 10000} / rtp()), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{.dst = "224.0.1.1"} / udp{.dport = 10000} / rtp()), "pass out_of_scope");
    EXPECT_EQ(in(eth / ip4{.dst = "224.0.0.1"} / udp{.dport = 5060} / text("OPTIONS sip:x SIP/2.0")),
              "drop not_a_peer"); // as ever
    EXPECT_EQ(in(eth / ip6{.dst = "2001:db8:2::"} / udp{} / rtp()), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip6{.dst = "2001:db8:2::1"} / udp{} / rtp()), "pass out_of_scope");
    // Neighbours with inside addresses talk there: they are no spoofers.
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.1", .dst = "224.0.0.18", .protocol = 112} / filled(20)),
              "pass out_of_scope");
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.1", .dst = "224.0.0.251"} / udp{.dport = 5353}), "pass out_of_scope");
}

TEST_F(Scope, drops_denied_sources_at_sip_and_guarded_ports_only) {
    network("198.51.100.0/25", 0, NETWORK_DENIED);
    settings().flags = WALL_ADMIT_ALL;
    apply_settings();
    EXPECT_EQ(in(eth / ip4{} / udp{}), "drop denied");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 5060} / text("OPTIONS sip:x SIP/2.0")), "drop denied");
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 5060}), "drop denied");
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 22}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 53}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{.src = "198.51.100.128"} / udp{}), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip6{} / udp{}), "drop no_pinhole");
    network("198.51.100.7/32", 0, NETWORK_DENIED | NETWORK_ALLOWED);
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 5060} / text("OPTIONS sip:x SIP/2.0")), "pass sip");
    EXPECT_EQ(in(eth / ip4{} / udp{}), "drop no_pinhole"); // never the pinhole check
}

TEST_F(Scope, reads_one_generation_and_changes_it_with_one_word) {
    network("203.0.113.0/24", 0, NETWORK_PROTECTED, 1);
    EXPECT_EQ(in(eth / ip4{.dst = elsewhere, .protocol = 1} / filled(8)), "pass out_of_scope");
    activate(1);
    EXPECT_EQ(in(eth / ip4{.dst = elsewhere, .protocol = 1} / filled(8)), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{.protocol = 1} / filled(8)), "pass out_of_scope");
}

} // namespace
} // namespace ringwall::test
