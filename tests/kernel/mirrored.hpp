// SPDX-License-Identifier: Apache-2.0
// One record of a ring: what the programs copied of a packet for the agent.
#pragma once

#include "maps/abi/record.h"
#include "tests/kernel/packet.hpp"

namespace ringwall::test {

struct Mirrored {
    mirror_record header;
    Bytes bytes;
};

} // namespace ringwall::test
