// SPDX-License-Identifier: Apache-2.0
// Inside endpoints that outsiders named in SDP or Contact. When an inside proxy passes them on, under whatever Call-ID,
// they leave the protected side without being anything that the inside decided: they open nothing.
//
// What an outsider names counts only as far as the inside goes along: for 40 s while nobody has answered him, for five
// minutes from each answer, and not at all once the inside has refused him. Else one message that names a telephone's
// next port would leave its call without audio (docs/adr/0010).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "agent/pinhole/claim.hpp"

namespace ringwall::dialog {

class EchoMemory {
public:
    static constexpr std::chrono::seconds unanswered{40};
    static constexpr std::chrono::minutes answered{5};
    static constexpr size_t capacity = 65536; // endpoints; the soonest to be forgotten makes room

    using Namer = uint64_t; // the Call-ID, hashed

    void note(Namer namer, const std::vector<Endpoint>& inside, pinhole::TimePoint now);
    void accepted(Namer namer, pinhole::TimePoint now);
    void refused(Namer namer);
    bool holds(const Endpoint& inside, pinhole::TimePoint now) const;
    size_t size() const { return namers_of_.size(); }

private:
    struct Named {
        pinhole::TimePoint until;
        std::set<Endpoint> inside;
    };
    void keep_until(Namer namer, Named& named, pinhole::TimePoint until);
    void forget_old(pinhole::TimePoint now);

    std::unordered_map<Namer, Named> by_namer_;
    std::unordered_multimap<Endpoint, Namer> namers_of_;
    std::multimap<pinhole::TimePoint, Namer> order_; // may hold older times of one noted again
};

} // namespace ringwall::dialog
