// SPDX-License-Identifier: Apache-2.0
// How long an address stays a peer's: over the edges of times to live, failures, and records that move.
#include "agent/names/book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::names {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const IpAddress one = IpAddress::v4(0xc6336401), two = IpAddress::v4(0xc6336402),
                six = *IpAddress::parse("2001:db8::6");
const std::string name = "sip.example.net";

class Names : public testing::Test {
protected:
    bool answer(std::vector<IpAddress> addresses, int ttl, Trouble trouble = Trouble::none) {
        book.due(now);
        return book.on_answer(name, {std::move(addresses), seconds(ttl), trouble}, now);
    }
    void pass(int count) { now += seconds(count); }
    std::vector<IpAddress> standing() {
        book.tick(now);
        return book.addresses(name);
    }

    Time now{seconds(1000)};
    Book book;
};

TEST_F(Names, are_asked_at_once_and_again_when_their_time_is_over) {
    book.add(name, {}, now);
    EXPECT_THAT(book.due(now), ElementsAre(name));
    EXPECT_THAT(book.due(now), IsEmpty()); // under way
    EXPECT_TRUE(book.on_answer(name, {{one, six}, seconds(60)}, now));
    EXPECT_THAT(book.addresses(name), ElementsAre(one, six)); // IPv4 is ::ffff:…
    EXPECT_EQ(book.next(), now + seconds(60));
    EXPECT_THAT(book.due(now + seconds(59)), IsEmpty());
    EXPECT_THAT(book.due(now + seconds(60)), ElementsAre(name));
}

TEST_F(Names, are_asked_no_sooner_and_no_later_than_the_bounds) {
    book.add(name, {}, now);
    answer({one}, 0);
    EXPECT_EQ(book.next(), now + Book::least_ttl);
    pass(5);
    answer({one}, 1'000'000);
    EXPECT_EQ(book.next(), now + Book::most_ttl);
    EXPECT_THAT(book.due(now + Book::most_ttl - seconds(1)), IsEmpty());
    EXPECT_THAT(book.due(now + Book::most_ttl), ElementsAre(name));
}

TEST_F(Names, that_move_stand_for_both_until_ttl_and_ten_minutes_are_over) {
    book.add(name, {}, now);
    answer({one}, 60);
    pass(60);
    EXPECT_TRUE(answer({two}, 60));
    EXPECT_THAT(standing(), ElementsAre(one, two));
    pass(60);
    EXPECT_FALSE(answer({two}, 3600));
    pass(600 - 60 - 1); // `one` was named 660 s ago at most
    EXPECT_THAT(standing(), ElementsAre(one, two));
    pass(1);
    EXPECT_THAT(standing(), ElementsAre(two));
}

TEST_F(Names, keep_what_they_have_while_nobody_answers) {
    book.add(name, {}, now);
    answer({one}, 60);
    for (const Trouble trouble : {Trouble::silent, Trouble::refused, Trouble::failed, Trouble::no_name}) {
        pass(3600);
        EXPECT_FALSE(answer({}, 60, trouble));
        EXPECT_EQ(book.trouble(name), trouble);
        EXPECT_THAT(standing(), ElementsAre(one));
    }
    EXPECT_EQ(book.failures(name), 4U);
    pass(3600);
    EXPECT_FALSE(answer({}, 60)); // an answer, and no address in it
    EXPECT_EQ(book.trouble(name), Trouble::nothing);
    EXPECT_THAT(standing(), ElementsAre(one));
    pass(60);
    EXPECT_TRUE(answer({two}, 60)); // and is over now
    EXPECT_EQ(book.trouble(name), Trouble::none);
    EXPECT_THAT(standing(), ElementsAre(two));
}

TEST_F(Names, of_which_a_part_was_answered_lose_nothing) {
    book.add(name, {}, now);
    answer({one, six}, 60);
    pass(700);
    EXPECT_TRUE(answer({two}, 60, Trouble::silent)); // AAAA timed out
    EXPECT_THAT(standing(), ElementsAre(one, two, six));
    pass(700);
    answer({two, six}, 60);
    EXPECT_THAT(standing(), ElementsAre(two, six));
}

TEST_F(Names, are_asked_again_at_growing_distance_while_it_fails) {
    book.add(name, {}, now);
    for (const int wait : {5, 10, 20, 40, 60, 60}) {
        answer({}, 0, Trouble::silent);
        EXPECT_EQ(book.next(), now + seconds(wait));
        pass(wait);
    }
    answer({one}, 60);
    pass(60);
    answer({}, 0, Trouble::silent);
    EXPECT_EQ(book.next(), now + Book::first_retry);
}

TEST_F(Names, stand_for_what_is_remembered_until_an_answer_and_ten_minutes) {
    book.add(name, {one}, now);
    EXPECT_THAT(standing(), ElementsAre(one));
    pass(100000);
    EXPECT_THAT(standing(), ElementsAre(one));
    Book restarted;
    restarted.add(name, {one}, now);
    restarted.due(now);
    EXPECT_TRUE(restarted.on_answer(name, {{two}, seconds(60)}, now));
    restarted.tick(now + seconds(599));
    EXPECT_THAT(restarted.addresses(name), ElementsAre(one, two));
    EXPECT_THAT(restarted.tick(now + seconds(600)), ElementsAre(name));
    EXPECT_THAT(restarted.addresses(name), ElementsAre(two));
}

TEST_F(Names, that_nobody_asked_for_are_passed_over) {
    EXPECT_FALSE(book.on_answer("other.example.net", {{one}, seconds(60)}, now));
    EXPECT_EQ(book.next(), Time::max());
}

} // namespace
} // namespace ringwall::names
