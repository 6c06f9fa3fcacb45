// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/descriptions.hpp"

#include <gtest/gtest.h>

namespace ringwall::dialog {
namespace {

// Of `lines` m-lines, of four addresses each.
Remote remote_of(size_t lines) {
    return {.media = std::vector<RemoteMedia>(lines), .ports = std::vector<RemotePorts>(8 * lines)};
}

TEST(Descriptions, take_their_room_once_and_until_the_last_owner_lets_go) {
    Descriptions descriptions;
    KeptRemote transactions = descriptions.keep(remote_of(1), SaidIn::strangers), legs = transactions;
    const size_t one = descriptions.size();
    EXPECT_GT(one, sizeof(RemoteMedia) + 8 * sizeof(RemotePorts));
    EXPECT_EQ(descriptions.strangers(), one);
    transactions.reset();
    EXPECT_EQ(descriptions.size(), one);
    legs.reset();
    EXPECT_EQ(descriptions.size(), 0U);
    EXPECT_EQ(descriptions.strangers(), 0U);
}

TEST(Descriptions, of_strangers_leave_room_to_the_others) {
    Descriptions descriptions;
    std::vector<KeptRemote> kept;
    while (auto one = descriptions.keep(remote_of(32), SaidIn::strangers)) kept.push_back(std::move(one));
    EXPECT_LE(descriptions.size(), Descriptions::capacity_strangers);
    EXPECT_GT(descriptions.size(), Descriptions::capacity_strangers - 8192);
    const size_t strangers = kept.size();
    while (auto one = descriptions.keep(remote_of(32), SaidIn::request)) kept.push_back(std::move(one));
    EXPECT_LE(descriptions.size(), Descriptions::capacity_outside);
    EXPECT_GE(kept.size(), 3 * strangers);
    EXPECT_FALSE(descriptions.keep(remote_of(32), SaidIn::strangers));
    kept.pop_back();
    EXPECT_TRUE(descriptions.keep(remote_of(32), SaidIn::request));
}

TEST(Descriptions, of_responses_have_a_room_of_their_own) {
    Descriptions descriptions;
    std::vector<KeptRemote> kept;
    while (auto one = descriptions.keep(remote_of(32), SaidIn::request)) kept.push_back(std::move(one));
    while (auto one = descriptions.keep(remote_of(32), SaidIn::response)) kept.push_back(std::move(one));
    EXPECT_LE(descriptions.responses(), Descriptions::capacity_responses);
    EXPECT_GT(descriptions.responses(), Descriptions::capacity_responses - 8192);
    EXPECT_LE(descriptions.size(), Descriptions::capacity_outside);
    kept.pop_back();
    EXPECT_FALSE(descriptions.keep(remote_of(32), SaidIn::request));
    EXPECT_TRUE(descriptions.keep(remote_of(32), SaidIn::response));
    kept.clear();
    EXPECT_EQ(descriptions.responses() + descriptions.size(), 0U);
}

TEST(Descriptions, may_outlive_who_counts_them) {
    auto descriptions = std::make_unique<Descriptions>();
    const KeptRemote kept = descriptions->keep(remote_of(2), SaidIn::request);
    descriptions.reset();
    EXPECT_EQ(kept->media.size(), 2U);
}

} // namespace
} // namespace ringwall::dialog
