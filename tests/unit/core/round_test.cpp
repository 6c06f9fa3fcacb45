// SPDX-License-Identifier: Apache-2.0
// Several messages, and then what they want changed, in one: no more than each by itself would have come to, and nothing
// of one call left to another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "tests/unit/core/run_script.hpp"

namespace ringwall::test {
namespace {

using testing::IsEmpty;

constexpr const char* call_up =
    "out INVITE f=a b=1 sdp=40000/muxonly\nin 180 f=a t=z b=1\n"
    "in 200 f=a t=z b=1 sdp=30000/muxonly\nout ACK f=a t=z b=1\n";

struct pinhole& hole(CallScript& script, uint16_t port) {
    return script.maps().pinholes.at({{*IpAddress::parse("192.0.2.10"), Port{port}}, Protocol::udp});
}

Datagram from_inside(const std::string& payload) {
    return {.outbound = true,
            .source = {*IpAddress::parse("192.0.2.10"), Port{5060}},
            .destination = {*IpAddress::parse("198.51.100.1"), Port{5060}},
            .payload = payload};
}

TEST(Round, changes_nothing_before_its_end) {
    CallScript script;
    run(script, "round\nout INVITE f=a b=1 sdp=40000/muxonly\n=\nlegs 0\nend\n= 40000/offered/networks\nlegs 1\n");
}

TEST(Round, of_many_messages_comes_to_what_each_by_itself_does) {
    CallScript one_by_one, at_once;
    const std::string calls =
        std::string(call_up) +
        "out INVITE call=two f=a b=2 sdp=40002/muxonly\n"
        "in INVITE call=three f=a b=3 sdp=30004/muxonly\nout 200 call=three f=a t=z b=3 sdp=40004/muxonly\n"
        "out INVITE call=four f=a b=4 sdp=40006/muxonly\nin 486 call=four f=a t=z b=4\n";
    run(one_by_one, calls);
    run(at_once, "round\n" + calls + "end\n");
    // But for what never opened: its port needs no drain.
    const std::string never_opened = " 192.0.2.10:40006/draining";
    std::string expected = one_by_one.maps().holes();
    ASSERT_TRUE(expected.ends_with(never_opened)) << expected;
    expected.erase(expected.size() - never_opened.size());
    EXPECT_EQ(at_once.maps().holes(), expected);
    for (const auto& [id, record] : one_by_one.maps().dialogs) {
        ASSERT_TRUE(at_once.maps().dialogs.contains(id)) << record.call_id;
        EXPECT_EQ(std::memcmp(&at_once.maps().dialogs.at(id), &record, sizeof record), 0) << record.call_id;
    }
}

TEST(Round, asks_for_one_operation_a_pinhole_and_one_record_a_leg) {
    CallScript script;
    script.core().hear(from_inside(compose({"out", "INVITE", "f=a", "b=1", "sdp=40000/muxonly"})), script.now());
    script.core().hear(from_inside(compose({"out", "INVITE", "call=two", "f=a", "b=2", "sdp=40002/muxonly"})),
                       script.now());
    script.core().hear(from_inside(compose({"out", "BYE", "f=a", "t=z", "b=3", "n=2"})), script.now());
    const pinhole::MapOps ops = script.core().changes(script.now());
    EXPECT_EQ(std::ranges::count(ops.operations, uint32_t{OP_INSERT_PINHOLE}, &operation::code), 2);
    EXPECT_EQ(std::ranges::count(ops.operations, uint32_t{OP_CHANGE_PINHOLE}, &operation::code), 0);
    EXPECT_EQ(ops.put_dialogs.size(), 2U);
    EXPECT_TRUE(script.core().changes(script.now()).empty());
}

uint64_t key_of(const struct operation& operation) {
    uint64_t leg = 0;
    std::memcpy(&leg, operation.key, sizeof leg);
    return leg;
}

size_t changes_of_records(const pinhole::MapOps& ops) {
    return static_cast<size_t>(std::ranges::count(ops.operations, uint32_t{OP_CHANGE_DIALOG}, &operation::code));
}

TEST(Record, is_put_whole_once_and_then_changed_in_place) {
    CallScript script;
    const auto hear = [&](const std::string& payload, bool outbound) {
        Datagram datagram = from_inside(payload);
        datagram.outbound = outbound;
        if (!outbound) std::swap(datagram.source, datagram.destination);
        const auto ops = script.core().on_datagram(datagram, script.now());
        script.maps().apply(ops);
        return ops;
    };
    const auto is_as_put = [&] { // a restart puts every record whole
        auto ops = Core(script.core().policy(), {1, 2}).restore(script.maps().present(), script.now());
        ASSERT_EQ(ops.put_dialogs.size(), 1U);
        const struct dialog_record& stands = script.maps().dialogs.at(ops.put_dialogs[0].first);
        EXPECT_EQ(std::memcmp(&stands, &ops.put_dialogs[0].second, sizeof stands), 0);
    };
    const auto begun = hear(compose({"out", "INVITE", "f=a", "b=1", "sdp=40000"}), true);
    EXPECT_EQ(begun.put_dialogs.size(), 1U);
    EXPECT_EQ(changes_of_records(begun), 0U);
    EXPECT_TRUE(hear(compose({"in", "100", "f=a", "b=1"}), false).put_dialogs.empty());
    const auto rings = hear(compose({"in", "180", "f=a", "t=z", "b=1"}), false);
    EXPECT_TRUE(rings.put_dialogs.empty());
    EXPECT_EQ(changes_of_records(rings), 3U); // state and claims, and the tags, now that there is one
    is_as_put();
    const auto answered = hear(compose({"in", "200", "f=a", "t=z", "b=1", "sdp=30000"}), false);
    EXPECT_TRUE(answered.put_dialogs.empty());
    EXPECT_EQ(changes_of_records(answered), 2U); // state and claims, and who may send
    is_as_put();
    EXPECT_EQ(changes_of_records(hear(compose({"out", "ACK", "f=a", "t=z", "b=1"}), true)), 0U); // says nothing new
    const auto ending = hear(compose({"out", "BYE", "f=a", "t=z", "b=2", "n=2"}), true);
    EXPECT_TRUE(ending.put_dialogs.empty());
    EXPECT_EQ(changes_of_records(ending), 2U);
    is_as_put();
}

// What operations change one record stand side by side: a batch of them is never cut in between (kernel::Maps).
TEST(Record, changes_of_one_stand_together) {
    CallScript script;
    run(script, std::string(call_up) + "out INVITE call=two f=a b=2 sdp=40002\n");
    script.core().hear(from_inside(compose({"out", "INVITE", "f=a", "t=z", "b=3", "n=2", "sdp=41000,41002"})),
                       script.now());
    script.core().hear(from_inside(compose({"out", "BYE", "call=two", "f=a", "t=y", "b=4", "n=2"})), script.now());
    const pinhole::MapOps ops = script.core().changes(script.now());
    std::vector<uint64_t> legs;
    for (const struct operation& operation : ops.operations)
        if (operation.code == OP_CHANGE_DIALOG && (legs.empty() || legs.back() != key_of(operation)))
            legs.push_back(key_of(operation));
    EXPECT_EQ(std::set<uint64_t>(legs.begin(), legs.end()).size(), legs.size());
    EXPECT_FALSE(legs.empty());
}

TEST(Record, that_found_no_room_is_put_with_the_next_change) {
    CallScript script;
    run(script, "out INVITE f=a b=1 sdp=40000/muxonly\n");
    const auto whole = std::exchange(script.maps().dialogs, {});
    run(script, "in 180 f=a t=z b=1\n");
    run(script, "wait 0.2\n");
    ASSERT_EQ(script.maps().dialogs.size(), 1U);
    EXPECT_EQ(script.maps().dialogs.begin()->first, whole.begin()->first);
    EXPECT_EQ(std::string(script.maps().dialogs.begin()->second.outside_tag), "z");
}

TEST(Wake, comes_once_for_what_an_opening_and_an_ack_bring_within_250_ms) {
    const auto wakes = [](CallScript& script) {
        const std::string ack = compose({"out", "ACK", "f=a", "t=z", "b=1"});
        const auto ops = script.core().on_datagram(from_inside(ack), script.now());
        return std::ranges::count_if(ops.operations, [](const struct operation& operation) {
            return operation.code == OP_CHANGE_PINHOLE && (operation.fields & FIELD_WAKE) != 0;
        });
    };
    CallScript at_once, later;
    const std::string answered = "out INVITE f=a b=1 sdp=40000/muxonly\nin 200 f=a t=z b=1 sdp=30000/muxonly\n";
    run(at_once, answered + "wait 0.2\n");
    EXPECT_EQ(wakes(at_once), 0);
    run(later, answered + "wait 0.3\n");
    EXPECT_EQ(wakes(later), 1);
    EXPECT_EQ(wakes(later), 0);
}

TEST(Round, opens_nothing_for_a_call_that_begins_and_ends_in_it) {
    CallScript script;
    run(script,
        "round\n" + std::string(call_up) + "out BYE f=a t=z b=2 n=2\nin 200 m=BYE f=a t=z b=2 n=2\nend\n=\nlegs 0\n");
    EXPECT_EQ(script.counter("pinholes_opened"), 0U);
    EXPECT_EQ(script.counter("calls_ended"), 1U);
    run(script, "wait 10\n");
    EXPECT_THAT(script.maps().dialogs, IsEmpty());
}

TEST(Round, gives_a_port_to_another_call_with_nothing_of_the_one_before) {
    CallScript script;
    run(script, call_up);
    struct pinhole& live = hole(script, 40000);
    live.packets = 77;
    live.latch = 1;
    const uint64_t before = live.owner;
    run(script,
        "round\nin BYE f=z t=a b=3 n=2\nout 200 m=BYE f=z t=a b=3 n=2\n"
        "out INVITE call=two f=a b=4 sdp=40000/muxonly\nend\n= 40000/offered/networks\n");
    EXPECT_NE(hole(script, 40000).owner, before);
    EXPECT_EQ(hole(script, 40000).packets, 0U);
    EXPECT_EQ(hole(script, 40000).latch, 0U);
}

TEST(Round, keeps_the_port_of_an_invite_that_is_challenged_and_sent_again) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 sdp=40000/muxonly\nround\nin 401 f=a t=q b=1\nout ACK f=a t=q b=1\n"
        "out INVITE f=a b=2 n=2 sdp=40000/muxonly\nend\n= 40000/offered/networks\nwait 7\n= 40000/offered/networks\n");
}

