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
