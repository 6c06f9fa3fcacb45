// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/transaction.hpp"

#include <gtest/gtest.h>

namespace ringwall::dialog {
namespace {

using namespace std::chrono_literals;

class TransactionsOf : public testing::Test {
protected:
    TransactionsOf() { request_->method = sip::Method::invite; }
    Transaction* add(uint32_t number, Share share, TimePoint expires = TimePoint(40s)) {
        request_->cseq = number;
        const uint64_t key = transaction_key(hash_, *request_, request_->method, false);
        return transactions_.add(key, *request_, false, expires, share);
    }

    KeyedHash hash_{{1, 2}};
    Transactions transactions_{hash_};
    std::unique_ptr<sip::Message> request_ = std::make_unique<sip::Message>();
};

TEST_F(TransactionsOf, strangers_leave_half_of_the_room_to_the_others) {
    uint32_t n = 0;
    for (; n < Transactions::capacity_beginning; ++n) ASSERT_TRUE(add(n, Share::strangers));
    EXPECT_FALSE(add(1'000'000, Share::strangers)) << "the rest is for calls that stand";
    for (; n < Transactions::capacity_strangers; ++n) ASSERT_TRUE(add(n, Share::strangers_in_call));
    EXPECT_FALSE(add(1'000'000, Share::strangers_in_call));
    EXPECT_TRUE(add(1'000'001, Share::outside));
    transactions_.expire(TimePoint(40s));
    EXPECT_EQ(transactions_.size(), 0U);
    EXPECT_EQ(transactions_.strangers(), 0U);
    EXPECT_TRUE(add(1'000'000, Share::strangers));
}

TEST_F(TransactionsOf, requests_of_no_call_take_no_place_of_calls) {
    for (uint32_t n = 0; n < Transactions::capacity_nobodys; ++n) ASSERT_TRUE(add(n, Share::nobodys));
    EXPECT_FALSE(add(1'000'000, Share::nobodys));
    EXPECT_EQ(transactions_.strangers(), 0U);
    EXPECT_TRUE(add(1'000'001, Share::strangers));
    transactions_.expire(TimePoint(40s));
    EXPECT_TRUE(add(1'000'000, Share::nobodys));
}

TEST_F(TransactionsOf, what_the_inside_begins_has_the_last_eighth) {
    for (uint32_t n = 0; n < Transactions::capacity_outside; ++n) ASSERT_TRUE(add(n, Share::outside));
    EXPECT_FALSE(add(1'000'000, Share::outside));
    EXPECT_FALSE(add(1'000'000, Share::strangers));
    EXPECT_TRUE(add(1'000'000, Share::inside));
}

TEST_F(TransactionsOf, live_as_long_as_they_were_last_told) {
    Transaction* transaction = add(1, Share::outside, TimePoint(300s));
    transactions_.expire_at(*transaction, TimePoint(40s));
    transactions_.expire(TimePoint(40s) - 1ns);
    EXPECT_EQ(transactions_.size(), 1U);
    transactions_.expire(TimePoint(40s));
    EXPECT_EQ(transactions_.size(), 0U);
}

} // namespace
} // namespace ringwall::dialog
