// SPDX-License-Identifier: Apache-2.0
#include "agent/follower.hpp"

#include <utility>

#include "agent/pinhole/map_value.hpp"

namespace ringwall {
namespace {

constexpr std::chrono::seconds excess_look{1};
constexpr int retries = 3; // of operations that found no room, each time planned anew
constexpr size_t most_messages = 32;
constexpr std::chrono::milliseconds longest_round{10};

} // namespace

Follower::Follower(kernel::Maps& maps, policy::View policy, Clock clock, OnChanges on_changes)
    : maps_(maps),
      clock_(std::move(clock)),
      on_changes_(std::move(on_changes)),
      core_(std::move(policy), maps.secret()),
      transport_(
          maps.secret(), [this](const Datagram& datagram, uint64_t time_ns) { hear(datagram, at(time_ns)); },
          [this](const transport::Packet& packet) { return is_to_stranger(packet); }) {
    core_.set_debugged(core_.policy().config().log.level == Level::debug);
}

// Messages carry the hook's time, not that of their reading.
Now Follower::at(uint64_t monotonic_ns) const {
    return {std::chrono::steady_clock::time_point(std::chrono::nanoseconds(monotonic_ns)), clock_().realtime_s};
}

void Follower::hand_on(const pinhole::MapOps& wanted) {
    if (!wanted.empty()) on_changes_(wanted);
}

void Follower::hear(const Datagram& datagram, Now now) {
    if (now.monotonic - round_.first.monotonic > longest_round) end_round();
    core_.hear(datagram, now);
    if (round_.messages++ == 0) round_.first = now;
    round_.last = now;
    if (round_.messages == most_messages) end_round();
}

bool Follower::is_to_stranger(const transport::Packet& packet) const {
    const auto when = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(packet.head.time_ns));
    return core_.is_stranger(Endpoint::from(packet.head.destination), packet.head.zone, when);
}

void Follower::end_round() {
    if (std::exchange(round_.messages, 0) > 0) hand_on(core_.changes(round_.last));
}

void Follower::restore() { hand_on(core_.restore(maps_.read(), clock_())); }

void Follower::tick() {
    end_round();
    transport_.tick(pinhole::to_ns(clock_().monotonic));
    const auto due = core_.due(clock_());
    hand_on(core_.tick(maps_.find(due), clock_()));
    look_at_excess(clock_());
}

void Follower::look_at_excess(Now now) {
    if (now.monotonic < next_excess_look_) return;
    next_excess_look_ = now.monotonic + excess_look;
    std::vector<std::pair<Endpoint, uint32_t>> counted;
    for (const Endpoint& source : core_.watched())
        if (const auto known = maps_.find_known({source.address.abi(), source.port.value}))
            counted.emplace_back(source, known->excess);
    if (!counted.empty()) hand_on(core_.on_excess(counted, now));
}

void Follower::reload(policy::View policy) {
    end_round();
    core_.set_debugged(policy.config().log.level == Level::debug);
    hand_on(core_.reload(std::move(policy), clock_()));
}

Result<void> Follower::open(const dialog::Opening& opening) {
    end_round();
    for (int attempt = 0; attempt < 2; ++attempt) { // where tombstones fill the table, the first makes room
        const uint64_t refused = maps_.dialogs_refused();
        hand_on(core_.open(opening, clock_()));
        if (core_.is_open(opening) && maps_.dialogs_refused() == refused) return {};
        close({opening.name, opening.local, opening.protocol});
    }
    return fail("no room: the tables of pinholes, of calls or of what is open by hand are full");
}

void Follower::close(const dialog::Closing& closing) {
    end_round();
    hand_on(core_.close(closing, clock_()));
}

std::vector<struct operation> Follower::apply(const pinhole::MapOps& wanted) {
    auto failed = maps_.apply(wanted);
    for (int left = retries; !failed.empty() && left > 0; --left)
        failed = maps_.apply(core_.on_failed(failed, clock_()));
    failed_operations_ += failed.size();
    return failed;
}

std::vector<CoreCounter> Follower::counters() const {
    auto all = core_.counters();
    for (const CoreCounter& counter : transport_.counters()) all.push_back(counter);
    all.push_back({"failed_operations", failed_operations_});
    all.push_back({"dialogs_refused", maps_.dialogs_refused()});
    return all;
}

} // namespace ringwall
