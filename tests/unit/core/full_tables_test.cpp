// SPDX-License-Identifier: Apache-2.0
// Maps and tables that are full: they refuse the new, keep what lives, and leave the known their share.
#include <gmock/gmock.h>

#include "agent/dialog/table.hpp"
#include "tests/unit/core/run_script.hpp"
#include "tests/unit/core/script_words.hpp"

namespace ringwall::test {
namespace {

std::string numbered(std::string text, size_t number, std::string_view word = "NUMBER") {
    return text.replace(text.find(word), word.size(), std::to_string(number));
}

TEST(FullTables, plans_again_when_a_full_map_has_room) {
    CallScript script;
    script.maps().capacity = 1;
    run(script,
        "out INVITE f=a b=1 sdp=40000/muxonly\n"
        "out INVITE call=two f=a b=2 sdp=40002/muxonly\n"
        "= 40000/offered/networks\n"
        "in 486 f=a t=z b=1\n"
        "wait 2.5\n");
    EXPECT_GE(script.counter("pinholes_refused_full"), 1U);
    run(script, "wait 3\n= 40002/offered/networks\n"); // the tombstone made room for the call
}

TEST(FullTables, takes_back_the_peer_slots_of_holes_that_found_no_room) {
    CallScript script;
    script.maps().capacity = 1;
    run(script, "out INVITE f=a b=1 sdp=40000/muxonly\nin 200 f=a t=z b=1 sdp=30000/muxonly\n");
    for (int i = 0; i < 8; ++i) { // two peers each: the private address, and where it really comes from
        const std::string n = std::to_string(i), call = "call=" + n + " f=a b=2" + n,
                          port = std::to_string(41000 + 2 * i);
        run(script,
            "out INVITE " + call + " sdp=" + port + "/muxonly\nin 200 " + call + " t=z sdp=30000/muxonly c=10.0.0.5\n");
    }
    run(script, "wait 290\n");
    script.maps().capacity = 100;
    run(script, "wait 1\n");
    EXPECT_EQ(script.counter("pinholes_widened"), 0U);
    EXPECT_THAT(script.maps().holes(), testing::HasSubstr("192.0.2.10:41014/answered/10.0.0.5:30000,198.51.100.1:0"));
}

TEST(FullTables, keeps_room_for_the_peers_calls_while_strangers_call) {
    CallScript script;
    for (size_t i = 0; i <= dialog::Table::capacity_strangers; ++i)
        run(script, "in INVITE call=" + std::to_string(i) + " f=a b=1 peer=203.0.113.9:5060\n");
    EXPECT_EQ(script.counter("legs_full"), 1U);
    run(script,
        "in INVITE call=trunk f=a b=1 sdp=30000/muxonly\nout 200 call=trunk f=a t=z b=1 sdp=40000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000\n");
}

// Over TCP whoever forges a peer's address meets no limit: segments of no connection are read, too.
TEST(FullTables, keeps_room_for_the_calls_of_the_inside_whoever_calls) {
    CallScript script;
    const Endpoint pbx = Endpoint::parse("192.0.2.10:5060").value(),
                   provider = Endpoint::parse("198.51.100.1:5060").value();
    const std::string invite = compose(words_of("in INVITE call=NUMBER f=a b=1"));
    for (size_t i = 0; i < dialog::Table::capacity; ++i) {
        const std::string text = numbered(invite, i);
        script.core().hear({.outbound = false, .source = provider, .destination = pbx, .payload = text}, script.now());
        script.core().changes(script.now());
    }
    EXPECT_EQ(script.counter("transactions_full"), dialog::Table::capacity / 8);
    run(script,
        "out INVITE call=own f=a b=1 sdp=40000/muxonly\nin 200 call=own f=a t=z b=1 sdp=30000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000\n");
}

// What a proxy hands on to a telephone that says nothing: at 400 a second it had all transactions, the inside's own too.
TEST(FullTables, keeps_room_for_the_inside_while_a_proxy_hands_strangers_calls_on) {
    CallScript script;
    const Endpoint proxy = Endpoint::parse("192.0.2.10:5060").value(),
                   stranger = Endpoint::parse("203.0.113.9:5060").value(),
                   silent = Endpoint::parse("203.0.113.77:5060").value();
    const std::string asked = compose(words_of("in INVITE call=NUMBER f=a b=1")),
                      handed_on = compose(words_of("out INVITE call=NUMBER f=a b=BRANCH received=203.0.113.9"));
    for (size_t call = 0; call < dialog::Transactions::capacity / 20; ++call) {
        script.core().hear({.source = stranger, .destination = proxy, .payload = numbered(asked, call)}, script.now());
        for (size_t fork = 0; fork < 12; ++fork)
            script.core().hear({.outbound = true,
                                .source = proxy,
                                .destination = silent,
                                .payload = numbered(numbered(handed_on, call), fork, "BRANCH")},
                               script.now());
        script.core().changes(script.now());
    }
    EXPECT_GT(script.counter("transactions_full"), 1000U);
    run(script,
        "out INVITE call=own f=p b=own sdp=40000/muxonly\nin 200 call=own f=p t=z b=own sdp=30000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000\n"
        "in INVITE call=trunk f=p b=t1 sdp=30002/muxonly\nout 200 call=trunk f=p t=z b=t1 sdp=40002/muxonly\n"
        "= 40000/answered/198.51.100.7:30000 40002/answered/198.51.100.7:30002\n");
}

TEST(FullTables, remember_an_invite_that_is_handed_on_to_nobody_for_40_s) {
    CallScript script;
    const Endpoint proxy = Endpoint::parse("192.0.2.10:5060").value(),
                   silent = Endpoint::parse("203.0.113.77:5060").value();
    const std::string invite = compose(words_of("out INVITE call=NUMBER f=a b=1 received=203.0.113.9"));
    for (size_t i = 0; i < 2 * dialog::Transactions::capacity_beginning; ++i) {
        const std::string text = numbered(invite, i);
        script.core().hear({.outbound = true, .source = proxy, .destination = silent, .payload = text}, script.now());
        script.core().changes(script.now());
        if (i % 1000 == 0) run(script, "wait 1\n");
    }
    EXPECT_EQ(script.counter("transactions_full"), 0U);
}

// Without a call, as from anybody: who has one can still say what becomes of it.
TEST(FullTables, keep_requests_of_no_call_from_the_room_of_strangers_calls) {
    CallScript script;
    run(script,
        "in INVITE call=good f=a b=1 sdp=30000/muxonly c=203.0.113.77 peer=203.0.113.77:5060\n"
        "out 200 call=good f=a t=z b=1 sdp=40000/muxonly peer=203.0.113.77:5060\n"
        "= 40000/answered/203.0.113.77:30000\n");
    const Endpoint pbx = Endpoint::parse("192.0.2.10:5060").value(),
                   stranger = Endpoint::parse("203.0.113.9:5060").value();
    const std::string update = compose(words_of("in UPDATE call=NUMBER f=a t=z b=1"));
    for (size_t i = 0; i < dialog::Transactions::capacity_strangers; ++i) {
        const std::string text = numbered(update, i);
        script.core().hear({.source = stranger, .destination = pbx, .payload = text}, script.now());
    }
    EXPECT_GT(script.counter("transactions_full"), 0U);
    run(script,
        "in INVITE call=new f=a b=2 sdp=30000/muxonly c=203.0.113.78 peer=203.0.113.78:5060\n"
        "out 200 call=new f=a t=z b=2 sdp=40002/muxonly peer=203.0.113.78:5060\n"
        "= 40000/answered/203.0.113.77:30000 40002/answered/203.0.113.78:30000\n"
        "in BYE call=good f=a t=z b=3 n=2 peer=203.0.113.77:5060\n"
        "out 200 m=BYE call=good f=a t=z b=3 n=2 peer=203.0.113.77:5060\n"
        "= 40000/draining 40002/answered/203.0.113.78:30000\n");
}

// As much as a description can ask for: 32 m-lines of four addresses each. NUMBER makes each another.
std::string invite_of_many_lines() {
    std::string body = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\n";
    for (int i = 0; i < 32; ++i) {
        body += "m=audio 30000 RTP/AVP 0\r\n";
        for (int c = 0; c < 4; ++c) body += "c=IN IP4 10.0." + std::to_string(i) + "." + std::to_string(c) + "\r\n";
    }
    std::string text = compose(words_of("in INVITE call=NUMBER f=a b=1"));
    const std::string empty = "Content-Length: 0\r\n\r\n";
    return text.replace(
        text.rfind(empty), empty.size(),
        "Content-Type: application/sdp\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

struct Caller {
    CallScript& script;
    Endpoint from;
    std::string invite = invite_of_many_lines();

    void call(size_t number) {
        const Endpoint pbx = Endpoint::parse("192.0.2.10:5060").value();
        const std::string text = numbered(invite, number);
        script.core().hear({.outbound = false, .source = from, .destination = pbx, .payload = text}, script.now());
        script.core().changes(script.now());
    }
};

// By number alone they would take some 800 MB.
TEST(FullTables, keep_only_so_many_bytes_of_what_nobody_has_answered) {
    CallScript script;
    Caller stranger{script, Endpoint::parse("203.0.113.9:5060").value()};
    for (size_t i = 0; i < 15000; ++i) stranger.call(i);
    EXPECT_GT(script.counter("descriptions_full"), 1000U);
    EXPECT_EQ(script.counter("transactions_full") + script.counter("legs_full"), 0U);
    run(script,
        "in INVITE call=peer f=a b=p1 sdp=30000/muxonly\nout 200 call=peer f=a t=z b=p1 sdp=40000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000\n");
    const uint64_t before = script.counter("descriptions_full");
    Caller provider{script, Endpoint::parse("198.51.100.1:5060").value()}; // or who forges its address
    for (size_t i = 0; i < 30000; ++i) provider.call(15000 + i);
    EXPECT_GT(script.counter("descriptions_full"), before + 1000);
    run(script,
        "out INVITE call=own f=a b=1 sdp=41000/muxonly\nin 200 call=own f=a t=z b=1 sdp=30000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000 41000/answered/198.51.100.7:30000\n");
}

// Whoever is called may answer with more than is asked, and is acknowledged late.
TEST(FullTables, keep_only_so_many_bytes_of_responses_that_wait_for_their_ack) {
    CallScript script;
    const Endpoint pbx = Endpoint::parse("192.0.2.10:5060").value(),
                   called = Endpoint::parse("203.0.113.9:5060").value();
    std::string answer = invite_of_many_lines();
    answer.replace(0, answer.find("\r\n"), "SIP/2.0 200 OK");
    const std::string to = compose(words_of("in 200 call=NUMBER f=a t=z b=1"));
    answer.replace(0, answer.find("Content-Type"), to.substr(0, to.find("Content-Length")));
    run(script, "out INVITE call=rings f=a b=1\nin 183 call=rings f=a t=z b=1 sdp=30002/muxonly rel\n");
    for (size_t i = 0; i < 16000; ++i) {
        const std::string number = std::to_string(i);
        run(script, "out INVITE call=" + number + " f=a b=1 peer=203.0.113.9:5060\n");
        const std::string text = numbered(answer, i);
        script.core().hear({.outbound = false, .source = called, .destination = pbx, .payload = text}, script.now());
        script.core().changes(script.now());
    }
    EXPECT_GT(script.counter("descriptions_full"), 100U);
    for (size_t i = 0; i < 100; ++i) // nor is there room for a short one
        run(script, "out INVITE call=s" + std::to_string(i) + " f=a b=1\nin 200 call=s" + std::to_string(i) +
                        " f=a t=z b=1 sdp=30008/muxonly\n");
    EXPECT_EQ(script.counter("legs_full"), 0U);
    run(script,
        "in INVITE call=peer f=a b=p1 sdp=30000/muxonly\nout 200 call=peer f=a t=z b=p1 sdp=40000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000\n");
    run(script, // what is repeated takes its own place, and what an UPDATE moved stays there
        "in 183 call=rings f=a t=z b=1 sdp=30002/muxonly rel\n"
        "out PRACK call=rings f=a t=z b=2 n=2 sdp=41000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000 41000/answered/198.51.100.7:30002\n"
        "out INVITE call=moves f=a b=1 sdp=42000/muxonly\n"
        "in 183 call=moves f=a t=z b=1 sdp=30004/muxonly rel\n"
        "out UPDATE call=moves f=a t=z b=2 n=2 sdp=42002/muxonly\n"
        "in 200 call=moves f=a t=z b=2 n=2 m=UPDATE sdp=30006/muxonly\n"
        "in 200 call=moves f=a t=z b=1 sdp=30006/muxonly\nwait 10\n"
        "= 40000/answered/198.51.100.7:30000 41000/answered/198.51.100.7:30002 42000/closed "
        "42002/answered/198.51.100.7:30006\n");
}

TEST(FullTables, let_go_of_what_the_inside_has_refused) {
    CallScript script;
    Caller stranger{script, Endpoint::parse("203.0.113.9:5060").value()};
    for (size_t i = 0; i < 12000; ++i) {
        stranger.call(i);
        run(script, "out 401 call=" + std::to_string(i) + " f=a t=z b=1 peer=203.0.113.9:5060\n");
    }
    EXPECT_EQ(script.counter("descriptions_full"), 0U);
    const size_t tag = stranger.invite.find(">", stranger.invite.find("To: ")) + 1;
    stranger.invite.insert(tag, ";tag=gone"); // of a dialog that nobody knows
    for (size_t i = 12000; i < 24000; ++i) {
        stranger.call(i);
        run(script, "out 481 call=" + std::to_string(i) + " f=a t=gone b=1 peer=203.0.113.9:5060\n");
    }
    EXPECT_EQ(script.counter("descriptions_full"), 0U);
}

TEST(FullTables, follows_only_so_many_calls_of_the_same_names) {
    CallScript script;
    for (int i = 0; i < 100; ++i) run(script, "in INVITE f=a b=" + std::to_string(i) + "\n");
    EXPECT_EQ(script.counter("legs_full"), 100U - 1 - dialog::Table::most_namesakes);
}

TEST(FullTables, follows_only_so_many_forks_of_one_call) {
    CallScript script;
    run(script, "out INVITE f=a b=1 sdp=40000/muxonly\n");
    for (int i = 0; i < 100; ++i) run(script, "in 183 f=a b=1 t=" + std::to_string(i) + "\n");
    EXPECT_EQ(script.counter("forks_full"), 36U);
    run(script, "legs 64\nin 200 f=a b=1 t=0 sdp=30000/muxonly\n= 40000/answered/198.51.100.7:30000\nlegs 1\n");
}

// What an inside proxy hands on: each message asks all of them.
TEST(FullTables, follows_only_so_many_calls_of_the_same_names_that_leave) {
    CallScript script;
    const Endpoint pbx = Endpoint::parse("192.0.2.10:5060").value(),
                   provider = Endpoint::parse("198.51.100.1:5060").value();
    const std::string invite = compose(words_of("out INVITE f=a b=BRANCH sdp=40000/muxonly"));
    for (size_t i = 0; i < 1500; ++i) {
        const std::string text = std::string(invite).replace(invite.find("BRANCH"), 6, std::to_string(i));
        script.core().hear({.outbound = true, .source = pbx, .destination = provider, .payload = text}, script.now());
    }
    EXPECT_EQ(script.counter("legs_full"), 1500U - 1 - dialog::Table::most_namesakes_inside);
}

// An inside proxy hands on what its forks outside answer, each To tag of theirs.
TEST(FullTables, follows_only_so_many_forks_of_a_call_from_outside) {
    CallScript script;
    run(script, "in INVITE f=a b=1 sdp=30000/muxonly\n");
    for (int i = 0; i < 100; ++i) {
        const std::string port = std::to_string(41000 + 2 * i);
        run(script, "out 183 f=a b=1 t=" + std::to_string(i) + " sdp=" + port + "/muxonly\n");
    }
    EXPECT_EQ(script.counter("forks_full"), 36U);
    run(script, "out 200 f=a b=1 t=99 sdp=40000/muxonly\nwait 70\n= 40000/answered/198.51.100.7:30000\n");
}

// Of strangers' calls, too, of which thousands wait.
TEST(FullTables, keep_of_a_call_no_more_text_than_its_record_has_room_for) {
    const std::string composed = compose(words_of("in INVITE f=a b=1")), alice = "alice";
    const std::string text = std::string(composed).replace(composed.find(alice), alice.size(), std::string(8000, 'a'));
    const auto message = std::make_unique<sip::Message>();
    ASSERT_TRUE(sip::parse(text, *message));
    const dialog::KeyedHash hash({1, 2});
    dialog::Table table({std::chrono::minutes(5), std::chrono::seconds(32), std::chrono::hours(24)}, hash);
    table.on({.message = *message, .transaction = dialog::transaction_key(hash, *message, message->method, false)});
    ASSERT_EQ(table.legs().size(), 1U);
    table.legs().each([](dialog::LegId, const auto& leg) { EXPECT_LT(leg->from.size(), ADDRESS_OF_RECORD_BYTES); });
}

TEST(FullTables, never_evicts_a_live_hole_for_a_new_one) {
    CallScript script;
    script.maps().capacity = 1;
    run(script,
        "out INVITE f=a b=1 sdp=40000/muxonly\n"
        "in 200 f=a t=z b=1 sdp=30000/muxonly\n"
        "out INVITE call=two f=a b=2 sdp=40002/muxonly\n"
        "wait 5\n"
        "= 40000/answered/198.51.100.7:30000\n");
}

TEST(FullTables, leaves_room_for_peers_and_the_inside_when_strangers_fill_the_table) {
    CallScript script;
    for (int i = 0; i < 33000; ++i) {
        const std::string n = std::to_string(i);
        run(script, "in INVITE call=s" + n + " f=a b=s" + n + " peer=203.0.113.9:5060\n");
    }
    EXPECT_GE(script.counter("legs_full"), 1U);
    run(script,
        "in INVITE call=peer f=a b=p1 sdp=30000/mux\n"
        "out 200 call=peer f=a t=z b=p1 sdp=40000/mux\n"
        "out INVITE call=inside f=a b=p2 sdp=41000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000 41000/offered/networks\n");
}

// In-dialog requests too: a call that rings is enough to send them.
TEST(FullTables, keeps_half_of_the_transactions_from_strangers_whatever_they_send) {
    CallScript script;
    run(script,
        "policy none\nin INVITE call=evil f=e b=1 sdp=30000/muxonly peer=203.0.113.66:5060\n"
        "out 180 call=evil f=e t=z b=1 peer=203.0.113.66:5060\n");
    const Endpoint stranger = Endpoint::parse("203.0.113.66:5060").value(),
                   pbx = Endpoint::parse("192.0.2.10:5060").value();
    const std::string update = compose(words_of("in UPDATE call=evil f=e t=z n=2 b=BRANCH peer=203.0.113.66:5060"));
    const size_t branch = update.find("BRANCH");
    for (size_t i = 0; i < dialog::Transactions::capacity_strangers + 10; ++i) {
        const std::string text = std::string(update).replace(branch, 6, std::to_string(i));
        script.core().hear({.source = stranger, .destination = pbx, .payload = text}, script.now());
    }
    EXPECT_EQ(script.counter("transactions_full"), 11U); // the INVITE is one of theirs
    run(script,
        "out INVITE call=own f=p b=2 sdp=40000/muxonly\nin 200 call=own f=p t=y b=2 sdp=30000/muxonly\n"
        "= 40000/answered/198.51.100.7:30000\n");
}

} // namespace
} // namespace ringwall::test
