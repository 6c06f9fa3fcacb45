// SPDX-License-Identifier: Apache-2.0
// What passes between parent and worker, and what outsiders can put into the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "agent/fd.hpp"
#include "agent/log.hpp"
#include "agent/process/briefing.hpp"
#include "agent/process/messages.hpp"
#include "agent/process/notices.hpp"

namespace ringwall::agent {
namespace {

using testing::ElementsAre;

std::string on_the_wire(Message message, std::string_view body) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const Fd writer(ends[0]), reader(ends[1]);
    EXPECT_TRUE(send_frame(writer.get(), message, body));
    std::string bytes(8 + body.size(), '\0');
    EXPECT_EQ(recv(reader.get(), bytes.data(), bytes.size(), MSG_WAITALL), static_cast<ssize_t>(bytes.size()));
    return bytes;
}

TEST(Frames, come_out_as_they_went_in_whatever_the_pieces) {
    FrameReader frames(100);
    const auto bytes = on_the_wire(Message::policy, "body") + on_the_wire(Message::stop, "");
    std::vector<std::pair<Message, std::string>> read;
    for (const char byte : bytes) {
        frames.feed({&byte, 1});
        auto frame = frames.next();
        ASSERT_TRUE(frame);
        if (*frame) read.emplace_back((*frame)->message, (*frame)->body);
    }
    EXPECT_THAT(read,
                ElementsAre(std::pair(Message::policy, std::string("body")), std::pair(Message::stop, std::string())));
}

TEST(Frames, as_long_as_allowed_are_read_and_one_byte_more_is_refused) {
    FrameReader frames(4);
    frames.feed(on_the_wire(Message::policy, "1234"));
    EXPECT_TRUE(frames.next());
    frames.feed(on_the_wire(Message::policy, "12345"));
    EXPECT_FALSE(frames.next());
}

TEST(Frames, from_the_worker_carry_nothing) {
    FrameReader frames(largest_to_parent);
    frames.feed(on_the_wire(Message::reload, "x"));
    EXPECT_FALSE(frames.next());
}

TEST(Frames, of_no_known_message_are_refused) {
    FrameReader frames(4);
    frames.feed(on_the_wire(static_cast<Message>(99), ""));
    EXPECT_FALSE(frames.next());
}

TEST(Briefing, survives_the_way_to_the_worker) {
    const Briefing sent{.config_path = "/etc/r.yaml",
                        .config = "version: 1\n# \"quotes\" and \xc3\xa4\n",
                        .self = {IpAddress::v4(0xc0000201), *IpAddress::parse("2001:db8::1")},
                        .interfaces = {{"eth0", 2, "xdp native", "tcx"}},
                        .loaded_s = 1800000000};
    const auto got = decode_briefing(encode(sent));
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(got->config_path, sent.config_path);
    EXPECT_EQ(got->config, sent.config);
    EXPECT_EQ(got->self, sent.self);
    EXPECT_EQ(got->loaded_s, sent.loaded_s);
    ASSERT_EQ(got->interfaces.size(), 1U);
    EXPECT_EQ(got->interfaces[0].name, "eth0");
    EXPECT_EQ(got->interfaces[0].ifindex, 2);
    EXPECT_EQ(got->interfaces[0].egress, "tcx");
}

TEST(Briefing, that_is_none_is_an_error) {
    EXPECT_FALSE(decode_briefing("{"));
    EXPECT_FALSE(decode_briefing("{}"));
    EXPECT_FALSE(decode_briefing(R"({"config_path":1,"config":"","self":[],"interfaces":[],"loaded_s":0})"));
}

TEST(PacedLog, writes_so_many_a_second_and_then_says_how_many_more) {
    std::vector<std::string> lines;
    PacedLog log([&](std::string_view event,
                     std::string_view text) { lines.push_back(std::string(event) + " " + std::string(text)); },
                 2);
    for (int i = 0; i < 5; ++i) log.say("sip.defect", "bad");
    log.say("call.start", "A");
    EXPECT_THAT(lines, ElementsAre("sip.defect bad", "sip.defect bad", "call.start A"));
    lines.clear();
    log.each_second();
    EXPECT_THAT(lines, ElementsAre("sip.defect 3 more of these in the last second"));
    lines.clear();
    log.say("sip.defect", "bad");
    EXPECT_THAT(lines, ElementsAre("sip.defect bad"));
}

TEST(Log, escapes_what_could_write_into_a_terminal) {
    EXPECT_EQ(log::escaped("Call-ID \x1b[2J\n\x7f\\"), "Call-ID \\x1b[2J\\x0a\\x7f\\x5c");
    EXPECT_EQ(log::escaped("T\xc3\xbcr"), "T\xc3\xbcr");
}

} // namespace
} // namespace ringwall::agent
