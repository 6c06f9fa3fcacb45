// SPDX-License-Identifier: Apache-2.0
// Pinholes that somebody opens by hand, for calls whose signalling cannot be read: an owner of ports as calls are, with
// an end of its own. What may be opened is what calls may open: media ports of protected addresses.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/dialog/keyed_hash.hpp"
#include "agent/pinhole/claim.hpp"
#include "maps/abi/dialog.h"
#include "maps/net/result.hpp"
#include "policy/compile.hpp"

namespace ringwall::dialog {

struct Opening {
    std::string name; // who wants it. The same name at the same port is the same opening
    Endpoint local;
    Protocol protocol = Protocol::udp;
    // rtp_rtcp; rtp: then RTCP has the next port; udptl; other: nothing is checked
    pinhole::Component component = pinhole::Component::rtp_rtcp;
    std::string peer;           // a declared peer's networks may send,
    std::vector<Endpoint> from; // or these (port 0: any port of that address), or anyone where neither is said
    std::chrono::nanoseconds life{};
    pinhole::TimePoint until;
    int64_t started_s = 0; // CLOCK_REALTIME
};

// What `close` is about: any member may be left out, not all of them.
struct Closing {
    std::string name;
    std::optional<Endpoint> local;
    std::optional<Protocol> protocol;
};

// The opening with the inside address that a public one stands for; or what is wrong with it, for the operator.
Result<Opening, std::string> checked(Opening opening, const policy::View& policy);

// The one named, and RTCP's.
std::vector<Endpoint> ports_of(const Opening& opening);

// What it claims under this policy: nothing where its port is no media port any more, or its peer not declared.
std::vector<pinhole::Claim> claims_of(const Opening& opening, const policy::View& policy);

struct dialog_record record_of(const Opening& opening);
Opening opening_of(const struct dialog_record& record);

class ByHand {
public:
    static constexpr size_t capacity = 4096;

    explicit ByHand(const KeyedHash& hash) : hash_(hash) {}

    // 0 where there is no room. What the same name has opened there before is replaced.
    pinhole::LegId open(const Opening& opening);
    void restore(pinhole::LegId id, const Opening& opening) { all_.insert_or_assign(id, opening); }
    Opening take(pinhole::LegId id); // it is forgotten
    std::vector<pinhole::LegId> matching(const Closing& closing) const;
    std::vector<pinhole::LegId> expired(pinhole::TimePoint now) const;
    bool has(pinhole::LegId id) const { return all_.contains(id); }
    const std::map<pinhole::LegId, Opening>& all() const { return all_; }

private:
    KeyedHash hash_;
    std::map<pinhole::LegId, Opening> all_;
};

} // namespace ringwall::dialog
