// SPDX-License-Identifier: Apache-2.0
// What the core and the maps have to say, into the log, at a pace that no outsider sets: so many lines an event and
// second, then one line that says how many more there were.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "agent/core.hpp"
#include "agent/kernel/maps.hpp"

namespace ringwall::agent {

class PacedLog {
public:
    using Write = std::function<void(const Notice&)>;
    explicit PacedLog(Write write, uint32_t lines_a_second = 20) : write_(std::move(write)), limit_(lines_a_second) {}

    void say(const Notice& notice);
    void each_second(); // writes what was left out since the last

private:
    Write write_;
    uint32_t limit_;
    struct Said {
        Level level; // of the worst
        uint32_t count = 0;
    };
    std::map<std::string, Said, std::less<>> said_; // this second, by event: the core's own words, so few
};

// Media refused on live holes: a line at the first packet of a hole, then one a minute while it goes on.
class RefusalLog {
public:
    // `beaten_ns`: when the worker before this one last gave a sign of life (CLOCK_MONOTONIC). What was refused a second
    // earlier stands in its log.
    explicit RefusalLog(uint64_t beaten_ns)
        : told_until_ns_(beaten_ns - std::min<uint64_t>(beaten_ns, 1'000'000'000)) {}
    void look(const kernel::Maps& maps, const policy::View& policy, Now now, PacedLog& log);

private:
    struct Told {
        uint64_t count = 0; // that the log has heard of
        std::chrono::steady_clock::time_point last{};
        bool is_present = false;
    };
    uint64_t told_until_ns_;
    std::map<std::array<uint32_t, 5>, Told> told_; // by the words of the pinhole key
};

} // namespace ringwall::agent
