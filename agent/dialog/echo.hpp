// SPDX-License-Identifier: Apache-2.0
// Inside endpoints that arrived in SDP (or a Contact) from outside within the last five minutes. When an inside proxy
// passes them on, they leave the protected side without being anything that the inside decided: they open nothing.
#pragma once

#include <deque>
#include <unordered_map>
#include <utility>

#include "agent/pinhole/claim.hpp"

namespace ringwall::dialog {

class EchoMemory {
public:
    static constexpr std::chrono::minutes lifetime{5};
    static constexpr size_t capacity = 65536;  // the oldest is forgotten first

    void note(const Endpoint& inside, pinhole::TimePoint now);
    bool holds(const Endpoint& inside, pinhole::TimePoint now) const;
    size_t size() const { return until_.size(); }

private:
    std::unordered_map<Endpoint, pinhole::TimePoint> until_;
    std::deque<std::pair<pinhole::TimePoint, Endpoint>> order_;  // may hold older times of one noted again
};

}  // namespace ringwall::dialog
