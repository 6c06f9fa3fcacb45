// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/time_order.hpp"

#include <algorithm>
#include <numeric>

namespace ringwall::kernel {
namespace {

constexpr size_t largest_spare = 4096, most_spare = 512; // one message seldom has more, one round either

} // namespace

void TimeOrder::hold(const transport::Packet& packet) {
    Held& held = held_.emplace_back(Held{packet, {}});
    if (!spare_.empty()) {
        held.bytes = std::move(spare_.back());
        spare_.pop_back();
    }
    held.bytes.assign(packet.bytes);
}

bool TimeOrder::waits(const transport::Packet& packet, Until until) const {
    if (packet.head.time_ns <= until.strangers) return false;
    if (packet.head.time_ns > until.all) return true;
    if (packet.standing == transport::Standing::inside) return is_strangers_(packet);
    return packet.standing == transport::Standing::stranger;
}

void TimeOrder::release(Until until) {
    // What is moved about are their places: a few hundred packets of several rings, each ring's nearly in order.
    released_.clear();
    released_.swap(held_);
    order_.resize(released_.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    const auto time_of = [&](size_t place) { return released_[place].packet.head.time_ns; };
    if (!std::ranges::is_sorted(order_, {}, time_of)) std::ranges::stable_sort(order_, {}, time_of);
    const auto waiting =
        std::ranges::stable_partition(order_, [&](size_t place) { return !waits(released_[place].packet, until); });
    for (const size_t place : waiting) held_.push_back(std::move(released_[place]));
    order_.erase(waiting.begin(), waiting.end());
    for (const size_t place : order_) hand_on(released_[place]);
}

void TimeOrder::hand_on(Held& held) {
    held.packet.bytes = held.bytes;
    on_packet_(held.packet);
    if (held.bytes.capacity() <= largest_spare && spare_.size() < most_spare) spare_.push_back(std::move(held.bytes));
}

} // namespace ringwall::kernel
