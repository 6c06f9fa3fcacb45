// SPDX-License-Identifier: Apache-2.0
// The whole of the agent's thinking behind one face: mirrored SIP and the clock go in, changes of the maps come out.
// No descriptor, clock, log, thread, libbpf or Asio in here or below: the live agent, replay and the tests drive the
// same object.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/datagram.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "maps/net/address.hpp"
#include "policy/compile.hpp"

namespace ringwall {

// std::chrono::steady_clock is CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns(); realtime only labels calls for people.
struct Now {
    std::chrono::steady_clock::time_point monotonic;
    int64_t realtime_s = 0;
};

// Something the operator should read, once. `call_id` may be empty.
struct Notice {
    std::string_view event; // "call.start", "call.end", "pinhole.open", "sip.defect", "echoed_sdp", …
    std::string call_id;
    std::string text;
};

class Core {
public:
    // `secret` is the pinned one (struct meta): leg ids must come out the same after a restart.
    Core(policy::View policy, std::array<uint64_t, 2> secret);
    Core(Core&&) noexcept;
    Core& operator=(Core&&) noexcept;
    ~Core();

    // After a start: wanted x present -> operations. Call once, before the first datagram.
    pinhole::MapOps restore(const pinhole::Present& present, Now now);
    pinhole::MapOps on_datagram(const Datagram& datagram, Now now);

    // Holes whose deadlines want a look at what the kernel has seen since. The shell reads those and calls tick().
    // Cheap when nothing is due. Call at least every 100 ms, with whatever of `due` still exists.
    std::vector<struct pinhole_key> due(Now now) const;
    pinhole::MapOps tick(std::span<const pinhole::PresentPinhole> seen, Now now);
    // Operations that failed (full map): the core counts them and plans again.
    pinhole::MapOps on_failed(std::span<const struct operation> failed, Now now);
    // A new policy: calls that it still allows stay as they are.
    pinhole::MapOps reload(policy::View policy, Now now);

    const policy::View& policy() const;
    std::vector<CoreCounter> counters() const;
    std::vector<Notice> take_notices();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace ringwall
