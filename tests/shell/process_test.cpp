// SPDX-License-Identifier: Apache-2.0
// What passes between parent and worker, and what outsiders can put into the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/fd.hpp"
#include "agent/process/briefing.hpp"
#include "agent/process/joined.hpp"
#include "agent/process/messages.hpp"
#include "agent/process/notices.hpp"
#include "agent/process/resolver.hpp"
#include "agent/process/retry.hpp"
#include "agent/process/seldom.hpp"
#include "agent/process/shared_table.hpp"

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

using std::chrono::seconds;
constexpr Retry::Time start{seconds(1000)};

// When the next tries are, in seconds since `start`, where each fails at once.
std::vector<long> tries(Retry& retry, size_t count) {
    std::vector<long> all;
    while (all.size() < count) {
        const Retry::Time due = *retry.due();
        EXPECT_FALSE(retry.is_due(due - seconds(1)));
        EXPECT_TRUE(retry.is_due(due));
        all.push_back(std::chrono::duration_cast<seconds>(due - start).count());
        retry.failed(due);
    }
    return all;
}

TEST(Retry, is_not_due_before_something_has_failed) {
    Retry retry;
    EXPECT_FALSE(retry.is_due(start));
    retry.failed(start);
    retry.over();
    EXPECT_FALSE(retry.is_due(start + seconds(3600)));
}

TEST(Retry, comes_more_and_more_rarely_up_to_half_a_minute) {
    Retry retry;
    retry.failed(start);
    EXPECT_THAT(tries(retry, 8), ElementsAre(1, 3, 7, 15, 31, 61, 91, 121));
}

TEST(Retry, comes_at_once_where_there_is_news_and_then_as_after_the_first_failure) {
    Retry retry;
    retry.hurry(start); // nothing has failed: taken away, say
    EXPECT_TRUE(retry.is_due(start));
    retry.failed(start);
    tries(retry, 5);
    retry.hurry(start + seconds(40));
    EXPECT_TRUE(retry.is_due(start + seconds(40)));
    retry.failed(start + seconds(40));
    EXPECT_THAT(tries(retry, 3), ElementsAre(41, 43, 47));
}

TEST(Retry, comes_no_more_than_once_a_second_whatever_the_news) {
    Retry retry;
    retry.failed(start);
    retry.hurry(start + std::chrono::milliseconds(10));
    EXPECT_FALSE(retry.is_due(start + std::chrono::milliseconds(900)));
    EXPECT_TRUE(retry.is_due(start + seconds(1)));
}

TEST(Retry, does_not_count_what_was_tried_sooner) {
    Retry retry;
    for (int i = 0; i < 10; ++i) retry.failed(start);
    EXPECT_THAT(tries(retry, 3), ElementsAre(1, 3, 7));
}

// Of so many times, one each second: those at which it is told, and how many each tells of.
std::vector<std::pair<int, uint64_t>> told(Seldom& seldom, int from, int until) {
    std::vector<std::pair<int, uint64_t>> all;
    for (int second = from; second < until; ++second)
        if (const uint64_t times = seldom.happened(start + seconds(second))) all.emplace_back(second, times);
    return all;
}

TEST(Seldom, tells_the_first_times_at_once_and_then_more_and_more_rarely_how_many_there_were) {
    Seldom seldom;
    for (unsigned i = 0; i < Seldom::at_once; ++i) EXPECT_EQ(seldom.happened(start), 1U);
    EXPECT_EQ(seldom.happened(start), 0U);
    EXPECT_THAT(told(seldom, 1, 100),
                ElementsAre(std::pair(1, 2U), std::pair(3, 2U), std::pair(7, 4U), std::pair(15, 8U), std::pair(31, 16U),
                            std::pair(61, 30U), std::pair(91, 30U)));
}

TEST(Seldom, begins_anew_after_a_quiet_minute) {
    Seldom seldom;
    told(seldom, 0, 100);
    EXPECT_EQ(seldom.happened(start + seconds(99) + Seldom::quiet - std::chrono::milliseconds(1)), 2U);
    EXPECT_EQ(seldom.happened(start + seconds(300)), 1U);
    EXPECT_EQ(seldom.happened(start + seconds(300)), 1U);
}

