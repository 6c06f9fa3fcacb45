// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/frame.hpp"

#include <gtest/gtest.h>

#include "agent/capture/flow.hpp"

namespace ringwall::capture {
namespace {

using namespace std::string_literals;

const std::string macs(12, 'm');
const std::string ipv4 =
    "\x45\0\0\x24\0\7\0\0\x40\x11\0\0\xc6\x33\x64\x07\xc0\0\x02\x0a\x75\x30\x9c\x40\0\x10\0\0payload!"s;
const std::string ipv6 = "\x60\0\0\0\0\x10\x11\x40"s + "\x20\1\x0d\xb8\0\x99\0\0\0\0\0\0\0\0\0\x07"s +
                         "\x20\1\x0d\xb8\0\1\0\0\0\0\0\0\0\0\0\x10"s + "\x75\x30\x9c\x40\0\x10\0\0payload!"s;

// What a packet of this link type becomes: its frame without addresses of the link, and the direction.
struct Made {
    std::string frame;
    Direction direction = Direction::unsaid;
    bool is_cut = false, is_pppoe = false;
};
std::optional<Made> made(uint32_t link_type, const std::string& bytes, size_t cut = 0) {
    Framer framer;
    const auto frame = framer.frame({.link_type = link_type,
                                     .length = static_cast<uint32_t>(bytes.size() + cut),
                                     .direction = Direction::unsaid,
                                     .bytes = bytes});
    if (!frame) return std::nullopt;
    return Made{std::string(frame->bytes.substr(12)), frame->direction, frame->is_cut, frame->is_pppoe};
}

TEST(Frame, of_Ethernet_stays_as_it_is) {
    const auto frame = made(1, macs + "\x08\0"s + ipv4);
    EXPECT_EQ(frame->frame, "\x08\0"s + ipv4);
    EXPECT_EQ(frame->direction, Direction::unsaid);
    EXPECT_FALSE(frame->is_cut);
}

TEST(Frame, of_raw_IP_gets_a_header_by_its_version) {
    for (const uint32_t link_type : {12U, 14U, 101U, 228U}) EXPECT_EQ(made(link_type, ipv4)->frame, "\x08\0"s + ipv4);
    for (const uint32_t link_type : {12U, 14U, 101U, 229U}) EXPECT_EQ(made(link_type, ipv6)->frame, "\x86\xdd"s + ipv6);
    EXPECT_EQ(made(101, "\x75 what")->frame.substr(0, 2), "\x88\xb5");
    EXPECT_EQ(made(101, "")->frame, "\x88\xb5");
}

TEST(Frame, of_loopback_gets_a_header_by_its_family) {
    EXPECT_EQ(made(0, "\2\0\0\0"s + ipv4)->frame, "\x08\0"s + ipv4);
    EXPECT_EQ(made(0, "\0\0\0\2"s + ipv4)->frame, "\x08\0"s + ipv4);
    EXPECT_EQ(made(108, "\0\0\0\x1e"s + ipv6)->frame, "\x86\xdd"s + ipv6);
    EXPECT_EQ(made(0, "\7\0\0\0"s + ipv4)->frame.substr(0, 2), "\x88\xb5");
    EXPECT_EQ(made(0, "\2")->frame.substr(0, 2), "\x88\xb5");
}

TEST(Frame, of_Linux_cooked_has_the_direction_of_its_packet_type) {
    for (const int type : {0, 1, 2, 3, 4}) {
        const auto expected = type == 4 ? Direction::out : Direction::in;
        const std::string v1 = "\0"s + static_cast<char>(type) + "\0\1\0\6addresss\x08\0"s + ipv4;
        EXPECT_EQ(made(113, v1)->frame, "\x08\0"s + ipv4);
        EXPECT_EQ(made(113, v1)->direction, expected);
        const std::string v2 = "\x86\xdd\0\0\0\0\0\2\0\1"s + static_cast<char>(type) + "\6addresss"s + ipv6;
        EXPECT_EQ(made(276, v2)->frame, "\x86\xdd"s + ipv6);
        EXPECT_EQ(made(276, v2)->direction, expected);
    }
    EXPECT_EQ(made(113, "short")->frame.substr(0, 2), "\x88\xb5");
    EXPECT_EQ(made(276, "short")->frame.substr(0, 2), "\x88\xb5");
}

TEST(Frame, of_Linux_cooked_keeps_the_VLAN_tag_inside) {
    const std::string tagged = "\0\0\0\1\0\6addresss\x81\0\0\7\x08\0"s + ipv4;
    EXPECT_EQ(made(113, tagged)->frame, "\x81\0\0\7\x08\0"s + ipv4);
}

TEST(Frame, of_PPPoE_is_as_its_interface_has_it) {
    const std::string session = "\x11\0\0\1\0\x26"s;
    for (const std::string& tags : {""s, "\x81\0\0\7"s, "\x88\xa8\0\7\x81\0\0\7"s}) {
        const auto v4 = made(1, macs + tags + "\x88\x64"s + session + "\0\x21"s + ipv4);
        EXPECT_EQ(v4->frame, "\x08\0"s + ipv4);
        EXPECT_TRUE(v4->is_pppoe);
        EXPECT_EQ(made(1, macs + tags + "\x88\x64"s + session + "\0\x57"s + ipv6)->frame, "\x86\xdd"s + ipv6);
    }
    EXPECT_EQ(made(1, macs + "\x88\x64"s + session + "\xc0\x21 link control"s)->frame.substr(0, 2), "\x88\xb5");
    EXPECT_FALSE(made(1, macs + "\x88\x64\x11")->is_pppoe); // too short to be one
}

TEST(Frame, that_was_cut_is_filled_with_zeros) {
    const auto frame = made(1, macs + "\x08\0"s + ipv4.substr(0, 30), 6);
    EXPECT_EQ(frame->frame, "\x08\0"s + ipv4.substr(0, 30) + std::string(6, '\0'));
    EXPECT_TRUE(frame->is_cut);
    const auto cooked = made(113, "\0\0\0\1\0\6addresss\x08\0"s + ipv4.substr(0, 30), 6);
    EXPECT_EQ(cooked->frame, "\x08\0"s + ipv4.substr(0, 30) + std::string(6, '\0'));
    EXPECT_TRUE(cooked->is_cut);
}

TEST(Frame, is_never_longer_or_shorter_than_what_the_kernel_runs) {
    EXPECT_EQ(made(1, "abc")->frame.size(), 2U);
    EXPECT_EQ(made(1, std::string(200000, 'x'))->frame.size(), longest_frame - 12);
    EXPECT_EQ(made(1, macs + "\x08\0"s, 4000000000)->frame.size(), longest_frame - 12);
    EXPECT_EQ(made(101, std::string(200000, '\x45'))->frame.size(), longest_frame - 12);
    EXPECT_EQ(made(101, ipv4, 4000000000)->frame.size(), longest_frame - 12);
}

TEST(Frame, of_another_link_type_is_not_made) {
    EXPECT_FALSE(made(105, "802.11"));
    EXPECT_EQ(link_type_name(105), "105 (IEEE 802.11)");
    EXPECT_EQ(link_type_name(250), "250");
}

std::string flow(const std::string& frame) {
    const auto found = flow_of(frame);
    if (!found) return "none";
    return found->source.to_string() + " > " + found->destination.to_string() + " " + std::to_string(found->protocol);
}

TEST(Flow, has_what_udp_carries) {
    EXPECT_EQ(flow_of(macs + "\x08\0"s + ipv4)->payload, "payload!");
    EXPECT_EQ(flow_of_packet(ipv4)->payload, "payload!");
    EXPECT_EQ(flow_of_packet(ipv6)->payload, "payload!");
    EXPECT_EQ(flow_of_packet(ipv4.substr(0, 28))->payload, "");
    EXPECT_FALSE(flow_of_packet("x"));
}

TEST(Flow, names_both_ends) {
    EXPECT_EQ(flow(macs + "\x08\0"s + ipv4), "198.51.100.7:30000 > 192.0.2.10:40000 17");
    EXPECT_EQ(flow(macs + "\x86\xdd"s + ipv6), "[2001:db8:99::7]:30000 > [2001:db8:1::10]:40000 17");
    EXPECT_EQ(flow(macs + "\x88\xa8\0\7\x81\0\0\7\x08\0"s + ipv4), "198.51.100.7:30000 > 192.0.2.10:40000 17");
}

TEST(Flow, has_no_ports_where_there_are_none) {
    std::string other = ipv4, later = ipv4;
    other[9] = 1;
    later[7] = 5;
    EXPECT_EQ(flow(macs + "\x08\0"s + other), "198.51.100.7:0 > 192.0.2.10:0 1");
    EXPECT_EQ(flow(macs + "\x08\0"s + later), "198.51.100.7:0 > 192.0.2.10:0 17");
    EXPECT_EQ(flow(macs + "\x08\0"s + ipv4.substr(0, 22)), "198.51.100.7:0 > 192.0.2.10:0 17");
}

TEST(Flow, follows_extension_headers) {
    std::string with_options = ipv6, fragment = ipv6;
    with_options[6] = 60;
    with_options.insert(40, "\x11\0\0\0\0\0\0\0"s);
    fragment[6] = 44;
    fragment.insert(40, "\x11\0\0\1\0\0\0\7"s);
    EXPECT_EQ(flow(macs + "\x86\xdd"s + with_options), "[2001:db8:99::7]:30000 > [2001:db8:1::10]:40000 17");
    EXPECT_EQ(flow(macs + "\x86\xdd"s + fragment), "[2001:db8:99::7]:30000 > [2001:db8:1::10]:40000 17");
    fragment[43] = 9; // offset 8
    EXPECT_EQ(flow(macs + "\x86\xdd"s + fragment), "[2001:db8:99::7]:0 > [2001:db8:1::10]:0 17");
}

TEST(Flow, of_what_is_not_IP_or_cut_short_is_none_and_nothing_breaks) {
    EXPECT_EQ(flow(macs + "\x08\6 who has"s), "none");
    for (const std::string& whole : {macs + "\x08\0"s + ipv4, macs + "\x86\xdd"s + ipv6})
        for (size_t length = 0; length < whole.size(); ++length) flow_of(std::string(whole, 0, length));
}

} // namespace
} // namespace ringwall::capture
