// SPDX-License-Identifier: Apache-2.0
// Who proves himself, and who is banned for guesses and for his tool.
#include <gmock/gmock.h>

#include "tests/unit/dialog/defence_room.hpp"

namespace ringwall::dialog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(DefenceTest, bans_who_guesses_passwords_at_the_threshold_and_not_before) {
    for (int i = 0; i < 4; ++i) guess_password(stranger);
    EXPECT_THAT(banned(), IsEmpty());
    guess_password(stranger);
    EXPECT_THAT(banned(), ElementsAre("203.0.113.66 passwords"));
    EXPECT_EQ(defence.counters().guesses_passwords, 5U);
}

TEST_F(DefenceTest, bans_an_ipv6_household_as_a_whole) {
    for (int i = 0; i < 5; ++i) guess_password("[2001:db8:66:1::9]:5060");
    EXPECT_THAT(banned(), ElementsAre("2001:db8:66:1::/64 passwords"));
}

// RFC 6052: behind 64:ff9b::/96 stands all of IPv4.
TEST_F(DefenceTest, bans_of_the_hosts_that_a_nat64_shows_the_guilty_one) {
    for (int i = 0; i < 5; ++i) guess_password("[64:ff9b::203.0.113.66]:5060");
    EXPECT_THAT(banned(), ElementsAre("64:ff9b::cb00:7142 passwords"));
}

TEST_F(DefenceTest, counts_guesses_within_the_window_only) {
    for (int i = 0; i < 12; ++i) {
        guess_password(stranger);
        now += 100s;
        challenged.clear();
    }
    EXPECT_THAT(banned(), IsEmpty());
}

TEST_F(DefenceTest, forgives_who_knows_the_password_in_the_end) {
    for (int i = 0; i < 4; ++i) guess_password(stranger);
    request(stranger, {.method = "INVITE", .nonce = last_nonce});
    answer(stranger, 200, "z");
    for (int i = 0; i < 4; ++i) guess_password(stranger);
    EXPECT_THAT(banned(), IsEmpty());
}

TEST_F(DefenceTest, takes_a_stale_nonce_for_no_wrong_password) {
    for (int i = 0; i < 20; ++i) {
        const std::string nonce = "s" + std::to_string(i);
        request(stranger, {.nonce = "s" + std::to_string(i - 1)});
        answer(stranger, 401, "t" + nonce,
               "WWW-Authenticate: Digest realm=\"r\", nonce=\"" + nonce + "\", stale=TRUE\r\n");
    }
    EXPECT_THAT(banned(), IsEmpty());
}

TEST_F(DefenceTest, never_counts_who_only_claims_an_address) {
    for (int i = 0; i < 50; ++i) {
        request(stranger, {.nonce = "guessed"}); // a nonce that nobody sent
        answer(stranger, 401, "t", challenge("n" + std::to_string(i)));
        guess_name(stranger, false);
    }
    EXPECT_THAT(banned(), IsEmpty());
    EXPECT_EQ(defence.counters().sources_proven, 0U);
}

// Kamailio's nonce is the time: the attacker gets from his own address what the victim is sent.
TEST_F(DefenceTest, takes_a_nonce_that_went_to_two_for_no_proof) {
    request(stranger);
    answer(stranger, 401, "a", challenge("same"));
    request(phone);
    answer(phone, 401, "b", challenge("same"));
    for (int i = 0; i < 50; ++i) {
        request(phone, {.nonce = "same"});
        answer(phone, 401, "c", challenge("same"));
    }
    EXPECT_THAT(banned(), IsEmpty());
    EXPECT_EQ(defence.counters().sources_proven, 0U);
}

TEST_F(DefenceTest, takes_a_tag_that_the_request_brought_for_no_proof) {
    for (int i = 0; i < 50; ++i) {
        request(stranger, {.method = "INVITE", .to_tag = "mine"});
        answer(stranger, 481, "mine");
        guess_name(stranger, false);
    }
    EXPECT_EQ(defence.counters().sources_proven, 0U);
    EXPECT_THAT(banned(), IsEmpty());
}