TEST(Seldom, tells_what_was_left_untold_before_a_quiet_minute) {
    Seldom seldom;
    for (unsigned i = 0; i < Seldom::at_once + 3; ++i) seldom.happened(start);
    EXPECT_EQ(seldom.happened(start + Seldom::quiet), 4U);
    EXPECT_EQ(seldom.happened(start + Seldom::quiet), 1U);
}

TEST(Frames, as_long_as_allowed_are_read_and_one_byte_more_is_refused) {
    FrameReader frames(4);
    frames.feed(on_the_wire(Message::policy, "1234"));
    EXPECT_TRUE(frames.next());
    frames.feed(on_the_wire(Message::policy, "12345"));
    EXPECT_FALSE(frames.next());
}

TEST(Frames, from_the_worker_are_short) {
    FrameReader frames(largest_to_parent);
    frames.feed(on_the_wire(Message::joined, std::string(largest_to_parent, 'x')));
    EXPECT_TRUE(frames.next());
    frames.feed(on_the_wire(Message::joined, std::string(largest_to_parent + 1, 'x')));
    EXPECT_FALSE(frames.next());
}

TEST(Frames, of_a_policy_bring_their_table) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const Fd writer(ends[0]), reader(ends[1]);
    FrameReader frames(100);
    for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
        policy::Stated stated;
        stated.add(stated.add_source("/l/deny", true), policy::Claim::denied, 0, {*Prefix::parse(address)});
        const auto networks = policy::resolve(stated.statements, 0, {});
        const auto table = share_table(policy::Lookup::image_of(networks, stated));
        ASSERT_TRUE(table) << table.error().message();
        ASSERT_TRUE(send_frame(writer.get(), Message::policy, address, table->get()));
    }
    ASSERT_TRUE(send_frame(writer.get(), Message::stop));
    for (int tables = 0; tables < 2;) {
        ASSERT_TRUE(receive(reader.get(), 0, frames));
        for (auto frame = frames.next(); frame && *frame && (*frame)->message == Message::policy;
             frame = frames.next()) {
            ++tables;
            const auto lookup = read_table(std::move((*frame)->descriptor));
            ASSERT_TRUE(lookup) << lookup.error().message();
            EXPECT_EQ(lookup->find(*IpAddress::parse((*frame)->body)).flags, NETWORK_DENIED);
            EXPECT_EQ(lookup->source(0).name, "/l/deny");
        }
    }
}

TEST(Table, that_was_shared_can_not_be_written_any_more) {
    const auto table = share_table(policy::Lookup::image_of({}, {}));
    ASSERT_TRUE(table);
    EXPECT_EQ(pwrite(table->get(), "x", 1, 0), -1);
    EXPECT_EQ(ftruncate(table->get(), 0), -1);
    EXPECT_FALSE(read_table(Fd()));
}

TEST(Resolved, survives_the_way_to_the_parent) {
    const Resolved sent{.name = 3,
                        .trouble = names::Trouble::silent,
                        .failures = 7,
                        .addresses = {IpAddress::v4(0xc0000201), *IpAddress::parse("2001:db8::1")}};
    const auto got = decode_resolved(encode(sent));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->name, 3U);
    EXPECT_EQ(got->trouble, names::Trouble::silent);
    EXPECT_EQ(got->failures, 7U);
    EXPECT_EQ(got->addresses, sent.addresses);
    Resolved many{.addresses = std::vector<IpAddress>(1000, IpAddress::v4(1))};
    EXPECT_LE(encode(many).size(), largest_of_resolver);
}

TEST(Resolved, that_is_none_is_nothing) {
    const std::string good = encode(Resolved{});
    EXPECT_TRUE(decode_resolved(good));
    EXPECT_FALSE(decode_resolved(""));
    EXPECT_FALSE(decode_resolved(good.substr(1)));
    EXPECT_FALSE(decode_resolved(good + "x"));
    std::string unknown = good;
    unknown[4] = 99;
    EXPECT_FALSE(decode_resolved(unknown));
}

