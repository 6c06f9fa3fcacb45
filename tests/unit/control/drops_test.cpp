// SPDX-License-Identifier: Apache-2.0
#include "agent/control/drops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "maps/reasons.hpp"

namespace ringwall::control {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

const policy::View& view() {
    static const policy::View made(
        *policy::read("version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-60000 }\n"
                      "peers: [{ name: provider, networks: [198.51.100.0/24] }]\n"
                      "deny: { networks: [203.0.113.128/25] }\n"),
        policy::Facts{});
    return made;
}

// Made where it is used: what the policy is read by need not be there before main().
DropContext context() {
    return {.policy = view(),
            .interface_name = [](uint32_t ifindex) { return ifindex == 2 ? "outer" : ""; },
            .realtime_offset_ns = 1'800'000'000'000'000'000};
}

drops::Drop drop() {
    return {.time_ns = 1'234'567'890,
            .reason = REASON_wrong_source,
            .protocol = 17,
            .ifindex = 2,
            .packets = 5,
            .length = 214,
            .source = *Endpoint::parse("198.51.100.8:4000"),
            .destination = *Endpoint::parse("192.0.2.10:10068"),
            .call = {"17\x1b[31m\xff@x"},
            .bytes = std::string_view("\x00\xfe", 2)};
}

TEST(DropLine, says_all_that_is_known_of_it) {
    EXPECT_EQ(json::value(drop_line(drop(), false, context())),
              json::parse(R"({"time":1800000001.234568,"reason":"wrong_source","passed":false,
        "sentence":"a live media port, but not from the peer it was negotiated with",
        "mend":"set expectation: networks for peer provider","interface":"outer","proto":"udp",
        "source":"198.51.100.8:4000","destination":"192.0.2.10:10068","peer":"provider",
        "call_id":"17\u001b[31m\ufffd@x","packets":5,"length":214})"));
}

TEST(DropLine, has_the_frame_and_its_exact_time_where_they_are_asked_for) {
    const json::object line = drop_line(drop(), true, context());
    EXPECT_EQ(line.at("frame"), "00fe");
    EXPECT_EQ(line.at("time_ns"), 1'800'000'001'234'567'890);
    EXPECT_EQ(line.at("link_type"), 1);
    drops::Drop bare = drop();
    bare.is_bare = true;
    EXPECT_EQ(drop_line(bare, true, context()).at("link_type"), 101);
}

TEST(DropLine, names_who_opened_the_port_by_hand) {
    drops::Drop of_hand = drop();
    of_hand.call = {"night-shift", true};
    const json::object line = drop_line(of_hand, false, context());
    EXPECT_EQ(line.at("call_id"), "");
    EXPECT_EQ(line.at("by_hand"), "night-shift");
}

TEST(DropLine, names_the_class_that_a_limit_has_refused) {
    drops::Drop limited = drop();
    limited.reason = REASON_rate_limited;
    limited.sip_class = "REGISTER";
    const json::object line = drop_line(limited, false, context());
    EXPECT_EQ(line.at("class"), "REGISTER");
    EXPECT_EQ(line.at("mend"), "REGISTER in limits of peer provider");
    EXPECT_FALSE(drop_line(drop(), false, context()).contains("class"));
}

TEST(DropLine, names_the_call_whose_sdp_has_another_address) {
    drops::Drop refused = drop();
    refused.reason = REASON_no_pinhole;
    DropContext telling = context();
    telling.elsewhere_at = [](Port port) -> std::optional<dialog::Elsewhere> {
        if (port != Port{10068}) return std::nullopt;
        return dialog::Elsewhere{"17\xff@x", *Endpoint::parse("203.0.113.9:10068")};
    };
    EXPECT_EQ(drop_line(refused, false, telling).at("mend"),
              "the SDP of call 17\xef\xbf\xbd@x names 203.0.113.9:10068, which is neither protected nor in "
              "protect.external: if that is 192.0.2.10 as seen from outside, add it there");
    refused.destination = *Endpoint::parse("[2001:db8:1::10]:10068"); // the other family is another host's
    EXPECT_THAT(drop_line(refused, false, telling).at("mend").as_string().c_str(), HasSubstr("a call that names"));
    refused.destination = *Endpoint::parse("192.0.2.10:10070");
    EXPECT_THAT(drop_line(refused, false, telling).at("mend").as_string().c_str(), HasSubstr("a call that names"));
    refused.destination = *Endpoint::parse("192.0.2.10:10068");
    refused.reason = REASON_denied;
    EXPECT_THAT(drop_line(refused, false, telling).at("mend").as_string().c_str(), HasSubstr("allow"));
}

TEST(DropList, has_first_and_last_of_each_line) {
    drops::Book book;
    book.note(drop());
    drops::Drop later = drop();
    later.time_ns += 2'000'000'000;
    book.note(later);
    const json::array list = drop_list(book, {}, context());
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].at("packets"), 10);
    EXPECT_DOUBLE_EQ(list[0].at("first").as_double(), 1800000001.234568);
    EXPECT_DOUBLE_EQ(list[0].at("last").as_double(), 1800000003.234568);
    EXPECT_TRUE(drop_list(book, {.filter = {.reasons = {REASON_banned}}}, context()).empty());
    EXPECT_TRUE(drop_list(book, {.filter = {}, .most = 0}, context()).empty());
}

TEST(DropRequest, takes_reasons_a_source_and_whether_it_passed) {
    EXPECT_TRUE(drop_request("/api/v1/drops")->filter.reasons.empty());
    const auto asked = drop_request(
        "/api/v1/drops/follow?reason=no_pinhole,banned&source=203.0.113.0%2F24&passed=no&frames=yes&most=17");
    ASSERT_TRUE(asked) << asked.error();
    EXPECT_EQ(asked->filter.reasons, (std::vector<uint32_t>{REASON_no_pinhole, REASON_banned}));
    EXPECT_EQ(asked->filter.source->to_string(), "203.0.113.0/24");
    EXPECT_EQ(asked->filter.passed, false);
    EXPECT_TRUE(asked->frames);
    EXPECT_EQ(asked->most, 17U);
    EXPECT_EQ(drop_request("/?source=2001:db8::/32")->filter.source->to_string(), "2001:db8::/32");
}

TEST(DropRequest, refuses_what_it_does_not_understand) {
    for (const char* target :
         {"/?reason=nonsense", "/?reason=pinhole_rtp", "/?reason=", "/?source=here", "/?passed=maybe", "/?frames=1",
          "/?most=1x", "/?most=", "/?resaon=banned", "/?reason=no_pinhole,", "no target"})
        EXPECT_FALSE(drop_request(target)) << target;
    EXPECT_THAT(drop_request("/?reason=%1b%5b31m").error(), HasSubstr("\"?[31m\""));
}

} // namespace
} // namespace ringwall::control