TEST_F(DefenceTest, takes_what_comes_back_from_elsewhere_or_too_late_for_no_proof) {
    request(stranger);
    answer(stranger, 401, "t", challenge("one"));
    request("203.0.113.66:5061", {.nonce = "one"});
    EXPECT_EQ(defence.counters().sources_proven, 0U);
    now += 32s;
    request(stranger, {.nonce = "one"});
    EXPECT_EQ(defence.counters().sources_proven, 1U); // just in time
    now += 1ms;
    request("203.0.113.67:5060");
    answer("203.0.113.67:5060", 401, "t", challenge("two"));
    now += 32s + 1ms;
    request("203.0.113.67:5060", {.nonce = "two"});
    EXPECT_EQ(defence.counters().sources_proven, 1U);
}

TEST_F(DefenceTest, bans_who_guesses_names_once_he_has_proven_himself) {
    for (int i = 0; i < 4; ++i) guess_name(stranger);
    EXPECT_THAT(banned(), IsEmpty());
    guess_name(stranger);
    EXPECT_THAT(banned(), ElementsAre("203.0.113.66 names"));
}

TEST_F(DefenceTest, counts_no_names_where_no_peer_is_declared) {
    use("zones: [{ name: internet, networks: [any] }]");
    for (int i = 0; i < 100; ++i) guess_name(stranger);
    EXPECT_THAT(banned(), IsEmpty());
    for (int i = 0; i < 20; ++i) guess_password(stranger);
    EXPECT_THAT(banned(), ElementsAre("203.0.113.66 passwords"));
}

TEST_F(DefenceTest, takes_tcp_for_proof) {
    protocol = Protocol::tcp;
    for (int i = 0; i < 5; ++i) guess_name(stranger, false);
    EXPECT_THAT(banned(), ElementsAre("203.0.113.66 names"));
}

TEST_F(DefenceTest, never_bans_a_declared_peer_an_allowed_source_or_where_it_is_off) {
    for (const std::string from : {"198.51.100.7:5060", "[2001:db8:99::7]:5060", "203.0.113.200:5060"})
        for (int i = 0; i < 50; ++i) guess_password(from), guess_name(from);
    EXPECT_THAT(banned(), IsEmpty());
    use("zones: [{ name: internet, networks: [any], guessing: off }]");
    for (int i = 0; i < 50; ++i) guess_password(stranger);
    EXPECT_THAT(banned(), IsEmpty());
}

TEST_F(DefenceTest, never_bans_telephones_that_come_back_after_an_outage) {
    for (int i = 0; i < 200; ++i) register_phone("203.0.113.5:" + std::to_string(10000 + i), 600, std::to_string(i));
    for (int i = 0; i < 200; ++i)
        register_phone("203.0.113.6:5060", 600, std::to_string(i)); // a gateway with its lines
    EXPECT_THAT(banned(), IsEmpty());
    EXPECT_EQ(defence.counters().guesses_passwords, 0U);
}

TEST_F(DefenceTest, never_bans_a_telephone_with_one_wrong_password_nor_an_office_of_them) {
    for (int i = 0; i < 24; ++i) guess_password("203.0.113.5:" + std::to_string(10000 + i));
    EXPECT_THAT(banned(), IsEmpty());
    guess_password("203.0.113.5:10024"); // five times the threshold: who changes his port with each guess
    EXPECT_THAT(banned(), ElementsAre("203.0.113.5 passwords"));
}

