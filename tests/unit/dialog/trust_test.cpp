// SPDX-License-Identifier: Apache-2.0
// Who is trusted: telephones that have registered by a challenge, while they are and for a week.
#include "tests/unit/dialog/defence_room.hpp"

namespace ringwall::dialog {
namespace {

TEST_F(DefenceTest, trusts_who_has_registered_by_a_challenge_while_it_lasts) {
    const Endpoint at{*IpAddress::parse("203.0.113.5"), Port{5060}};
    request(phone);
    answer(phone, 200, "t", "Contact: <sip:a@10.0.0.5>;expires=600\r\n"); // a registrar that asks for no password
    EXPECT_FALSE(parties.is_trusted(at, now));
    request(phone, {.nonce = "made up"});
    answer(phone, 200, "t", "Contact: <sip:a@10.0.0.5>;expires=600\r\n");
    EXPECT_FALSE(parties.is_trusted(at, now));
    register_phone(phone, 600);
    EXPECT_TRUE(parties.is_trusted(at, now));
    EXPECT_FALSE(parties.is_trusted({at.address, Port{5061}}, now));
    EXPECT_TRUE(parties.is_trusted(at, now + 10min));
    EXPECT_FALSE(parties.is_trusted(at, now + 11min));
}

TEST_F(DefenceTest, trusts_nobody_whose_registration_leaves_no_binding) {
    const Endpoint at{*IpAddress::parse("203.0.113.5"), Port{5060}};
    request(phone);
    answer(phone, 401, "t", challenge("n"));
    request(phone, {.nonce = "n"});
    answer(phone, 200, "u"); // lists none
    EXPECT_FALSE(parties.is_trusted(at, now));
}

TEST_F(DefenceTest, trusts_telephones_whose_server_gives_one_nonce_to_all) {
    const Endpoint at{*IpAddress::parse("203.0.113.5"), Port{5060}};
    for (const std::string& from : {stranger, phone}) {
        request(from);
        answer(from, 401, "t", challenge("time"));
    }
    request(phone, {.nonce = "time"});
    answer(phone, 200, "u", "Contact: <sip:a@10.0.0.5>;expires=600\r\n");
    EXPECT_TRUE(parties.is_trusted(at, now));
    now += 5min;
    request(phone, {.nonce = "time"}); // it goes on using it
    answer(phone, 200, "u", "Contact: <sip:a@10.0.0.5>;expires=600\r\n");
    EXPECT_TRUE(parties.is_trusted(at, now + 10min));
}

TEST_F(DefenceTest, keeps_two_lines_of_one_telephone_apart) {
    const Endpoint at{*IpAddress::parse("203.0.113.5"), Port{5060}};
    register_phone(phone, 600, "100");
    register_phone(phone, 600, "101");
    register_phone(phone, 0, "100");
    EXPECT_TRUE(parties.is_trusted(at, now));
    register_phone(phone, 0, "101");
    EXPECT_FALSE(parties.is_trusted(at, now));
}

// RFC 3261 10.2.2, 10.2.3: its own binding stays.
TEST_F(DefenceTest, trusts_telephones_that_ask_for_their_bindings_or_remove_another) {
    const Endpoint at{*IpAddress::parse("203.0.113.5"), Port{5060}};
    register_phone(phone, 600);
    const auto ask = [&](const Sent& sent) {
        request(phone, sent);
        answer(phone, 200, "u", "Contact: <sip:a@10.0.0.5>;expires=590\r\n");
    };
    ask({.nonce = "r0", .contact = ""});
    EXPECT_TRUE(parties.is_phone(at, now));
    ask({.nonce = "r0", .expires = 0, .contact = "<sip:a@10.0.0.9>"});
    EXPECT_TRUE(parties.is_phone(at, now));
    ask({.nonce = "r0", .expires = 0}); // its own, and others are left
    EXPECT_FALSE(parties.is_phone(at, now));
}

TEST_F(DefenceTest, remembers_the_address_of_a_telephone_for_seven_days) {
    register_phone(phone, 600);
    uint32_t exact = 0, anywhere = 0;
    pinhole::MapOps ops;
    parties.take_operations(ops);
    for (const auto& operation : ops.operations) {
        struct known_key key;
        struct known value;
        std::memcpy(&key, operation.key, sizeof key);
        std::memcpy(&value, operation.value, sizeof value);
        (key.port == 0 ? anywhere : exact) = value.flags;
        if (key.port == 0) { EXPECT_EQ(value.until_ns, pinhole::to_ns(now + Parties::remembered)); }
    }
    EXPECT_EQ(exact, uint32_t{KNOWN_REGISTERED});
    EXPECT_EQ(anywhere, uint32_t{KNOWN_REMEMBERED});
}

// Each takes a place for 40 s, whoever sends it.
TEST_F(DefenceTest, knows_who_is_registered_while_strangers_ask_more_than_is_remembered) {
    register_phone(phone);
    for (int i = 0; i < 33000; ++i) request(stranger, {.method = "OPTIONS"});
    register_phone(phone);
    EXPECT_EQ(defence.counters().phones_registered, 2U);
    register_phone("203.0.113.7:5060");
    EXPECT_EQ(defence.counters().phones_registered, 2U) << "a new one is a stranger until there is room";
}

} // namespace
} // namespace ringwall::dialog
