// SPDX-License-Identifier: Apache-2.0
#include "agent/drops/book.hpp"

#include <gtest/gtest.h>

#include "maps/abi/reason.h"

namespace ringwall::drops {
namespace {

Drop drop(const std::string& source, uint32_t reason = REASON_no_pinhole, uint64_t time_ns = 1) {
    return {.time_ns = time_ns,
            .reason = reason,
            .protocol = 17,
            .source = {*IpAddress::parse(source), Port{4000}},
            .destination = *Endpoint::parse("192.0.2.10:10068"),
            .call = {},
            .bytes = {}};
}

TEST(DropBook, adds_up_what_one_source_sends_to_one_address) {
    Book book;
    book.note(drop("203.0.113.66", REASON_no_pinhole, 5));
    Drop later = drop("203.0.113.66", REASON_no_pinhole, 9);
    later.source.port = Port{4001};
    later.destination.port = Port{10070}; // a scan of ports is one line, not ten thousand
    later.packets = 41;
    book.note(later);
    const auto lines = book.lines({});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]->packets, 42U);
    EXPECT_EQ(lines[0]->first_ns, 5U);
    EXPECT_EQ(lines[0]->last_ns, 9U);
    EXPECT_EQ(lines[0]->source.to_string(), "203.0.113.66:4001");
    EXPECT_EQ(lines[0]->destination.to_string(), "192.0.2.10:10070");
}

TEST(SipClass, is_told_by_what_a_datagram_begins_with) {
    for (const auto& [begins, told] : std::vector<std::pair<std::string, std::string>>{
             {"REGISTER sip:192.0.2.10 SIP/2.0\r\n", "REGISTER"},
             {"\r\n\r\nInvite sip:a@b SIP/2.0", "INVITE"}, // as a server takes it
             {"SIP/2.0 200 OK", "RESPONSE"},
             {"sip/2.0 200 OK", "RESPONSE"},
             {"REGISTER", ""}, // cut off
             {"REGISTERS sip:a", ""},
             {"DANCE sip:a", ""},
             {" REGISTER sip:a", ""},
             {"\r\n", ""},
             {"", ""}})
        EXPECT_EQ(class_of(begins), told) << begins;
}

TEST(DropBook, keeps_apart_what_limits_refuse_by_class) {
    Book book;
    Drop one = drop("203.0.113.66", REASON_rate_limited);
    one.sip_class = "REGISTER";
    book.note(one);
    one.sip_class = "INVITE";
    book.note(one);
    book.note(one);
    const auto lines = book.lines({});
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]->sip_class, "INVITE");
    EXPECT_EQ(lines[0]->packets, 2U);
}

TEST(DropBook, keeps_apart_what_differs_in_reason_call_protocol_and_whether_it_passed) {
    Book book;
    const Drop one = drop("203.0.113.66");
    std::vector<Drop> others(6, one);
    others[1].reason = REASON_banned;
    others[2].call = {"17@x"};
    others[3].protocol = 6;
    others[4].passed = true;
    others[5].call = {"17@x", true};
    for (const Drop& each : others) book.note(each);
    EXPECT_EQ(book.lines({}).size(), others.size());
}

TEST(DropBook, shows_the_latest_first) {
    Book book;
    book.note(drop("203.0.113.1", REASON_banned, 1));
    book.note(drop("203.0.113.2", REASON_no_pinhole, 2));
    book.note(drop("203.0.113.3", REASON_banned, 3));
    book.note(drop("203.0.113.1", REASON_banned, 4));
    std::vector<std::string> order;
    for (const Line* line : book.lines({})) order.push_back(line->source.address.to_string());
    EXPECT_EQ(order, (std::vector<std::string>{"203.0.113.1", "203.0.113.3", "203.0.113.2"}));
}

TEST(DropBook, shows_what_is_asked_for) {
    Book book;
    book.note(drop("203.0.113.1", REASON_banned));
    book.note(drop("203.0.113.2", REASON_no_pinhole));
    Drop monitored = drop("2001:db8::7", REASON_no_pinhole);
    monitored.passed = true;
    book.note(monitored);
    EXPECT_EQ(book.lines({.reasons = {REASON_banned}}).size(), 1U);
    EXPECT_EQ(book.lines({.reasons = {REASON_banned, REASON_no_pinhole}}).size(), 3U);
    EXPECT_EQ(book.lines({.reasons = {}, .source = Prefix::parse("203.0.113.2/31")}).size(), 1U);
    EXPECT_EQ(book.lines({.reasons = {}, .source = Prefix::parse("2001:db8::/32")}).size(), 1U);
    EXPECT_EQ(book.lines({.reasons = {}, .source = {}, .passed = true}).size(), 1U);
    EXPECT_EQ(book.lines({.reasons = {}, .source = {}, .passed = false}).size(), 2U);
}

TEST(DropBook, is_bounded_and_a_flood_of_sources_crowds_out_only_its_own_kind) {
    Book book(8);
    book.note(drop("198.51.100.7", REASON_wrong_source, 1));
    for (int i = 0; i < 100; ++i)
        book.note(drop("203.0.113." + std::to_string(i), REASON_no_pinhole, 2 + static_cast<uint64_t>(i)));
    const auto lines = book.lines({});
    ASSERT_EQ(lines.size(), 8U);
    EXPECT_EQ(lines.back()->reason, uint32_t{REASON_wrong_source});
    EXPECT_EQ(lines[0]->source.address.to_string(), "203.0.113.99");
    EXPECT_EQ(lines[6]->source.address.to_string(), "203.0.113.93"); // the oldest of them went
    book.note(drop("203.0.113.200", REASON_banned, 200));            // another reason finds room
    EXPECT_EQ(book.lines({.reasons = {REASON_banned}}).size(), 1U);
    EXPECT_EQ(book.lines({.reasons = {REASON_wrong_source}}).size(), 1U);
}

TEST(DropSample, crosses_as_it_was_written) {
    struct drop_sample sample{};
    sample.time_ns = 7;
    sample.reason = REASON_banned;
    sample.flags = SAMPLE_PASSED | SAMPLE_BARE;
    sample.packets = 3;
    sample.source = Endpoint::parse("[2001:db8::7]:5060")->abi();
    const Drop drop = drop_of(sample, "bytes");
    EXPECT_EQ(drop.source.to_string(), "[2001:db8::7]:5060");
    EXPECT_TRUE(drop.passed && drop.is_bare && !drop.is_together);
    EXPECT_EQ(drop.packets, 3U);
    EXPECT_EQ(drop.bytes, "bytes");
}

} // namespace
} // namespace ringwall::drops
