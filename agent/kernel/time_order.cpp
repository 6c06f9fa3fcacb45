// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/time_order.hpp"

#include <algorithm>
#include <iterator>

namespace ringwall::kernel {

void TimeOrder::hold(const transport::Packet& packet) { held_.push_back({packet, std::string(packet.bytes)}); }

void TimeOrder::release(uint64_t until_ns) {
    const auto by_time = [](const Held& a, const Held& b) { return a.packet.head.time_ns < b.packet.head.time_ns; };
    // insertion instead of std::stable_sort: rounds are short and nearly sorted, and it allocates nothing
    for (auto next = held_.begin(); next != held_.end(); ++next)
        std::rotate(std::upper_bound(held_.begin(), next, *next, by_time), next, std::next(next));
    const auto later =
        std::find_if(held_.begin(), held_.end(), [&](const Held& h) { return h.packet.head.time_ns > until_ns; });
    std::vector<Held> due(std::make_move_iterator(held_.begin()), std::make_move_iterator(later));
    held_.erase(held_.begin(), later);
    for (Held& held : due) {
        held.packet.bytes = held.bytes;
        on_packet_(held.packet);
    }
}

} // namespace ringwall::kernel
