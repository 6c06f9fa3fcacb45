// SPDX-License-Identifier: Apache-2.0
// What a replay says at its end: which calls had audio, which packets dropped and why, and what of the capture was not as
// a wall would have seen it.
#pragma once

#include <array>
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <tuple>

#include "agent/capture/frame.hpp"
#include "agent/replay/player.hpp"
#include "agent/replay/verdict_line.hpp"
#include "maps/abi/reason.h"

namespace ringwall::replay {

// Counted packet by packet.
class Tally {
public:
    void count(const VerdictLine& line, const capture::Frame& frame);
    uint64_t frames() const { return packets + unread; } // of the capture, so far

    struct Drops {
        uint64_t packets = 0, first = 0; // the first one's number
    };
    // By reason, source address and destination; an attacker's many sources end up in one line for all others.
    using Flow = std::tuple<uint32_t, IpAddress, Endpoint>;

    uint64_t packets = 0, dropped = 0; // `dropped`: by reason, whatever the mode lets pass
    uint64_t by_address = 0;           // direction
    uint64_t cut = 0;                  // by the snap length
    uint64_t pppoe = 0;
    uint64_t unread = 0;                // frames of other link types than are read
    uint32_t unread_link_type = 0;      // the first one's
    uint64_t first_ns = 0, last_ns = 0; // 0: no packet with a time yet
    std::array<uint64_t, REASON_LIMIT> by_reason{};
    std::map<Flow, Drops> drops;
    Drops other_drops;
};

struct Summary {
    const Tally& tally;
    const Player& player;
    std::string capture;
    double seconds; // it took
};

boost::json::value summary_document(const Summary& summary);
std::string summary_screen(const Summary& summary);

} // namespace ringwall::replay
