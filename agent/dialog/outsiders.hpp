// SPDX-License-Identifier: Apache-2.0
// What the signalling says of people and places beside its calls: which inside endpoints outsiders have named (they open
// nothing when they come back out), which SIP ports the inside has named, with whom it registers, who is in a call.
#pragma once

#include <functional>

#include "agent/datagram.hpp"
#include "agent/dialog/echo.hpp"
#include "agent/dialog/joins.hpp"
#include "agent/dialog/keyed_hash.hpp"
#include "agent/dialog/parties.hpp"
#include "agent/dialog/registrations.hpp"

namespace ringwall::dialog {

class Outsiders {
public:
    explicit Outsiders(const KeyedHash& hash) : hash_(hash), registrations_(hash) {}

    // A message from outside that may come to mean something: inside endpoints that it names are remembered, but for
    // SIP ports that the inside has named itself. `described` are those of its SDP.
    void note_names(const sip::Message& message, const std::vector<Endpoint>& described, const policy::View& policy,
                    TimePoint now);
    // The inside goes along with what an outsider said, or does not.
    void note_answer(const sip::Message& message, TimePoint now);
    bool is_echo(const Endpoint& inside, TimePoint now) const { return echo_.holds(inside, now); }

    // Contact and top Via of what leaves. Returns a registration that was refreshed only after it had run out: in between
    // the registrar had nobody to call.
    std::optional<Registrations::Registered> learn(const sip::Message& message, const Datagram& datagram,
                                                   const Counterpart& party, const policy::View& policy, TimePoint now);
    // A registrar's answer, which says how long the inside is registered.
    void hear(const sip::Message& message, const IpAddress& from, const policy::View& policy, TimePoint now);
    void tick(TimePoint now);
    std::vector<Join> take_joins(size_t most) { return joins_.take(most); }

    Parties& parties() { return parties_; }
    const Parties& parties() const { return parties_; }

private:
    EchoMemory::Namer namer(const sip::Message& message) const;

    KeyedHash hash_;
    EchoMemory echo_;
    Parties parties_;
    Registrations registrations_;
    Joins joins_;
};

} // namespace ringwall::dialog
