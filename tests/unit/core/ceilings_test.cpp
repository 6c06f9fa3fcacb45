// SPDX-License-Identifier: Apache-2.0
// Calls against their ceilings, message by message: which count, and what the maps are told. The programs that refuse are
// not here; so calls go on past a ceiling as they would over TCP.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/core/run_script.hpp"

namespace ringwall::test {
namespace {

constexpr uint32_t half_open_of_one = policy::Ceiling{}.half_open_per_source;
constexpr uint32_t calls_of_one = policy::Ceiling{}.calls_per_source;

std::string numbered(uint32_t number, const std::string& peer = "203.0.113.9:5060") {
    return " call=" + std::to_string(number) + " f=a b=1 peer=" + peer;
}
void call_and_be_answered(CallScript& script, uint32_t number, const std::string& peer = "203.0.113.9:5060") {
    run(script, "in INVITE" + numbered(number, peer) + "\nout 200" + numbered(number, peer) + " t=z\nin ACK" +
                    numbered(number, peer) + " t=z\n");
}
bool is_full(CallScript& script, const std::string& source = "203.0.113.9:0") {
    const auto found = script.maps().known.find(source);
    return found != script.maps().known.end() && (found->second.flags & KNOWN_CALLS_FULL) != 0;
}

TEST(CallCeilings, shut_a_caller_who_never_answers_until_his_calls_are_over) {
    CallScript script;
    for (uint32_t i = 0; i + 1 < half_open_of_one; ++i)
        run(script, "in INVITE" + numbered(i) + "\nout 180" + numbered(i) + " t=z\n");
    EXPECT_FALSE(is_full(script));
    run(script, "in INVITE" + numbered(5000) + "\nout 200" + numbered(5000) + " t=z\n"); // answered, and not heard
    EXPECT_TRUE(is_full(script));
    EXPECT_EQ(script.core().calls_from_outside().half_open, half_open_of_one);
    run(script, "in ACK" + numbered(5000) + " t=other\n"); // no tag of ours
    EXPECT_TRUE(is_full(script));
    run(script, "in ACK" + numbered(5000) + " t=z\n");
    EXPECT_FALSE(is_full(script));
    EXPECT_EQ(script.core().calls_from_outside().calls, 1U);
    run(script, "in INVITE" + numbered(5001) + "\n");
    EXPECT_TRUE(is_full(script));
    run(script, "out 486" + numbered(7) + " t=z\n");
    EXPECT_FALSE(is_full(script));
    run(script, "wait 400\n");
    EXPECT_EQ(script.core().calls_from_outside().half_open, 0U);
    const auto notices = script.core().take_notices();
    EXPECT_TRUE(std::ranges::any_of(notices, [](const Notice& notice) { return notice.event == "ceiling"; }));
}

TEST(CallCeilings, count_answered_calls_of_one_source_and_those_that_a_restart_finds) {
    CallScript script;
    for (uint32_t i = 0; i + 1 < calls_of_one; ++i) call_and_be_answered(script, i);
    EXPECT_FALSE(is_full(script));
    call_and_be_answered(script, 5000);
    EXPECT_TRUE(is_full(script));
    run(script, "restart\nwait 31\n");
    EXPECT_TRUE(is_full(script));
    EXPECT_EQ(script.core().calls_from_outside().calls, calls_of_one);
    run(script, "in BYE" + numbered(7) + " t=z b=2 n=2\nout 200" + numbered(7) + " m=BYE t=z b=2 n=2\n");
    EXPECT_FALSE(is_full(script));
}

TEST(CallCeilings, count_no_calls_that_the_inside_begins) {
    CallScript script;
    for (uint32_t i = 0; i < half_open_of_one + 1; ++i)
        run(script, "out INVITE" + numbered(i) + "\nin 180" + numbered(i) + " t=z\n");
    EXPECT_FALSE(is_full(script));
    EXPECT_EQ(script.core().calls_from_outside().half_open, 0U);
}

TEST(CallCeilings, of_a_peer_are_not_spent_by_forged_invites) {
    CallScript script;
    for (uint32_t i = 0; i < 4 * half_open_of_one; ++i)
        run(script,
            "in INVITE" + numbered(i, "198.51.100.7:5060") + "\nout 180" + numbered(i, "198.51.100.7:5060") + " t=z\n");
    EXPECT_FALSE(is_full(script, "198.51.100.7:0"));
    EXPECT_EQ(script.core().calls_from_outside().calls, 0U);
    EXPECT_EQ(script.maps().ceilings.flags, 0U);
    run(script,
        "in INVITE call=real f=a b=1 sdp=30000/muxonly\nout 200 call=real f=a t=z b=1 sdp=40000/muxonly\n"
        "in ACK call=real f=a t=z\n= 40000/answered/198.51.100.7:30000\n");
    EXPECT_EQ(script.core().calls_from_outside().calls, 1U);
}

TEST(CallCeilings, tell_the_numbers_of_help_from_the_start) {
    CallScript script;
    run(script, "wait 1\n");
    EXPECT_EQ(script.maps().ceilings.emergency[0], 0x323131U); // 112
}

TEST(CallCeilings, hold_one_call_to_its_ports) {
    const auto config = policy::read(
        "version: 1\noutside: [eth0]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-50000 }\n"
        "peers: [{ name: provider, networks: [198.51.100.0/24] }]\nceilings: { ports_per_call: 4 }\n");
    const Now now{dialog::TimePoint(std::chrono::hours(1)), 0};
    const auto opened_by = [&](const std::string& lines) {
        Core core(policy::View(config.value(), {}), {1, 2});
        FakeMaps maps;
        const std::string text = compose({"out", "INVITE", "f=a", "b=1", "sdp=" + lines, "c=192.0.2.10"});
        maps.apply(core.on_datagram({.outbound = true,
                                     .source = Endpoint::parse("192.0.2.10:5060").value(),
                                     .destination = Endpoint::parse("198.51.100.1:5060").value(),
                                     .payload = text},
                                    now));
        uint64_t over = 0;
        for (const CoreCounter& counter : core.counters())
            if (counter.label == "ports_over_ceiling") over = counter.count;
        return std::to_string(maps.pinholes.size()) + " open, " + std::to_string(over) + " over, the first at " +
               (maps.pinholes.empty() ? "" : maps.pinholes.begin()->first.local.to_string());
    };
    EXPECT_EQ(opened_by("40000+40002"), "4 open, 0 over, the first at 192.0.2.10:40000");
    EXPECT_EQ(opened_by("40000+40002+40004"), "4 open, 1 over, the first at 192.0.2.10:40000");
}

} // namespace
} // namespace ringwall::test
