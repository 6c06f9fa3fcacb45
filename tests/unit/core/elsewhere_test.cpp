// SPDX-License-Identifier: Apache-2.0
// SDP of the inside that names an address which is neither protected nor in protect.external: it opens nothing, and the
// call says so.
#include <gmock/gmock.h>

#include "tests/unit/core/run_script.hpp"

namespace ringwall {
namespace {

using test::CallScript;
using test::run;

std::string named_by_the_call(CallScript& script) {
    const auto& dialogs = script.maps().dialogs;
    const auto named = dialogs.empty() ? std::nullopt : script.core().elsewhere_of(dialogs.begin()->first);
    return named ? named->to_string() : "";
}

std::string call_at(CallScript& script, uint16_t port) {
    const auto found = script.core().elsewhere_at(Port{port});
    return found ? found->call_id : "";
}

TEST(Elsewhere, is_told_of_the_call_that_offers_it) {
    CallScript script;
    run(script, "out INVITE call=a f=a b=1 sdp=40000 c=203.0.113.9\n=\ncount media_elsewhere 1\n");
    EXPECT_EQ(named_by_the_call(script), "203.0.113.9:40000");
    EXPECT_EQ(call_at(script, 40000), "a");
    EXPECT_EQ(call_at(script, 40001), "a"); // its RTCP
    EXPECT_EQ(call_at(script, 40002), "");
    EXPECT_EQ(call_at(script, 39999), "");
}

TEST(Elsewhere, is_told_of_the_call_that_answers_so) {
    CallScript script;
    run(script, "in INVITE call=a f=a b=1 sdp=30000\nout 200 call=a f=a t=z b=1 sdp=40000 c=203.0.113.9\n=\n");
    EXPECT_EQ(named_by_the_call(script), "203.0.113.9:40000");
    run(script, "in BYE call=a f=a t=z b=2 n=2\nout 200 call=a f=a t=z b=2 n=2 m=BYE\nwait 1\n");
    EXPECT_EQ(call_at(script, 40000), ""); // it has ended
}

TEST(Elsewhere, is_told_of_the_fork_that_answers) {
    CallScript script;
    run(script,
        "out INVITE call=a f=a b=1 sdp=40000 c=203.0.113.9\nin 180 call=a f=a t=y b=1\n"
        "in 200 call=a f=a t=z b=1 sdp=30000\nout ACK call=a f=a t=z b=2\nwait 40\n");
    EXPECT_EQ(call_at(script, 40000), "a");
}

TEST(Elsewhere, is_forgotten_where_the_next_description_names_what_is_ours) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 sdp=40000 c=203.0.113.9\nin 200 f=a t=z b=1 sdp=30000\nout ACK f=a t=z b=2\n"
        "out INVITE f=a t=z b=3 n=2 sdp=40000\nin 200 f=a t=z b=3 n=2 sdp=30000\n"
        "= 40000/answered/198.51.100.7:30000 40001/answered/198.51.100.7:30001\n");
    EXPECT_EQ(named_by_the_call(script), "");
    EXPECT_EQ(call_at(script, 40000), "");
}

TEST(Elsewhere, is_no_more_once_a_stun_server_has_made_it_ours) {
    CallScript script;
    run(script, "policy negotiated external=auto\nout INVITE f=a b=1 sdp=40000 c=203.0.113.7\n");
    EXPECT_EQ(named_by_the_call(script), "203.0.113.7:40000");
    run(script, "stun 40000 203.0.113.7:40000\n");
    EXPECT_EQ(named_by_the_call(script), "");
    EXPECT_EQ(call_at(script, 40000), "");
}

TEST(Elsewhere, is_only_what_opens_nothing) {
    for (const std::string sdp :
         {"sdp=0 c=203.0.113.9",                                      // rejected
          "sdp=40000 c=0.0.0.0",                                      // held
          "sdp=40000", "sdp=9000",                                    // ours; ours, and not guarded
          "sdp=40000/ice:F/host:1:192.0.2.10:40000 c=203.0.113.9"}) { // the default is seen from elsewhere
        CallScript script;
        run(script, "out INVITE f=a b=1 " + sdp + "\ncount media_elsewhere 0\n");
        EXPECT_EQ(named_by_the_call(script), "") << sdp;
    }
}

TEST(Elsewhere, remembers_one_call_a_port) {
    CallScript script;
    for (int i = 0; i < 300; ++i)
        run(script,
            "out INVITE call=" + std::to_string(i) + " f=a b=" + std::to_string(i) + " sdp=40000 c=203.0.113.9\n");
    EXPECT_EQ(call_at(script, 40000), "299");
    run(script, "in 486 call=299 f=a t=z b=299\nwait 6\n");
    EXPECT_EQ(call_at(script, 40000), ""); // the others show it themselves
}

TEST(Elsewhere, a_restart_forgets_until_the_next_description) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 sdp=40000 c=203.0.113.9\nin 200 f=a t=z b=1 sdp=30000\nout ACK f=a t=z b=2\nrestart\n");
    EXPECT_EQ(named_by_the_call(script), "");
    run(script, "out INVITE f=a t=z b=3 n=2 sdp=40000 c=203.0.113.9\n");
    EXPECT_EQ(named_by_the_call(script), "203.0.113.9:40000");
}

} // namespace
} // namespace ringwall