TEST_F(DefenceTest, bans_the_guilty_port_alone_where_a_registered_one_lives_beside) {
    register_phone(phone);
    for (int i = 0; i < 5; ++i) guess_password("203.0.113.5:6000");
    EXPECT_THAT(banned(), ElementsAre("203.0.113.5:6000 passwords"));
    for (int i = 0; i < 5; ++i) guess_password(phone); // its password has changed: it is not shut out for it
    EXPECT_THAT(banned(), IsEmpty());
    register_phone("[2001:db8:66:1::1]:5060");
    for (int i = 0; i < 5; ++i) guess_password("[2001:db8:66:1::2]:6000");
    EXPECT_THAT(banned(), ElementsAre("[2001:db8:66:1::2]:6000 passwords"));
}

TEST_F(DefenceTest, bans_all_of_the_address_once_nobody_is_registered_there) {
    register_phone(phone);
    register_phone(phone, 0);
    for (int i = 0; i < 5; ++i) guess_password("203.0.113.5:6000");
    EXPECT_THAT(banned(), ElementsAre("203.0.113.5 passwords"));
}

TEST_F(DefenceTest, bans_who_has_begun_a_call_and_spares_whom_the_inside_has_called) {
    Leg leg;
    leg.id = 7;
    leg.counterpart.signalling = {*IpAddress::parse("203.0.113.66"), Port{5060}};
    parties.joined(leg, now); // voicemail has answered him
    for (int i = 0; i < 5; ++i) guess_password(stranger);
    EXPECT_THAT(banned(), UnorderedElementsAre("203.0.113.66 passwords", "203.0.113.66:5060 passwords"));
    Leg called;
    called.id = 8;
    called.counterpart = leg.counterpart;
    called.begun_inside = true;
    parties.joined(called, now);
    for (int i = 0; i < 20; ++i) guess_password(stranger);
    EXPECT_THAT(banned(), IsEmpty());
}

TEST_F(DefenceTest, bans_attack_tools_that_have_proven_themselves_and_counts_the_others) {
    request(stranger, {.agent = "friendly-scanner"});
    EXPECT_EQ(defence.counters().attack_tools, 1U);
    EXPECT_THAT(banned(), IsEmpty());
    answer(stranger, 401, "t", challenge("n"));
    request(stranger, {.nonce = "n", .agent = "Friendly-Scanner/2 x"});
    EXPECT_THAT(banned(), ElementsAre("203.0.113.66 user_agent"));
    request("198.51.100.7:5060", {.agent = "friendly-scanner"});
    register_phone(phone);
    request(phone, {.agent = "sipvicious"});
    EXPECT_EQ(defence.counters().attack_tools, 2U);
}

// He has shown where he is; whoever forges his address and port has not.
TEST_F(DefenceTest, bans_nobody_for_what_others_send_in_his_name) {
    guess_name(stranger);
    ASSERT_EQ(defence.counters().sources_proven, 1U);
    for (int i = 0; i < 100; ++i) {
        request(stranger, {.nonce = "made up", .agent = "friendly-scanner"});
        answer(stranger, 403, "t" + std::to_string(i));
        guess_name(stranger, false);
    }
    protocol = Protocol::tcp; // segments of no connection, which nobody answers
    request(stranger, {.agent = "friendly-scanner"});
    EXPECT_THAT(banned(), IsEmpty());
}

TEST_F(DefenceTest, bans_attack_tools_over_tcp_once_the_inside_has_answered) {
    protocol = Protocol::tcp;
    request(stranger, {.method = "INVITE", .agent = "friendly-scanner"});
    EXPECT_THAT(banned(), IsEmpty());
    answer(stranger, 180, "t");
    answer(stranger, 200, "t");
    EXPECT_THAT(banned(), ElementsAre("203.0.113.66 user_agent"));
}

TEST_F(DefenceTest, refuses_what_is_new_to_full_tables_and_counts_it) {
    for (size_t i = 0; i <= Defence::capacity_asked / 2; ++i)
        request("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) +
                ":5060");
    EXPECT_EQ(defence.counters().sources_unproven_full, 1U);
    now += 41s;
    request(stranger);
    EXPECT_EQ(defence.counters().sources_unproven_full, 1U);
}

} // namespace
} // namespace ringwall::dialog