TEST(Round, puts_what_opens_before_what_closes) {
    CallScript script;
    run(script, std::string(call_up) + "round\nin BYE f=z t=a b=3 n=2\nout 200 m=BYE f=z t=a b=3 n=2\n");
    script.core().hear(from_inside(compose({"out", "INVITE", "call=two", "f=a", "b=2", "sdp=40002/muxonly"})),
                       script.now());
    const pinhole::MapOps ops = script.core().changes(script.now());
    ASSERT_GE(ops.operations.size(), 2U);
    EXPECT_EQ(ops.operations[0].code, uint32_t{OP_INSERT_PINHOLE});
    EXPECT_EQ(ops.operations[1].code, uint32_t{OP_CHANGE_PINHOLE});
}

TEST(Round, plans_again_what_of_it_found_no_room) {
    CallScript script;
    script.maps().capacity = 2;
    run(script,
        "round\nout INVITE call=one f=a b=1 sdp=40000/muxonly\nout INVITE call=two f=a b=2 sdp=40002/muxonly\n"
        "out INVITE call=three f=a b=3 sdp=40004/muxonly\nend\n= 40000/offered/networks 40002/offered/networks\n");
    EXPECT_EQ(script.counter("pinholes_refused_full"), 1U);
    script.maps().capacity = 3;
    run(script, "wait 0.5\n= 40000/offered/networks 40002/offered/networks 40004/offered/networks\n");
}