TEST(Join, survives_the_way_to_the_parent) {
    for (const char* address : {"198.51.100.7", "2001:db8::7"}) {
        const dialog::Join sent{"sip.example.net", *IpAddress::parse(address), std::chrono::seconds(3600)};
        EXPECT_EQ(decode_join(encode(sent)), sent);
    }
    const dialog::Join longest{std::string(253, 'a'), IpAddress::v4(1), std::chrono::seconds(1)};
    EXPECT_EQ(encode(longest).size(), largest_to_parent);
    EXPECT_FALSE(decode_join(encode(longest) + "a"));
    EXPECT_FALSE(decode_join(encode({"", IpAddress::v4(1), std::chrono::seconds(1)})));
    EXPECT_FALSE(decode_join(""));
}

TEST(Frames, of_no_known_message_are_refused) {
    FrameReader frames(4);
    frames.feed(on_the_wire(static_cast<Message>(99), ""));
    EXPECT_FALSE(frames.next());
}

TEST(Briefing, survives_the_way_to_the_worker) {
    const Briefing sent{
        .config_path = "/etc/r.yaml",
        .config = {{"/etc/r.yaml", "version: 1\n# \"quotes\" and \xc3\xa4\n"}, {"/etc/conf.d/1.yaml", ""}},
        .self = {IpAddress::v4(0xc0000201), *IpAddress::parse("2001:db8::1")},
        .pins_path = "/sys/fs/bpf/ringwall",
        .pins_error = "in the way",
        .http_listen = "127.0.0.1:10560",
        .http_error = "in use",
        .interfaces = {{"eth0", 2, "xdp native", "tcx"}},
        .attachments_lost = 2,
        .lists = {{"/etc/deny.txt", "deny", 17, 2, 1800000001, "empty"}},
        .names = {{"provider", "sip.example.net", {IpAddress::v4(0xc6336407)}, 1, "silent", 3}},
        .loaded_s = 1800000000,
        .config_error = "r.yaml:1:1: no such key",
        .is_config_refused = true,
        .reloads_answered = 3,
        .table = 5};
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
    EXPECT_EQ(got->lists, sent.lists);
    EXPECT_EQ(got->names, sent.names);
    EXPECT_EQ(got->pins_path, sent.pins_path);
    EXPECT_EQ(got->pins_error, sent.pins_error);
    EXPECT_EQ(got->http_error, sent.http_error);
    EXPECT_EQ(got->http_listen, sent.http_listen);
    EXPECT_EQ(got->attachments_lost, 2U);
    EXPECT_EQ(got->config_error, sent.config_error);
    EXPECT_TRUE(got->is_config_refused);
    EXPECT_EQ(got->reloads_answered, 3U);
    EXPECT_EQ(got->table, 5U);
}

TEST(Briefing, names_what_is_no_utf8_as_well_as_may_be) {
    const auto got = decode_briefing(encode({.config_path = "/etc/\xe9/r.yaml",
                                             .config = {},
                                             .self = {},
                                             .pins_path = "/sys/fs/bpf/\xff",
                                             .interfaces = {{.name = "out\xff", .why = "\xfe"}},
                                             .config_error = "/etc/\xe9/r.yaml: gone"}));
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(got->config_path, "/etc/\xef\xbf\xbd/r.yaml");
    EXPECT_EQ(got->interfaces.at(0).name, "out\xef\xbf\xbd");
}

TEST(Briefing, that_is_none_is_an_error) {
    EXPECT_FALSE(decode_briefing("{"));
    EXPECT_FALSE(decode_briefing("{}"));
    EXPECT_FALSE(decode_briefing(R"({"config_path":1,"config":"","self":[],"interfaces":[],"loaded_s":0})"));
}

TEST(PacedLog, writes_so_many_a_second_and_then_says_how_many_more) {
    std::vector<std::string> lines;
    PacedLog log([&](const Notice& notice) { lines.push_back(std::string(notice.event) + " " + notice.text); }, 2);
    const Notice bad{Level::info, "sip.defect", "bad"};
    for (int i = 0; i < 5; ++i) log.say(bad);
    log.say({Level::info, "call.start", "A"});
    EXPECT_THAT(lines, ElementsAre("sip.defect bad", "sip.defect bad", "call.start A"));
    lines.clear();
    log.each_second();
    EXPECT_THAT(lines, ElementsAre("sip.defect 3 more of these in the last second"));
    lines.clear();
    log.say(bad);
    EXPECT_THAT(lines, ElementsAre("sip.defect bad"));
}

} // namespace
} // namespace ringwall::agent
