// SPDX-License-Identifier: Apache-2.0
// What a call script cannot say: bad input, what outsiders name in it, restarts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/core/run_script.hpp"
#include "tests/unit/core/script_words.hpp"

namespace ringwall::test {
namespace {

using testing::IsEmpty;

Datagram datagram(std::string_view payload, bool outbound = true) {
    const Endpoint inside{*IpAddress::parse("192.0.2.10"), Port{5060}},
        outside{*IpAddress::parse("198.51.100.1"), Port{5060}};
    return {.outbound = outbound,
            .source = outbound ? inside : outside,
            .destination = outbound ? outside : inside,
            .payload = payload};
}

TEST(Core, bans_who_goes_on_guessing_passwords_and_tells_it_once) {
    CallScript script;
    const Endpoint inside{*IpAddress::parse("192.0.2.10"), Port{5060}},
        stranger{*IpAddress::parse("203.0.113.66"), Port{5060}};
    const auto cross = [&](bool outbound, const std::string& text) {
        const Datagram message{.outbound = outbound,
                               .source = outbound ? inside : stranger,
                               .destination = outbound ? stranger : inside,
                               .payload = text};
        script.maps().apply(script.core().on_datagram(message, script.now()));
    };
    for (int i = 0; i <= 20; ++i) {
        const std::string n = std::to_string(i), before = std::to_string(i - 1);
        const std::string common =
            "Via: SIP/2.0/UDP 203.0.113.66;branch=z9hG4bK" + n + ";rport\r\nFrom: <sip:a@x>;tag=f\r\nTo: <sip:a@x>";
        const std::string rest = "\r\nCall-ID: " + n + "\r\nCSeq: 1 REGISTER\r\n";
        EXPECT_TRUE(script.maps().bans.empty());
        cross(false, "REGISTER sip:x SIP/2.0\r\n" + common + rest +
                         (i == 0 ? "" : "Authorization: Digest nonce=\"" + before + "\"\r\n") +
                         "Content-Length: 0\r\n\r\n");
        cross(true, "SIP/2.0 401 x\r\n" + common + ";tag=t" + n + rest + "WWW-Authenticate: Digest nonce=\"" + n +
                        "\"\r\nContent-Length: 0\r\n\r\n");
    }
    ASSERT_EQ(script.maps().bans.size(), 1U);
    const auto& [source, ban] = *script.maps().bans.begin();
    EXPECT_EQ(source, "203.0.113.66");
    EXPECT_EQ(ban.cause, uint32_t{BAN_CAUSE_passwords});
    EXPECT_EQ(ban.flags, uint32_t{BAN_OF_OURS});
    EXPECT_EQ(ban.until_ns - ban.since_ns, 3600000000000U);
    EXPECT_EQ(script.counter("bans_made"), 1U);
    std::vector<std::string> told;
    for (const Notice& notice : script.core().take_notices())
        if (notice.event == "ban") told.push_back(notice.text);
    EXPECT_THAT(told, testing::ElementsAre("203.0.113.66 is banned for 60 min: 20 times wrong passwords"));
}

TEST(Core, takes_no_long_port_ranges) {
    for (const bool outbound : {true, false}) {
        CallScript script;
        std::string text =
            compose({outbound ? "out" : "in", "INVITE", "f=a", "b=1", "sdp=40000/muxonly", "c=192.0.2.10"});
        const size_t at = text.find("m=audio 40000");
        text.replace(at, 13, "m=audio 10000/100");
        const size_t length = text.find("Content-Length: "), end = text.find("\r\n", length);
        text.replace(length, end - length,
                     "Content-Length: " + std::to_string(text.size() - text.find("\r\n\r\n") - 4));
        script.core().on_datagram(datagram(text, outbound), script.now());
        EXPECT_EQ(script.maps().holes(), "");
        EXPECT_EQ(script.counter("media_unsupported"), outbound ? 1U : 0U);
    }
}

// A proxy may hand on more than the length says, and write the length anew.
TEST(Core, remembers_what_an_outsider_names_behind_the_length_of_a_datagram) {
    for (const bool has_some : {false, true}) {
        CallScript script;
        std::string text = compose({"in", "INVITE", "f=a", "b=1", "sdp=40000/muxonly", "c=192.0.2.10"});
        const size_t body = text.find("\r\n\r\n") + 4, at = text.find("Content-Length: ") + 16;
        const size_t said = has_some ? text.find("m=audio") - body : 0;
        text.replace(at, text.find("\r\n", at) - at, std::to_string(said));
        script.maps().apply(script.core().on_datagram(datagram(text, false), script.now()));
        run(script, "out INVITE f=a b=2 sdp=40000/muxonly\n=\ncount echoed_sdp 1\n");
    }
}

// A message's body in two parts: `early` as of an early session (RFC 3959), then the one that it has.
std::string with_early_session(const std::string& message, const std::string& early) {
    const size_t type = message.find("Content-Type: "), body = message.find("\r\n\r\n") + 4;
    const std::string parts = "--b\r\nContent-Type: application/sdp\r\nContent-Disposition: early-session\r\n\r\n" +
                              early.substr(early.find("\r\n\r\n") + 4) +
                              "\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" + message.substr(body) +
                              "\r\n--b--\r\n";
    return message.substr(0, type) +
           "Content-Type: multipart/mixed;boundary=b\r\nContent-Length: " + std::to_string(parts.size()) + "\r\n\r\n" +
           parts;
}

TEST(Core, opens_what_the_session_names_not_the_early_one) {
    CallScript script;
    const std::string message = with_early_session(compose({"out", "INVITE", "f=a", "b=1", "sdp=40000/muxonly"}),
                                                   compose({"out", "INVITE", "f=a", "b=1", "sdp=41000/muxonly"}));
    script.maps().apply(script.core().on_datagram(datagram(message, true), script.now()));
    run(script, "= 40000/offered/networks\n");
}

// A B2BUA may take the first description for the session, and write it anew.
TEST(Core, remembers_what_an_outsider_names_in_an_early_session) {
    CallScript script;
    const std::string message =
        with_early_session(compose({"in", "INVITE", "f=a", "b=1", "sdp=30000/muxonly"}),
                           compose({"in", "INVITE", "f=a", "b=1", "sdp=40000/muxonly", "c=192.0.2.10"}));
    script.maps().apply(script.core().on_datagram(datagram(message, false), script.now()));
    run(script, "out INVITE f=a b=2 sdp=40000/muxonly\n=\ncount echoed_sdp 1\n");
}

// What makes it unreadable is for the next hop alone: a proxy takes it away, or writes it anew.
TEST(Core, reads_a_description_by_its_length_whatever_stands_behind_it) {
    CallScript script;
    run(script, "policy none\nout INVITE f=a b=1 sdp=40000/muxonly\n");
    const auto hears = [&](std::string message) {
        message += "x"; // no description any longer
        script.maps().apply(script.core().on_datagram(datagram(message, false), script.now()));
    };
    hears(compose({"in", "200", "f=a", "t=z", "b=1", "sdp=30000/muxonly"}));
    run(script, "= 40000/answered/198.51.100.7:30000\nout ACK f=a t=z b=2\n");
    hears(compose({"in", "INVITE", "f=z", "t=a", "b=3", "n=2", "sdp=31000/muxonly", "c=203.0.113.5"}));
    run(script, "out 200 f=z t=a b=3 n=2 sdp=40000/muxonly\n= 40000/answered/203.0.113.5:31000\n");
}

TEST(Core, remembers_what_an_outsider_names_in_what_cannot_be_read) {
    const std::vector<std::pair<std::string, std::string>> defects{
        {"sip:bob@example.com SIP", "sip:bob@\"example.com SIP"},
        {"branch=z9hG4bK1\r\n", "branch=1;received=x\r\n"},
        {"Call-ID", "Route: " + std::string(9000, 'x') + "\r\nCall-ID"},
        {"Content-Length: ", "Content-Length: 9"}};
    for (const auto& [text, defect] : defects) {
        CallScript script;
        std::string message =
            compose({"in", "INVITE", "f=a", "b=1", "sdp=40000/muxonly", "c=192.0.2.10", "contact=192.0.2.10:65002"});
        script.maps().apply(script.core().on_datagram(
            datagram(message.replace(message.find(text), text.size(), defect), false), script.now()));
        run(script,
            "wait 30\nout INVITE f=a b=2 sdp=40000/muxonly contact=192.0.2.10:65002\n=\ncount echoed_sdp 1\nlearned\n");
    }
}

// A registrar's 200 is no INVITE's: the telephone's own port, which it lists, is no outsider's.
TEST(Core, learns_a_port_again_though_the_registrars_word_cannot_be_read) {
    CallScript script;
    run(script, "out REGISTER f=a b=1 contact=192.0.2.10:65002 expires=120\n");
    std::string odd = compose({"in", "200", "m=REGISTER", "f=a", "t=z", "b=1", "contact=192.0.2.10:65002"});
    odd.insert(odd.find("Call-ID"), "Odd header: x\r\n");
    script.maps().apply(script.core().on_datagram(datagram(odd, false), script.now()));
    EXPECT_EQ(script.counter("sip_defect_bad_header"), 1U);
    run(script,
        "wait 100\nout REGISTER f=a b=2 n=2 contact=192.0.2.10:65002 expires=120\nlearned 192.0.2.10:65002/300\n");
}

TEST(Core, remembers_what_stands_behind_a_via_that_cannot_be_read) {
    CallScript script;
    run(script, "in INVITE f=a b=1 sdp=30000/muxonly\n");
    std::string stray = compose({"in", "200", "f=a", "t=z", "b=stray", "sdp=40000/muxonly", "c=192.0.2.10",
                                 "contact=192.0.2.10:65002", "received=198.51.100.7"});
    script.maps().apply(script.core().on_datagram(
        datagram(stray.insert(stray.find("\r\nVia: SIP/2.0/UDP 10"), ";received=nowhere"), false), script.now()));
    run(script, "out 200 f=a t=z b=1 sdp=40000/muxonly contact=192.0.2.10:65002\n=\nlearned\n");
}

TEST(Core, learns_a_port_again_that_the_registrar_has_listed) {
    CallScript script;
    run(script,
        "out REGISTER f=a b=1 contact=192.0.2.10:65002\nin 200 m=REGISTER f=a t=z b=1 contact=192.0.2.10:65002\n");
    const auto until = [&] { return script.maps().learned.begin()->second.until_ns; };
    const uint64_t first = until();
    run(script, "wait 120\nout REGISTER f=a b=2 n=2 contact=192.0.2.10:65002\n");
    EXPECT_GT(until(), first);
}

TEST(Core, finds_a_hole_that_stands_already_and_makes_it_its_own) {
    CallScript script;
    const pinhole::HoleKey key{{*IpAddress::parse("192.0.2.10"), Port{40000}}, Protocol::udp};
    script.maps().pinholes[key] = {}; // left by nobody we know
    run(script, "out INVITE f=a b=1 sdp=40000/muxonly\n= 40000/offered/networks\n");
}

TEST(Core, opens_a_hole_again_that_somebody_deleted) {
    CallScript script;
    run(script, "out INVITE f=a b=1 sdp=40000/muxonly\n");
    script.maps().pinholes.clear();
    run(script, "in 200 f=a t=z b=1 sdp=30000/muxonly\nwait 0.3\n= 40000/answered/198.51.100.7:30000\n");
}

TEST(Core, counts_bad_input_by_defect_and_opens_nothing) {
    const std::string good = compose({"out", "INVITE", "f=a", "b=1", "sdp=40000"});
    const auto broken = [&](const std::string& what, const std::string& with) {
        std::string text = good;
        const size_t at = text.find(what);
        EXPECT_NE(at, std::string::npos) << what;
        return text.replace(at, what.size(), with);
    };
    const std::pair<std::string, std::string> cases[] = {
        {good.substr(0, 80), "sip_defect_need_more"},
        {broken("Call-ID: call-1\r\n", ""), "sip_defect_missing_call_id"},
        {broken("Call-ID: call-1", "Call-ID: call-1\r\nCall-ID: call-2"), "sip_defect_duplicate_header"},
        {broken("m=audio 40000", "m=audio 99999"), "sdp_defect_bad_port"},
        {broken("c=IN IP4", "c=IN IP6"), "sdp_defect_bad_connection"},
        {broken("alice", std::string("al\0ce", 5)), "sip_defect_bad_header"},
        {broken("alice", std::string(64000, 'a')), "sip_defect_too_long"},
        {"hello there, PBX\r\n\r\n", "sip_defect_not_sip"},
    };
    for (const auto& [text, label] : cases) {
        CallScript script;
        EXPECT_TRUE(script.core().on_datagram(datagram(text), script.now()).empty() || script.maps().pinholes.empty());
        EXPECT_EQ(script.counter(label), 1U) << label;
        EXPECT_EQ(script.maps().holes(), "") << label;
    }
}

TEST(Core, opens_nothing_from_part_of_a_message) {
    CallScript script;
    Datagram part = datagram("INVITE sip:x SIP/2.0\r\n");
    part.is_whole = false;
    EXPECT_TRUE(script.core().on_datagram(part, script.now()).operations.empty());
    EXPECT_EQ(script.counter("sip_not_whole"), 1U);
}

TEST(Core, gives_the_same_leg_ids_after_a_restart) {
    CallScript script;
    run(script, "out INVITE f=a b=1 sdp=40000\nin 200 f=a t=z b=1 sdp=30000\n");
    const auto before = script.maps().dialogs;
    run(script, "restart\nout INVITE f=a t=z b=2 n=2 sdp=40000/sendonly\nin 200 f=a t=z b=2 n=2 sdp=30000\nlegs 1\n");
    EXPECT_EQ(script.maps().dialogs.begin()->first, before.begin()->first);
}

TEST(Core, keeps_an_ended_calls_record_as_long_as_its_tombstone_and_over_a_restart) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 sdp=40000/muxonly\nin 200 f=a t=z b=1 sdp=30000/muxonly\n"
        "out BYE f=a t=z b=3 n=2\nin 200 f=a t=z b=3 n=2 m=BYE\nwait 30\nrestart\n");
    ASSERT_EQ(script.maps().dialogs.size(), 1U);
    EXPECT_EQ(script.maps().dialogs.begin()->second.state, DIALOG_ENDED);
    EXPECT_EQ(std::string(script.maps().dialogs.begin()->second.call_id), "call-1");
    run(script, "wait 45\n=\n");
    EXPECT_THAT(script.maps().dialogs, IsEmpty());
}

