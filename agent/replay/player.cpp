// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/player.hpp"

#include <algorithm>

#include "agent/pinhole/map_value.hpp"

namespace ringwall::replay {
namespace {

using namespace std::chrono_literals;

constexpr auto tick_period = 100ms; // the worker's
// A machine that has run for a day: zero means "never" in the maps, and no limit reaches back before the boot.
constexpr auto boot = std::chrono::steady_clock::time_point(24h);

} // namespace

Result<std::unique_ptr<Player>> Player::open(policy::View policy, std::chrono::nanoseconds agent_delay) {
    auto wall = kernel::ReplayWall::load(policy.compiled(), policy.config().tables);
    if (!wall) return tl::make_unexpected(wall.error());
    auto maps = kernel::Maps::open(wall->maps());
    if (!maps) return tl::make_unexpected(maps.error());
    std::unique_ptr<Player> player(new Player(std::move(*wall), std::move(*maps), std::move(policy), agent_delay));
    auto rings = kernel::Rings::open(
        player->wall_.maps(),
        [player = player.get()](const transport::Packet& packet) {
            player->described_.on_packet(packet);
            player->follower_.on_packet(packet);
        },
        [player = player.get()](const transport::Packet& packet) { return player->follower_.is_to_stranger(packet); });
    if (!rings) return tl::make_unexpected(rings.error());
    player->rings_ = std::move(*rings);
    player->set_clock(boot);
    player->follower_.restore();
    return player;
}

Player::Player(kernel::ReplayWall wall, kernel::Maps maps, policy::View policy, std::chrono::nanoseconds agent_delay)
    : wall_(std::move(wall)),
      maps_(std::move(maps)),
      agent_delay_(agent_delay),
      calls_(
          maps_, [this](uint64_t leg) { return follower_.core().elsewhere_of(leg); },
          [this](const IpAddress& address) {
              const uint8_t zone = follower_.policy().zone_of(address);
              return follower_.policy().is_declared_peer(zone) ? zone : uint8_t{0};
          }),
      described_(
          maps_.secret(), [this](const Datagram& datagram, uint64_t) { calls_.hear(datagram); },
          [this](const transport::Packet& packet) { return follower_.is_to_stranger(packet); }),
      follower_(
          maps_, std::move(policy), [this] { return now(); },
          [this](const pinhole::MapOps& changes) { delay(changes); }),
      clock_(boot),
      last_packet_(boot),
      last_timed_(boot),
      last_tick_(boot) {}

Now Player::now() const {
    const auto since_boot = static_cast<uint64_t>((clock_ - boot).count());
    return {clock_, static_cast<int64_t>((began_ns_.value_or(0) + since_boot) / 1000000000U)};
}

Player::TimePoint Player::time_of(uint64_t capture_ns) {
    if (!began_ns_) began_ns_ = capture_ns;
    const auto time =
        boot + std::chrono::nanoseconds(static_cast<int64_t>(capture_ns) - static_cast<int64_t>(*began_ns_));
    if (time < last_timed_) ++went_back_;
    else last_timed_ = time;
    return std::max(time, clock_);
}

void Player::set_clock(TimePoint time) {
    clock_ = time;
    const uint64_t monotonic_ns = pinhole::to_ns(time);
    wall_.set_time(monotonic_ns, began_ns_.value_or(0) + static_cast<uint64_t>((time - boot).count()));
    maps_.beat(monotonic_ns);
}

// In a gap of the capture nobody watches, so the ticks thin out: one of a year takes a thousand of them.
Player::TimePoint Player::next_tick() const {
    return last_tick_ + std::max<TimePoint::duration>(tick_period, (last_tick_ - last_packet_) / 64);
}

void Player::advance(TimePoint to) {
    while (true) {
        const TimePoint tick_at = next_tick();
        const bool is_change_first = !waiting_.empty() && waiting_.front().due <= tick_at;
        const TimePoint next = is_change_first ? waiting_.front().due : tick_at;
        if (next > to) break;
        set_clock(next);
        is_change_first ? carry_out_first() : tick();
    }
    set_clock(to);
    if (to - last_tick_ >= tick_period) tick();
}

void Player::tick() {
    last_tick_ = clock_;
    is_ticking_ = true;
    described_.tick(pinhole::to_ns(clock_));
    follower_.tick();
    is_ticking_ = false;
    while (!waiting_.empty() && waiting_.front().due <= clock_) carry_out_first();
    for (const Notice& notice : follower_.take_notices()) {
        Told& told = told_[std::string(notice.event)];
        if (told.count++ == 0) told.first = notice.text;
    }
}

// No change overtakes another. Those of a tick need no ring and no reading.
void Player::delay(const pinhole::MapOps& changes) {
    const TimePoint due = clock_ + (is_ticking_ ? TimePoint::duration::zero() : agent_delay_);
    waiting_.push_back({waiting_.empty() ? due : std::max(due, waiting_.back().due), changes});
}

void Player::carry_out_first() {
    const pinhole::MapOps changes = std::move(waiting_.front().changes);
    waiting_.pop_front();
    calls_.before(changes);
    follower_.apply(changes);
    calls_.after(changes, now());
}

Result<kernel::Verdict> Player::play(std::string_view frame, bool is_outbound, const std::optional<capture::Flow>& flow,
                                     std::optional<uint64_t> time_ns) {
    if (!time_ns) ++without_time_;
    advance(time_ns ? time_of(*time_ns) : clock_ + agent_delay_);
    last_packet_ = clock_;
    const auto verdict = is_outbound ? wall_.out(frame) : wall_.in(frame);
    if (!verdict) return verdict;
    while (rings_->drain(pinhole::to_ns(clock_))) {}
    follower_.end_round();
    if (flow) calls_.on_verdict(is_outbound, verdict->reason, *flow, now());
    return verdict;
}

void Player::finish() {
    if (!waiting_.empty()) advance(waiting_.back().due);
    tick();
    calls_.at_end();
}

} // namespace ringwall::replay