TEST(Round, that_is_lost_with_the_agent_leaves_the_calls_as_they_were) {
    CallScript script;
    run(script, call_up);
    const auto records = script.maps().dialogs.size();
    run(script,
        "round\nout INVITE f=a t=z b=5 n=3 sdp=41000/muxonly\nin 200 f=a t=z b=5 n=3 sdp=31000/muxonly\nrestart\n"
        "= 40000/answered/198.51.100.7:30000\nin BYE f=z t=a b=6 n=4\nout 200 m=BYE f=z t=a b=6 n=4\n= "
        "40000/draining\n");
    EXPECT_EQ(script.maps().dialogs.size(), records);
}

TEST(MapOps, keep_a_record_that_is_deleted_and_put_again) {
    pinhole::MapOps all, first, second;
    first.delete_dialogs = {1, 2};
    second.put_dialogs.emplace_back(2, dialog_record{});
    all.append(first);
    all.append(second);
    EXPECT_THAT(all.delete_dialogs, testing::ElementsAre(1));
    ASSERT_EQ(all.put_dialogs.size(), 1U);
    EXPECT_EQ(all.put_dialogs[0].first, 2U);
}

TEST(MapOps, delete_a_record_that_is_put_and_then_deleted) {
    pinhole::MapOps all, first, second;
    first.put_dialogs.emplace_back(2, dialog_record{});
    second.delete_dialogs = {2};
    all.append(first);
    all.append(second);
    EXPECT_THAT(all.delete_dialogs, testing::ElementsAre(2));
}

} // namespace
} // namespace ringwall::test