TEST(Core, says_that_max_call_has_ended_a_call_in_its_tombstone_too_over_a_restart) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 sdp=40000/muxonly\nin 200 f=a t=z b=1 sdp=30000/muxonly\nwait 86401\n= 40000/closed\n");
    const auto notices = script.core().take_notices();
    EXPECT_TRUE(std::ranges::any_of(notices, [](const Notice& each) {
        return each.event == "call.outlived" && each.text.find("timers.max_call") != each.text.npos;
    }));
    const auto flags = [&] { return pinhole::ControlWord::of(script.maps().pinholes.begin()->second.ctl).flags; };
    EXPECT_TRUE(flags() & PINHOLE_OUTLIVED);
    run(script, "restart\nreload negotiated\nwait 20\n= 40000/closed\n");
    EXPECT_TRUE(flags() & PINHOLE_OUTLIVED);
    run(script, // the next call on the port ends by its BYE
        "out INVITE call=b f=a b=1 sdp=40000/muxonly\nin 200 call=b f=a t=z b=1 sdp=30000/muxonly\n"
        "out BYE call=b f=a t=z b=3 n=2\nin 200 call=b f=a t=z b=3 n=2 m=BYE\nwait 5\n= 40000/closed\n");
    EXPECT_FALSE(flags() & PINHOLE_OUTLIVED);
}

TEST(Core, says_when_a_call_ends) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 sdp=40000\nin 200 f=a t=z b=1 sdp=30000\nout BYE f=a t=z b=3 n=2\nin 200 f=a t=z b=3 n=2 "
        "m=BYE\n");
    const auto notices = script.core().take_notices();
    ASSERT_FALSE(notices.empty());
    EXPECT_EQ(notices.back().event, "call.end");
    ASSERT_FALSE(notices.back().fields.empty());
    EXPECT_EQ(notices.back().fields.front().name, "call_id");
    EXPECT_EQ(notices.back().fields.front().value, "call-1");
}

} // namespace
} // namespace ringwall::test
