// SPDX-License-Identifier: Apache-2.0
// With which registrars the inside is registered, and for how long (RFC 3261 10): its REGISTER asks, the registrar's 2xx
// grants, and may grant less. One registration is a Call-ID and an address of record at one registrar's address: a client
// keeps these over its refreshes (10.2.4). Flows over several edge proxies (RFC 5626) are several, a trunk's block of
// numbers (RFC 6140) is one.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/dialog/keyed_hash.hpp"
#include "agent/pinhole/claim.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::dialog {

class Registrations {
public:
    using TimePoint = pinhole::TimePoint;
    static constexpr size_t capacity = 65536;
    static constexpr std::chrono::seconds unanswered{40}; // 64*T1, and some

    explicit Registrations(const KeyedHash& hash) : hash_(hash) {}

    // Until when the inside may be called from there now.
    struct Registered {
        IpAddress registrar;
        TimePoint until;
        std::optional<std::chrono::seconds> late_by; // a refresh: the time granted had run out before it
        std::chrono::seconds granted{};
        std::vector<Endpoint> contacts; // the inside's own, as asked for
        std::string peer_name;          // as asked for; empty where the registrar goes by no peer's name
    };
    // A REGISTER left, with these of its contacts' addresses, and the peers' name that its registrar goes by. Until it is
    // answered, what it asks for counts.
    std::optional<Registered> asked(const sip::Message& request, const IpAddress& registrar,
                                    const std::vector<Endpoint>& contacts, std::string_view peer_name, TimePoint now);
    // A final response came from this address; `listed` are its contacts' addresses, in their order.
    std::optional<Registered> answered(const sip::Message& response, const IpAddress& from,
                                       const std::vector<Endpoint>& listed, TimePoint now);
    void expire(TimePoint now);

private:
    struct Registration {
        IpAddress registrar;
        std::vector<Endpoint> contacts;
        std::string peer_name;
        std::chrono::seconds requested{}, granted{};
        TimePoint counted;              // what it adds to its registrar
        std::optional<TimePoint> lasts; // what the last 2xx granted
        uint32_t cseq = 0;
    };
    struct Asked {
        uint64_t registration;
        TimePoint expires;
    };
    uint64_t transaction(const sip::Message& message) const;
    Registered count(Registration& registration, TimePoint until);
    void forget(std::unordered_map<uint64_t, Registration>::iterator registration);

    KeyedHash hash_;
    std::unordered_map<uint64_t, Registration> registrations_;
    std::unordered_map<uint64_t, Asked> asked_; // by transaction
    std::unordered_map<IpAddress, std::multiset<TimePoint>> registrars_;
};

// What a REGISTER asks for, by its contacts' parameters, else its Expires, else 3600 (RFC 3261 10.2.1.1). 0: it takes back.
std::chrono::seconds requested_expiry(const sip::Message& request);

} // namespace ringwall::dialog
