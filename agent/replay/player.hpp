// SPDX-License-Identifier: Apache-2.0
// Plays a capture to the wall in the capture's own time: what falls due before a packet happens before it, then the
// programs judge the packet, then the agent reads what they mirrored. What the agent wants changed is carried out when
// its latency has passed: RTP that comes sooner meets the wall as a live one would stand there.
#pragma once

#include <deque>
#include <map>

#include "agent/follower.hpp"
#include "agent/kernel/replay_wall.hpp"
#include "agent/kernel/rings.hpp"
#include "agent/replay/calls.hpp"

namespace ringwall::replay {

class Player {
public:
    static Result<std::unique_ptr<Player>> open(policy::View policy, std::chrono::nanoseconds agent_delay);
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    // `time_ns` is CLOCK_REALTIME, the capture's. Time that goes back counts as standing still. A packet without time comes
    // the agent's latency after the one before: what that opened is open.
    Result<kernel::Verdict> play(std::string_view frame, bool is_outbound, const std::optional<capture::Flow>& flow,
                                 std::optional<uint64_t> time_ns);
    void finish(); // the agent gets the latency that it still needs, and the calls are looked at once more

    const Calls& calls() const { return calls_; }
    const policy::View& policy() const { return follower_.policy(); }
    Now now() const;
    uint64_t outbound_by_xdp() const { return wall_.outbound_by_xdp(); }
    uint64_t went_back() const { return went_back_; }
    uint64_t without_time() const { return without_time_; }
    std::vector<CoreCounter> counters() const { return follower_.counters(); }
    // What the agent had to say, by event: how often, and the first of it.
    struct Told {
        uint64_t count = 0;
        std::string first;
    };
    const std::map<std::string, Told, std::less<>>& told() const { return told_; }

private:
    using TimePoint = std::chrono::steady_clock::time_point;
    Player(kernel::ReplayWall wall, kernel::Maps maps, policy::View policy, std::chrono::nanoseconds agent_delay);

    TimePoint time_of(uint64_t capture_ns);
    void set_clock(TimePoint time);
    void advance(TimePoint to);
    TimePoint next_tick() const;
    void tick();
    void delay(const pinhole::MapOps& changes);
    void carry_out_first();

    struct Waiting {
        TimePoint due;
        pinhole::MapOps changes;
    };

    kernel::ReplayWall wall_;
    kernel::Maps maps_;
    std::chrono::nanoseconds agent_delay_;
    Calls calls_;
    transport::Transport described_; // the messages once more, for their SDP (descriptions.hpp)
    Follower follower_;
    std::unique_ptr<kernel::Rings> rings_;
    std::deque<Waiting> waiting_; // in order of time
    TimePoint clock_, last_packet_, last_timed_, last_tick_;
    std::optional<uint64_t> began_ns_; // the first packet's time
    bool is_ticking_ = false;
    uint64_t went_back_ = 0, without_time_ = 0;
    std::map<std::string, Told, std::less<>> told_;
};

} // namespace ringwall::replay
