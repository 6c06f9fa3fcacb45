// SPDX-License-Identifier: Apache-2.0
// The whole of the agent's thinking behind one face: mirrored SIP and the clock go in, changes of the maps come out.
// No descriptor, clock, log, thread, libbpf or Asio in here or below: the live agent, replay and the tests drive the
// same object.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "agent/datagram.hpp"
#include "agent/dialog/by_hand.hpp"
#include "agent/dialog/ceilings.hpp"
#include "agent/dialog/joins.hpp"
#include "agent/journal.hpp"
#include "agent/now.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "maps/abi/dialog.h"
#include "maps/net/address.hpp"
#include "policy/compile.hpp"

namespace ringwall {

// How many stand in the maps.
struct Census {
    std::array<uint64_t, 16> pinholes{};            // by phase (enum pinhole_phase)
    std::array<uint64_t, DIALOG_ENDED + 1> calls{}; // by state (enum dialog_state), without what is open by hand
    uint64_t all_pinholes() const { return std::accumulate(pinholes.begin(), pinholes.end(), uint64_t{0}); }
    uint64_t live_calls() const { return calls[DIALOG_EARLY] + calls[DIALOG_CONFIRMED] + calls[DIALOG_ENDING]; }
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
    // A round: any number of messages, then what they want changed, all in one. A call of which the round saw begin and
    // end never opens. Whoever waits with changes() lets the first of them wait.
    void hear(const Datagram& datagram, Now now);
    const pinhole::MapOps& changes(Now now);                        // until the next call of anything here
    pinhole::MapOps on_datagram(const Datagram& datagram, Now now); // a round of one

    // By hand (dialog/by_hand.hpp). `opening` has been checked; where no room was found for it, it is not open.
    pinhole::MapOps open(const dialog::Opening& opening, Now now);
    bool is_open(const dialog::Opening& opening) const;
    std::vector<dialog::Opening> opened_by_hand(const dialog::Closing& closing) const;
    pinhole::MapOps close(const dialog::Closing& closing, Now now);

    // Holes whose deadlines want a look at what the kernel has seen since. The shell reads those and calls tick().
    // Cheap when nothing is due. Call at least every 100 ms, with whatever of `due` still exists.
    std::vector<struct pinhole_key> due(Now now) const;
    pinhole::MapOps tick(std::span<const pinhole::PresentPinhole> seen, Now now);
    // Sources whose excess of the limits the kernel counts; the shell reads it each second, and hands it on.
    std::vector<Endpoint> watched() const;
    pinhole::MapOps on_excess(std::span<const std::pair<Endpoint, uint32_t>> packets, Now now);
    // Operations that failed (full map): the core counts them and plans again.
    pinhole::MapOps on_failed(std::span<const struct operation> failed, Now now);
    // A new policy: calls that it still allows stay as they are.
    pinhole::MapOps reload(policy::View policy, Now now);

    const policy::View& policy() const;
    // Do its packets come through the ring of strangers, as the kernel has been told so far?
    bool is_stranger(const Endpoint& outside, uint8_t zone, pinhole::TimePoint now) const;
    dialog::CallCounts calls_from_outside() const;
    // What the SDP of that call's inside names for media, where it is neither protected nor external: it opens nothing.
    std::optional<Endpoint> elsewhere_of(pinhole::LegId leg) const;
    // The call whose SDP names such an address with this port, or with that of the RTP before it.
    std::optional<dialog::Elsewhere> elsewhere_at(Port port) const;
    // Whether the party of such a call sends there: media that the wall would have let in, had it known the address.
    bool is_sent_elsewhere(const Endpoint& source, const Endpoint& destination) const;
    Census census() const; // kept as they come and go: no walk, however many
    std::vector<CoreCounter> counters() const;
    std::vector<Notice> take_notices();
    // Whether anybody reads notices of level debug, two of each call. Until this is said, somebody does.
    void set_debugged(bool is_debugged);
    // Registrars that go by a peer's name: whoever writes policy makes them the peer's. So many at most, the rest later.
    std::vector<dialog::Join> take_joins(size_t most);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace ringwall
