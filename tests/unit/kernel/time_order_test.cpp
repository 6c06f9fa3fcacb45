// SPDX-License-Identifier: Apache-2.0
// Packets of three rings come out by their times, as far as each ring has been read; and nobody waits for strangers but
// strangers.
#include "agent/kernel/time_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using transport::Standing;

class InOrder : public testing::Test {
protected:
    // From the inside to a stranger: `zone` 1.
    void hold(const std::string& name, uint64_t time_ns, Standing standing, uint8_t zone = 0) {
        transport::Packet packet{.bytes = name, .standing = standing};
        packet.head.time_ns = time_ns;
        packet.head.zone = zone;
        order_.hold(packet);
    }
    std::vector<std::string> release(uint64_t all, uint64_t strangers) {
        out_.clear();
        order_.release({all, strangers});
        return out_;
    }
    std::vector<std::string> out_;
    TimeOrder order_{[this](const transport::Packet& packet) { out_.emplace_back(packet.bytes); },
                     [](const transport::Packet& packet) { return packet.head.zone == 1; }};
};

TEST_F(InOrder, the_oldest_comes_first_and_what_is_later_waits) {
    hold("200", 20, Standing::inside);
    hold("ACK", 30, Standing::known);
    hold("INVITE", 10, Standing::known);
    EXPECT_THAT(release(20, 20), ElementsAre("INVITE", "200"));
    EXPECT_FALSE(order_.empty());
    EXPECT_THAT(release(30, 30), ElementsAre("ACK"));
    EXPECT_TRUE(order_.empty());
}

TEST_F(InOrder, equal_times_come_as_they_were_held) {
    hold("one", 10, Standing::inside);
    hold("two", 10, Standing::stranger);
    EXPECT_THAT(release(10, 10), ElementsAre("one", "two"));
}

TEST_F(InOrder, an_answer_to_a_stranger_waits_until_his_ring_has_been_read_so_far) {
    hold("200 to a stranger", 50, Standing::inside, 1);
    hold("200 to a peer", 51, Standing::inside);
    hold("OPTIONS", 20, Standing::stranger);
    EXPECT_THAT(release(60, 20), ElementsAre("OPTIONS", "200 to a peer"));
    hold("INVITE", 40, Standing::stranger);
    hold("BYE of a peer", 61, Standing::known);
    EXPECT_THAT(release(70, 40), ElementsAre("INVITE", "BYE of a peer"));
    EXPECT_THAT(release(71, 49), IsEmpty());
    EXPECT_THAT(release(71, 50), ElementsAre("200 to a stranger"));
}

TEST_F(InOrder, a_ring_of_calls_that_was_not_read_to_its_end_holds_all_back) {
    hold("200 to a peer", 51, Standing::inside);
    hold("OPTIONS", 45, Standing::stranger);
    EXPECT_THAT(release(40, 40), IsEmpty());
    EXPECT_THAT(release(51, 51), ElementsAre("OPTIONS", "200 to a peer"));
}

} // namespace
} // namespace ringwall::kernel
