// SPDX-License-Identifier: Apache-2.0
// Who sends to whom in a frame, for the report and for the direction: addresses and ports as far as they can be read.
// What becomes of the frame is the programs' to say, who parse it themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "maps/net/address.hpp"

namespace ringwall::capture {

struct Flow {
    Endpoint source, destination; // ports 0 where there are none, as in a later fragment
    uint8_t protocol = 0;         // IPPROTO_*, the last header's of IPv6
    std::string_view payload;     // of UDP, as far as the frame goes
};

// Nothing where the frame is not IP, or too short for its addresses.
std::optional<Flow> flow_of(std::string_view frame);
std::optional<Flow> flow_of_packet(std::string_view packet); // without a link-layer header

} // namespace ringwall::capture
