// SPDX-License-Identifier: Apache-2.0
// From what a capture recorded to the Ethernet frame that the programs judge: a header is made where the link has another
// one (Linux cooked) or none (raw IP, loopback), PPPoE is taken off, as it never comes to where a wall stands, and what
// the snap length cut off is filled with zeros.
#pragma once

#include <optional>
#include <string>

#include "agent/capture/capture.hpp"

namespace ringwall::capture {

// The longest that BPF_PROG_TEST_RUN takes for sure: the largest IPv4 packet behind Ethernet and two VLAN tags.
constexpr size_t longest_frame = 65535 + 22;

struct Frame {
    std::string_view bytes; // until the next call
    Direction direction = Direction::unsaid;
    bool is_cut = false;   // its end was not captured
    bool is_pppoe = false; // it was, and is now as its PPP interface has it
};

class Framer {
public:
    // Nothing where the link type is not read; link_type_name() says which it is.
    std::optional<Frame> frame(const Record& record);

private:
    Frame ethernet(const Record& record, Direction direction, size_t header, uint16_t type);
    Frame as_it_is(const Record& record);
    std::string buffer_;
};

std::string link_type_name(uint32_t link_type); // "105 (IEEE 802.11)"

} // namespace ringwall::capture
