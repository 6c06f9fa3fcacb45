// SPDX-License-Identifier: Apache-2.0
// Where the inside is that a description or a Contact names: behind a NAT in front of the wall both name what is seen
// beyond it, and packets arrive at the inside address. By protect.external; with `auto`, as STUN servers have answered
// the inside (RFC 8489), kept in the map `externals` over a restart. An outsider may be asked only by an ICE check, and
// what answers those is not believed: with its answer he could have an inside port opened for an endpoint of his choice.
#pragma once

#include <map>
#include <optional>

#include "agent/datagram.hpp"
#include "agent/pinhole/claim.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "agent/sip/stun.hpp"
#include "policy/compile.hpp"

namespace ringwall::dialog {

struct ExternalsCounters {
    uint64_t refused_full = 0;
};

class Externals {
public:
    using TimePoint = pinhole::TimePoint;
    static constexpr std::chrono::seconds question_life{40}; // RFC 8489 6.2.1
    static constexpr std::chrono::hours remembered{24 * 7};  // from the last answer: some ask only when they start
    static constexpr size_t capacity_questions = 4096;

    // An inside host that is seen at an address that it was not seen at before.
    struct News {
        IpAddress inside, seen;
        Endpoint server;
    };

    void restore(const pinhole::Present& present);
    std::optional<News> hear(const sip::StunBinding& binding, const Datagram& datagram, const policy::View& policy,
                             TimePoint now);

    // Where `named` is inside, by what `speaker`, an inside host, means: itself where no NAT is known to stand before it.
    // The port that a server saw is the one that asked, and the next one, RTCP's, the one behind it; every other port is
    // taken to be kept, as a router forwards a range.
    Endpoint inside_of(const Endpoint& named, const IpAddress& speaker, const policy::View& policy) const;
    // Would anybody inside mean an inside address by it?
    bool is_inside(const IpAddress& named, const policy::View& policy) const;

    void tick(TimePoint now);
    void take_operations(pinhole::MapOps& all); // appends them
    const ExternalsCounters& counters() const { return counters_; }

private:
    struct Question {
        Endpoint inside, server;
        TimePoint until;
    };
    struct Seen {
        Endpoint at;
        TimePoint heard;
    };
    void ask(const sip::StunBinding& binding, const Datagram& datagram, TimePoint now);
    bool learn(const Endpoint& inside, const Endpoint& at, TimePoint now); // true where that is news of its host
    void add(const Endpoint& inside, const Seen& seen);
    void forget(std::map<Endpoint, Seen>::iterator entry);

    std::map<sip::StunTransaction, Question> questions_;
    std::map<Endpoint, Seen> seen_;                          // by inside endpoint
    std::map<Endpoint, Endpoint> inside_;                    // the other way: the last who was seen there
    std::map<IpAddress, std::map<IpAddress, size_t>> hosts_; // seen there, of each how many of its endpoints
    TimePoint next_tick_{};
    pinhole::MapOps operations_;
    ExternalsCounters counters_;
};

} // namespace ringwall::dialog
