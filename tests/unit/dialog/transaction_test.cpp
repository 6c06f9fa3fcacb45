// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/transaction.hpp"

#include <gtest/gtest.h>

namespace ringwall::dialog {
namespace {

using namespace std::chrono_literals;

class TransactionsOf : public testing::Test {
protected:
    TransactionsOf() { request_->method = sip::Method::invite; }
    Transaction* add(uint32_t number, bool is_strangers, TimePoint expires = TimePoint(40s)) {
        request_->cseq = number;
        const uint64_t key = transaction_key(hash_, *request_, request_->method, false);
        return transactions_.add(key, *request_, false, expires, is_strangers);
    }

    KeyedHash hash_{{1, 2}};
    Transactions transactions_{hash_};
    std::unique_ptr<sip::Message> request_ = std::make_unique<sip::Message>();
};

TEST_F(TransactionsOf, strangers_leave_half_of_the_room_to_the_others) {
    for (uint32_t i = 0; i < Transactions::capacity_strangers; ++i) ASSERT_TRUE(add(i, true));
    EXPECT_FALSE(add(1'000'000, true));
    EXPECT_TRUE(add(1'000'001, false));
    transactions_.expire(TimePoint(40s));
    EXPECT_EQ(transactions_.size(), 0U);
    EXPECT_TRUE(add(1'000'000, true));
}

TEST_F(TransactionsOf, live_as_long_as_they_were_last_told) {
    Transaction* transaction = add(1, false, TimePoint(300s));
    transactions_.expire_at(*transaction, TimePoint(40s));
    transactions_.expire(TimePoint(40s) - 1ns);
    EXPECT_EQ(transactions_.size(), 1U);
    transactions_.expire(TimePoint(40s));
    EXPECT_EQ(transactions_.size(), 0U);
}

} // namespace
} // namespace ringwall::dialog
