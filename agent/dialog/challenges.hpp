// SPDX-License-Identifier: Apache-2.0
// What the inside has sent to somebody outside that nobody else can know: the nonce of a challenge, the To tag that it gave
// to his request. Who echoes one within 32 s is where he says he is, and nobody spoofs his address (docs/adr/0018).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "agent/pinhole/claim.hpp"

namespace ringwall::dialog {

enum class Guess : uint8_t { password, name };

class Challenges {
public:
    using TimePoint = pinhole::TimePoint;
    static constexpr std::chrono::seconds life{32}; // 64*T1
    static constexpr size_t capacity = 65536;

    // `refused`: what the answer that bore it said of the one who asked. False where there is no room.
    bool sent(uint64_t token, const Endpoint& to, std::optional<Guess> refused, TimePoint now);

    struct Echo {
        bool is_ours = false;         // the inside has sent it, if to another
        bool is_proof = false;        // to him and to nobody else
        std::optional<Guess> refused; // told once
    };
    Echo echoed(uint64_t token, const Endpoint& from, TimePoint now);

private:
    struct Sent {
        Endpoint to;
        bool is_shared = false; // to several: servers whose nonce is the time give one to all who ask in one second
        std::optional<Guess> refused;
        TimePoint until;
    };
    void forget_old(TimePoint now);

    std::unordered_map<uint64_t, Sent> sent_;
    std::deque<std::pair<TimePoint, uint64_t>> order_;
};

} // namespace ringwall::dialog
