// SPDX-License-Identifier: Apache-2.0
// What the core counts and has to say to the operator. A value: the shell fetches it, and writes the log.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/event.hpp"

namespace ringwall {

// Something the operator may want to read, once.
struct Notice {
    Level level = Level::info;
    std::string_view event; // "call.start", "sip.defect", "echoed_sdp", …
    std::string text;
    Fields fields = {};
};

class Journal {
public:
    using Counters = std::map<std::string, uint64_t, std::less<>>;

    void count(std::string_view label, uint64_t by = 1);
    void notice(Notice notice);

    const Counters& counters() const { return counters_; } // those that have counted something
    std::vector<Notice> take_notices();

private:
    Counters counters_;
    std::vector<Notice> notices_;
};

} // namespace ringwall
