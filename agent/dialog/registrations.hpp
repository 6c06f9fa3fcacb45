// SPDX-License-Identifier: Apache-2.0
// With which registrars the inside is registered, and for how long (RFC 3261 10): its REGISTER asks, the registrar's 2xx
// grants, and may grant less. One registration is a Call-ID and an address of record at one registrar's address: a client
// keeps these over its refreshes (10.2.4). Flows over several edge proxies (RFC 5626) are several, a trunk's block of
// numbers (RFC 6140) is one. Each of its contacts has its own time, and is taken back by itself (10.2.2).
#pragma once

#include <chrono>
#include <map>
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

    static constexpr size_t most_contacts = 64; // of one registration; past it, those go that end first

    struct Contact {
        Endpoint at;
        TimePoint until;
        bool operator==(const Contact&) const = default;
    };
    // Until when the inside may be called from there now.
    struct Registered {
        IpAddress registrar;
        TimePoint until;
        std::optional<std::chrono::seconds> late_by; // a refresh: the time granted had run out before it
        std::chrono::seconds granted{};
        // By a final response, of the inside's own contacts: those granted; and until when each that the REGISTER named is
        // needed now, by whichever registration: it was taken back, refused, or granted for less than was asked.
        std::vector<Contact> contacts, let_go;
        TimePoint lasts;       // the longest of this registration's contacts
        std::string peer_name; // as asked for; empty where the registrar goes by no peer's name
    };
    // A REGISTER left, with these addresses of its contacts (unspecified: a name), and the peers' name that its registrar
    // goes by. Until it is answered, what it asks for counts. Nothing for a query, or where there is no room.
    std::optional<Registered> asked(const sip::Message& request, const IpAddress& registrar,
                                    const std::vector<Endpoint>& contacts, std::string_view peer_name, TimePoint now);
    // A final response came from this address; `listed` are its contacts' addresses, in their order.
    std::optional<Registered> answered(const sip::Message& response, const IpAddress& from,
                                       const std::vector<Endpoint>& listed, TimePoint now);
    void expire(TimePoint now);

private:
    struct Binding {
        uint64_t uri = 0; // hashed
        Endpoint at;
        TimePoint lasts;                           // what 2xxs have granted
        TimePoint held;                            // so long its port is needed: until the answer, what is asked for
        std::optional<std::chrono::seconds> asked; // by the last REGISTER, where that names it
    };
    struct Registration {
        IpAddress registrar;
        std::vector<Binding> bindings;
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
    void ask(Registration& registration, const sip::Message& request, const std::vector<Endpoint>& contacts,
             TimePoint now);
    Registered refused(Registration& registration, TimePoint now);
    Registered granted(Registration& registration, const sip::Message& response, const std::vector<Endpoint>& listed,
                       TimePoint now);
    static TimePoint latest(const Registration& registration,
                            TimePoint now); // end of its bindings; now where none lasts
    Binding& binding_of(Registration& registration, uint64_t uri);
    void hold(Binding& binding, const Endpoint& at, TimePoint until);
    void let_go(Binding& binding);
    TimePoint needed(const Endpoint& contact) const; // by whichever registration; long ago where by none
    void forget(std::unordered_map<uint64_t, Registration>::iterator registration);

    KeyedHash hash_;
    std::unordered_map<uint64_t, Registration> registrations_;
    std::unordered_map<uint64_t, Asked> asked_; // by transaction
    std::unordered_map<IpAddress, std::multiset<TimePoint>> registrars_;
    std::map<Endpoint, std::multiset<TimePoint>> held_; // by contact
};

// What a REGISTER asks for one of its contacts: by its parameter, else its Expires, else 3600 (RFC 3261 10.2.1.1). 0: it
// takes it back.
std::chrono::seconds requested_expiry(const sip::Message& request, const sip::NameAddress& contact);

// The longest of all its contacts.
std::chrono::seconds requested_expiry(const sip::Message& request);

} // namespace ringwall::dialog
