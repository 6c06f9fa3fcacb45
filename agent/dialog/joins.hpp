// SPDX-License-Identifier: Apache-2.0
// Registrars that go by a peer's name: where the inside is registered with sip.example.net, that address is the peer's
// whose name this is, whatever name servers told us. Paced: thousands of phones refresh with one registrar.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/pinhole/claim.hpp"
#include "maps/net/address.hpp"

namespace ringwall::dialog {

struct Join {
    std::string peer_name;
    IpAddress registrar;
    std::chrono::seconds lasts{};
    bool operator==(const Join&) const = default;
};

class Joins {
public:
    using TimePoint = pinhole::TimePoint;
    static constexpr size_t capacity = 1024;
    static constexpr std::chrono::seconds worth_telling{60}; // so much longer than what was told last

    void note(const std::string& peer_name, const IpAddress& registrar, TimePoint until, TimePoint now);
    std::vector<Join> take(size_t most); // the oldest not yet taken
    void expire(TimePoint now);

private:
    std::map<std::pair<std::string, IpAddress>, TimePoint> told_; // until when
    std::deque<Join> untold_;
};

} // namespace ringwall::dialog
