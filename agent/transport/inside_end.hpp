// SPDX-License-Identifier: Apache-2.0
// The inside's end of a TCP connection, as its own segments show it (RFC 9293 3.3.1), and what that end would take from
// outside. Nobody outside can forge these; of what claims to come from the other end anybody may be the sender.
//
// Bare acknowledgements are not mirrored, so its knowledge is as old as the last bytes of the inside. It says "no" only
// where that is certain.
#pragma once

#include "agent/transport/segment.hpp"

namespace ringwall::transport {

// Either way of what is known: a sender may repeat an old acknowledgement (RFC 5961 5.2, MAX.SND.WND), and bytes of the
// inside may have found no room in the ring.
inline constexpr uint32_t acknowledgement_slack = 65536;
inline constexpr uint32_t most_under_way = 4U << 20; // sent and not acknowledged: Linux' largest buffer (tcp_wmem)

class InsideEnd {
public:
    InsideEnd() = default;
    // As its SYN says: `sequence` is that of its first byte, `acknowledgement` that of the other side's.
    InsideEnd(uint32_t sequence, std::optional<uint32_t> acknowledgement);

    void on_sent(const Segment& segment);
    // May this, from outside, be of the connection? RFC 5961 5.2; of a SYN, whether it answers the inside's own.
    bool takes(const Segment& segment);
    // Is that, for certain, the next byte it waits for? What a reset must bear (RFC 5961 3.2).
    bool expects(uint32_t sequence) const { return received_ == sequence; }

private:
    static InsideEnd met_midway(uint32_t sequence);

    std::optional<uint32_t> next_;     // SND.NXT
    uint32_t oldest_ = 0;              // SND.UNA: not acknowledged yet, for all we have seen
    std::optional<uint32_t> received_; // RCV.NXT
};

} // namespace ringwall::transport
