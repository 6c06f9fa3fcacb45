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

    struct Wanted {
        std::chrono::seconds lasts{}; // 0: take it back
        uint64_t contact = 0;         // hashed; of several the one that lasts longest
    };
    // What a REGISTER that came from there asks for its address of record; nothing where that stays as it is: it asks which
    // bindings there are, or takes back others than the one made from there.
    std::optional<Wanted> wanted(const sip::Message& request, const Endpoint& from) const;
    // Its 2xx. Until when one of the addresses of record from there is bound, `now` where none is any more; nothing where
    // this is unknown, or there is no room.
    std::optional<TimePoint> accepted(const sip::Message& response, const Endpoint& from, const Wanted& wanted,
                                      TimePoint now);
    void expire(TimePoint now);

private:
    struct Bound {
        TimePoint until;
        uint64_t contact = 0; // hashed
    };
    bool bind(const Endpoint& from, uint64_t record, const Bound& bound);
    const Bound* bound_at(const Endpoint& from, uint64_t record) const;

    KeyedHash hash_;
    std::map<Endpoint, std::map<uint64_t, Bound>> bound_; // by address of record, hashed
};

} // namespace ringwall::dialog
