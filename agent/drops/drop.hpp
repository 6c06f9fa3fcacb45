// SPDX-License-Identifier: Apache-2.0
// A packet that dropped, or would have in monitor mode: one sample of the kernel's (maps/abi/drop.h), as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maps/abi/drop.h"
#include "maps/net/address.hpp"

namespace ringwall::drops {

// Whose media port it was for.
struct Call {
    std::string name; // Call-ID; of what is open by hand, its name; empty: nobody's
    bool by_hand = false;
    IpAddress outside{}; // where its signalling comes from; of none and by hand: ::
    auto operator<=>(const Call&) const = default;
};

struct Drop {
    uint64_t time_ns = 0; // CLOCK_MONOTONIC
    uint32_t reason = 0;
    bool passed = false; // monitor mode
    bool is_bare = false;
    bool is_together = false; // `bytes` begin with another datagram of its buffer
    uint8_t protocol = 0;     // IPPROTO_*
    uint32_t ifindex = 0;
    uint32_t packets = 1;         // that it stands for
    uint32_t length = 0;          // of the frame
    Endpoint source, destination; // :: where they could not be read
    Call call;
    std::string_view sip_class; // whose limit refused it, as far as the bytes tell: "REGISTER"; or empty
    std::string_view bytes;     // the frame's first
};
// All but the call, which only the maps know, and the class.
Drop drop_of(const struct drop_sample& sample, std::string_view bytes);

// A limit of the source, or of all together.
bool is_of_limits(uint32_t reason);
// What a datagram begins as: a method that has a limit of its own, RESPONSE, or nothing that can be told from here.
std::string_view class_of(std::string_view payload);

// What somebody wants to see. Says yes to everything at first.
struct Filter {
    std::vector<uint32_t> reasons; // none: all
    std::optional<Prefix> source;
    std::optional<bool> passed;

    bool takes(uint32_t reason, const IpAddress& from, bool has_passed) const;
};

} // namespace ringwall::drops
