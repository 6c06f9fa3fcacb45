// SPDX-License-Identifier: Apache-2.0
// Who guesses, by what the inside answered him: so many within so long, from one address and port, or five times as many
// from one address (of IPv6: /64). Counted only for sources that are where they say they are.
#pragma once

#include <array>
#include <map>
#include <unordered_map>
#include <vector>

#include "agent/dialog/challenges.hpp"
#include "policy/config.hpp"

namespace ringwall::dialog {

class Guesses {
public:
    using TimePoint = pinhole::TimePoint;
    static constexpr size_t capacity = 16384;       // households
    static constexpr size_t most_ports = 64;        // of one that are told apart
    static constexpr uint32_t household_factor = 5; // an office whose telephones all have an old password is no guesser

    struct Counted {
        uint32_t from_port = 0, from_household = 0; // within the window, this one included
    };
    // One more. Zero where there is no room.
    Counted count(Guess guess, const Endpoint& from, std::chrono::nanoseconds within, TimePoint now);
    // It knew the password after all, or it is banned: it starts over.
    void forget(const Endpoint& from);
    void expire(TimePoint now);

private:
    using Counts = std::array<uint32_t, 2>; // by Guess
    struct Household {
        std::array<TimePoint, 2> began{};
        TimePoint until{};
        Counts counts{};
        std::map<Endpoint, Counts> ports;
    };
    std::map<Prefix, Household> households_;
};

} // namespace ringwall::dialog
