// SPDX-License-Identifier: Apache-2.0
// What call scripts (register_*.call) cannot say of registrations: many of them, and which of them is forgotten when.
#include "agent/dialog/registrations.hpp"

#include <gtest/gtest.h>

namespace ringwall::dialog {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
constexpr pinhole::TimePoint start{hours(10)};

class Registered : public testing::Test {
protected:
    using Contacts = std::vector<Registrations::Contact>;
    Registrations registrations{KeyedHash({1, 2})};
    const IpAddress registrar = *IpAddress::parse("198.51.100.1");
    const Endpoint contact{*IpAddress::parse("192.0.2.10"), Port{65002}};

    sip::Message message(const std::string& first, const std::string& call, int cseq, const std::string& more) {
        text_ = first + "\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK" + std::to_string(cseq) +
                "\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: " + call +
                "\r\nCSeq: " + std::to_string(cseq) + " REGISTER\r\n" + more + "Content-Length: 0\r\n\r\n";
        sip::Message parsed;
        EXPECT_TRUE(sip::parse(text_, parsed));
        return parsed;
    }
    auto ask(const std::string& call, int cseq, pinhole::TimePoint now, const std::string& expires = "600") {
        return registrations.asked(message("REGISTER sip:example.com SIP/2.0", call, cseq,
                                           "Contact: <sip:a@192.0.2.10:65002>;expires=" + expires + "\r\n"),
                                   registrar, {contact}, "", now);
    }
    auto grant(const std::string& call, int cseq, pinhole::TimePoint now, const std::string& expires) {
        return registrations.answered(
            message("SIP/2.0 200 OK", call, cseq, "Contact: <sip:a@192.0.2.10:65002>;expires=" + expires + "\r\n"),
            registrar, {contact}, now);
    }

private:
    std::string text_;
};

TEST_F(Registered, until_the_longest_of_all_with_one_registrar) {
    ask("one", 1, start);
    ask("two", 1, start);
    EXPECT_EQ(grant("one", 1, start, "900")->until, start + seconds(900));
    EXPECT_EQ(grant("two", 1, start, "60")->until, start + seconds(900));
    ask("one", 2, start + seconds(10));
    EXPECT_EQ(grant("one", 2, start + seconds(10), "30")->until, start + seconds(60));
}

TEST_F(Registered, by_an_answer_to_what_was_asked_and_once) {
    EXPECT_FALSE(grant("one", 1, start, "900"));
    ask("one", 1, start);
    EXPECT_FALSE(grant("one", 2, start, "900"));
    EXPECT_TRUE(grant("one", 1, start, "900"));
    EXPECT_FALSE(grant("one", 1, start, "9000"));
    ask("late", 1, start);
    registrations.expire(start + Registrations::unanswered);
    EXPECT_FALSE(grant("late", 1, start + Registrations::unanswered, "900"));
}

TEST_F(Registered, a_day_at_most) {
    EXPECT_EQ(ask("one", 1, start, "4294967295")->until, start + hours(24));
    EXPECT_EQ(grant("one", 1, start, "4294967295")->until, start + hours(24));
}

TEST_F(Registered, late_only_where_the_time_granted_has_run_out) {
    ask("one", 1, start);
    grant("one", 1, start, "60");
    EXPECT_FALSE(ask("one", 2, start + seconds(60))->late_by);
    grant("one", 2, start + seconds(60), "60");
    EXPECT_EQ(ask("one", 3, start + seconds(121))->late_by, seconds(1));
    grant("one", 3, start + seconds(121), "60");
    registrations.expire(start + seconds(500)); // a client that comes back after a long time has been away
    EXPECT_FALSE(ask("one", 4, start + seconds(500))->late_by);
}

// Two users of one address, at one port, in one REGISTER: the port is needed until both have gone.
TEST_F(Registered, each_contact_by_itself) {
    const auto register_both = [&](int cseq, const std::string& first, const std::string& second) {
        return registrations.asked(message("REGISTER sip:example.com SIP/2.0", "one", cseq,
                                           "Contact: <sip:a@192.0.2.10:65002>;expires=" + first +
                                               "\r\nContact: <sip:b@192.0.2.10:65002>;expires=" + second + "\r\n"),
                                   registrar, {contact, contact}, "", start);
    };
    const auto answer = [&](int cseq) {
        return *registrations.answered(message("SIP/2.0 200 OK", "one", cseq, "Expires: 600\r\n"), registrar, {},
                                       start);
    };
    register_both(1, "600", "600");
    EXPECT_EQ(answer(1).contacts.size(), 2U);
    register_both(2, "0", "600");
    const auto one_is_left = answer(2);
    EXPECT_EQ(one_is_left.let_go, Contacts(2, {contact, start + seconds(600)}));
    EXPECT_EQ(one_is_left.contacts, (Contacts{{contact, start + seconds(600)}}));
    EXPECT_EQ(one_is_left.until, start + seconds(600));
    ask("one", 3, start, "0"); // it was gone
    EXPECT_EQ(answer(3).let_go, (Contacts{{contact, start + seconds(600)}}));
    register_both(4, "0", "0");
    const auto none_is_left = answer(4);
    EXPECT_EQ(none_is_left.until, start);
    for (const auto& taken_back : none_is_left.let_go) EXPECT_LE(taken_back.until, start);
}

TEST_F(Registered, at_one_port_with_another_that_ends_at_the_same_moment) {
    for (const char* call : {"one", "two"}) ask(call, 1, start), grant(call, 1, start, "600");
    ask("one", 2, start);
    ask("one", 3, start, "0");
    const auto taken_back = registrations.answered(message("SIP/2.0 200 OK", "one", 3, ""), registrar, {}, start);
    EXPECT_EQ(taken_back->let_go, (Contacts{{contact, start + seconds(600)}}));
}

TEST_F(Registered, and_refused_no_longer_than_was_granted_before) {
    ask("one", 1, start);
    grant("one", 1, start, "600");
    ask("two", 1, start, "3600");
    const auto refusal = registrations.answered(message("SIP/2.0 403 No", "two", 1, ""), registrar, {}, start);
    EXPECT_TRUE(refusal->contacts.empty());
    EXPECT_EQ(refusal->let_go, (Contacts{{contact, start + seconds(600)}}));
    ask("two", 2, start, "0");
    const auto taken_back = registrations.answered(message("SIP/2.0 200 OK", "two", 2, ""), registrar, {}, start);
    EXPECT_EQ(taken_back->let_go, (Contacts{{contact, start + seconds(600)}}));
}

TEST_F(Registered, and_forgotten_needs_no_port) {
    ask("one", 1, start);
    grant("one", 1, start, "60");
    ask("two", 1, start, "3600");
    grant("two", 1, start, "3600");
    registrations.expire(start + seconds(200));
    ask("two", 2, start + seconds(200), "0");
    const auto taken_back =
        registrations.answered(message("SIP/2.0 200 OK", "two", 2, ""), registrar, {}, start + seconds(200));
    ASSERT_EQ(taken_back->let_go.size(), 1U);
    EXPECT_LE(taken_back->let_go[0].until, start + seconds(200));
}

TEST_F(Registered, with_ever_new_contacts_the_longest_are_kept) {
    for (int i = 0; i < 3 * static_cast<int>(Registrations::most_contacts); ++i) {
        const Endpoint next{contact.address, Port{static_cast<uint16_t>(10000 + i)}};
        const std::string uri = "Contact: <sip:a@192.0.2.10:" + std::to_string(next.port.value) + ">;expires=";
        ASSERT_TRUE(registrations.asked(message("REGISTER sip:example.com SIP/2.0", "one", i, uri + "600\r\n"),
                                        registrar, {next}, "", start + seconds(i)));
        registrations.answered(message("SIP/2.0 200 OK", "one", i, uri + "600\r\n"), registrar, {next},
                               start + seconds(i));
    }
    registrations.asked(message("REGISTER sip:example.com SIP/2.0", "one", 999, "Contact: *\r\nExpires: 0\r\n"),
                        registrar, {}, "", start + seconds(300));
    const auto all =
        registrations.answered(message("SIP/2.0 200 OK", "one", 999, ""), registrar, {}, start + seconds(300));
    EXPECT_EQ(all->let_go.size(), Registrations::most_contacts);
    EXPECT_EQ(all->let_go.back().at.port.value, 10000 + 3 * Registrations::most_contacts - 1);
}

TEST_F(Registered, no_more_than_there_is_room_for) {
    sip::Message request =
        message("REGISTER sip:example.com SIP/2.0", "0", 1, "Contact: <sip:a@192.0.2.10:65002>;expires=60\r\n");
    for (size_t i = 0; i < Registrations::capacity; ++i) {
        const std::string call = std::to_string(i);
        request.call_id = call;
        ASSERT_TRUE(registrations.asked(request, registrar, {contact}, "", start));
    }
    EXPECT_FALSE(ask("another", 1, start));
    registrations.expire(start + seconds(200));
    EXPECT_TRUE(ask("another", 1, start + seconds(200)));
}

} // namespace
} // namespace ringwall::dialog
