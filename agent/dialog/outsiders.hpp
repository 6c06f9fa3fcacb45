// SPDX-License-Identifier: Apache-2.0
// What the signalling says of people and places beside its calls: which inside endpoints outsiders have named (they open
// nothing when they come back out), which SIP ports the inside has named, with whom it registers, who is in a call, and
// where the inside is seen from outside.
#pragma once

#include <functional>

#include "agent/datagram.hpp"
#include "agent/dialog/echo.hpp"
#include "agent/dialog/externals.hpp"
#include "agent/dialog/joins.hpp"
#include "agent/dialog/keyed_hash.hpp"
#include "agent/dialog/learned_ports.hpp"
#include "agent/dialog/parties.hpp"
#include "agent/dialog/registrations.hpp"

namespace ringwall::dialog {

// Inside endpoints of what describes media from outside.
struct Described {
    enum class By : uint8_t {
        party,   // of a call that stands, or an answer to the inside
        anybody, // a request that may reach nobody
        nobody,  // what nobody answers: an ACK of no call, a response of no transaction. A proxy may hand it on
    };
    std::vector<Endpoint> free, claimed; // `claimed`: a call has them
    By by = By::party;
};

class Outsiders {
public:
    using IsForeign = std::function<bool(const Endpoint&)>; // an outsider has named it

    // Endpoints that requests without an answer keep from every call: of a PBX's ten thousand ports a fortieth.
    static constexpr size_t most_of_the_latest = 256;

    explicit Outsiders(const KeyedHash& hash) : hash_(hash), registrations_(hash) {}

    // A message from outside, whatever it means to us: an inside proxy may hand it on. Inside endpoints that it names
    // are remembered, but for SIP ports that the inside has named itself. `described` are those of its SDP, `to` is the
    // inside host that it went to. What is refused in one transaction does not speak for another of the same call:
    // `transaction` is transaction_key().
    void note_names(const sip::Message& message, uint64_t transaction, const IpAddress& to, const Described& described,
                    const policy::View& policy, TimePoint now);
    // The same of a message that cannot be read, whose Call-ID and Contacts are all that is known of it.
    void note_unread(const sip::Message& message, const IpAddress& to, const Described& described,
                     const policy::View& policy, TimePoint now);
    // The inside goes along with what an outsider said, or does not.
    void note_answer(const sip::Message& message, uint64_t transaction, TimePoint now);
    // In a message of that Call-ID. `is_claimed`: a call has it now.
    bool is_echo(const Endpoint& named, std::string_view call_id, bool is_claimed, TimePoint now) const {
        return named_.holds(named, now) || latest_.holds(named, now) ||
               (is_claimed && named_in_a_call_.holds(named, now)) || is_echo_under(call_id, named, is_claimed, now);
    }

    struct Learned {
        std::vector<Endpoint> reached_at; // learned ports that it names, or answers from
        // Refreshed only after it had run out: in between the registrar had nobody to call.
        std::optional<Registrations::Registered> late;
    };
    // Contact and top Via of what leaves.
    Learned learn(const sip::Message& message, const Datagram& datagram, const Counterpart& party,
                  const policy::View& policy, TimePoint now);
    // A registrar's answer, which says how long the inside is registered.
    void hear(const sip::Message& message, const Datagram& datagram, const policy::View& policy, TimePoint now);
    void restore(const pinhole::Present& present);
    void renumber(const policy::Renumbering& numbers, const policy::View& after);
    void tick(TimePoint now);
    std::vector<Join> take_joins(size_t most) { return joins_.take(most); }

    Parties& parties() { return parties_; }
    const Parties& parties() const { return parties_; }
    LearnedPorts& learned_ports() { return learned_ports_; }
    const LearnedPorts& learned_ports() const { return learned_ports_; }
    Externals& externals() { return externals_; }
    const Externals& externals() const { return externals_; }
    void take_operations(pinhole::MapOps& all); // of all of them; appends them

private:
    void note_contacts(const sip::Message& message, EchoMemory::Namer namer, const IpAddress& to,
                       const policy::View& policy, TimePoint now);
    void keep_for_call(EchoMemory& memory, const sip::Message& message,
                       std::initializer_list<const std::vector<Endpoint>*> named, TimePoint now);
    void note_registered(const sip::Message& request, const IsForeign& is_foreign, TimePoint now);
    void answered(const sip::Message& message, uint64_t transaction, TimePoint now); // the inside goes along
    void note_named(uint64_t transaction, const Described& described, TimePoint now);
    void refused(const sip::Message& message, uint64_t transaction, TimePoint now);
    Described take_waiting(uint64_t transaction); // somebody inside has answered
    void note_unanswered(const sip::Message& message, uint64_t transaction, const Described& described, TimePoint now);
    void note_stray(const sip::Message& message, const Described& described, TimePoint now);
    bool is_echo_under(std::string_view call_id, const Endpoint& named, bool is_claimed, TimePoint now) const;

    KeyedHash hash_;
    // Media: what outsiders have named; of it, what a call had then, which is its own port that comes back to it as a rule
    // (a provider passes SDP on): once the inside has answered, it is the outsider's only as long as a call has it.
    EchoMemory named_, named_in_a_call_;
    // Of requests that nobody inside has answered, if only by a 100. They may have reached nobody, and so come by the
    // hundred: all of them keep ports from their own Call-ID, the latest few from every other, too. Whoever passes a
    // description on under another says 100 before, or does it at once.
    EchoMemory waiting_, waiting_claimed_, waiting_by_call_, latest_{most_of_the_latest};
    // By Call-ID: what nobody answers. Apart: it is kept for longer, and would push out what waits.
    EchoMemory strays_;
    // By Call-ID: what the inside has refused; of it, what a call had then.
    EchoMemory refused_, refused_in_a_call_;
    EchoMemory contacts_; // SIP ports: an ACK, an OPTIONS brings some, and shall keep no telephone from its media
    // Those that the inside has named before it: what comes back to it in its own call is its own elsewhere, but under that
    // Call-ID an outsider's, who would have the port opened to whom an inside proxy hands him on. And what it has refused.
    EchoMemory learned_by_call_;
    EchoMemory registered_; // the inside's own, by Call-ID: those of its REGISTER that may come back
    Parties parties_;
    LearnedPorts learned_ports_;
    Externals externals_;
    Registrations registrations_;
    Joins joins_;
};

} // namespace ringwall::dialog
