// SPDX-License-Identifier: Apache-2.0
// Who outside is registered with the inside, and from where: by the registrar's 2xx that lists a binding (RFC 3261 10.3).
// The mirror image of Registrations, whose REGISTERs leave.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "agent/dialog/keyed_hash.hpp"
#include "agent/pinhole/claim.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::dialog {

class Bindings {
public:
    using TimePoint = pinhole::TimePoint;
    static constexpr size_t capacity = 32768;  // addresses and ports
    static constexpr size_t most_of_one = 256; // addresses of record of one: a gateway's lines

    explicit Bindings(const KeyedHash& hash) : hash_(hash) {}

    // The 2xx to a REGISTER that came from there and asked for `requested`. Until when one of its addresses of record is
    // bound, `now` where none is any more; nothing where this is unknown, or there is no room.
    std::optional<TimePoint> accepted(const sip::Message& response, const Endpoint& from,
                                      std::chrono::seconds requested, TimePoint now);
    void expire(TimePoint now);

private:
    bool bind(const Endpoint& from, uint64_t record, TimePoint until);

    KeyedHash hash_;
    std::map<Endpoint, std::map<uint64_t, TimePoint>> bound_; // by address of record, hashed
};

} // namespace ringwall::dialog
