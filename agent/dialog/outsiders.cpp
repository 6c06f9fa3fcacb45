// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/outsiders.hpp"

#include <algorithm>
#include <array>

#include "agent/dialog/transaction_key.hpp"
#include "agent/sip/host_port.hpp"
#include "agent/text/word.hpp"
#include "policy/names.hpp"

namespace ringwall::dialog {
namespace {

using InsideOf = std::function<Endpoint(const Endpoint&)>; // Externals', for one speaker
using IsForeign = Outsiders::IsForeign;

// Where a Contact says where the sender is (RFC 3261 8.1.1.8, 12.2; RFC 6665): elsewhere it means nothing.
bool has_target(const sip::Message& message) {
    switch (message.method) {
        case sip::Method::invite:
        case sip::Method::update:
        case sip::Method::register_:
        case sip::Method::subscribe:
        case sip::Method::notify:
        case sip::Method::refer: return true;
        default: return false;
    }
}

// Of its responses the Contact means something, too.
bool is_offered(sip::Method method) { return method == sip::Method::invite || method == sip::Method::update; }

// Who has named something: a transaction, and once more for what a call had then, by whether it began a call or was of
// one.
EchoMemory::Namer namer(uint64_t transaction) { return key_of_kind(transaction, 1); }
EchoMemory::Namer namer_of_claimed(uint64_t transaction, Described::By by = Described::By::anybody) {
    return key_of_kind(transaction, by == Described::By::party ? 3 : 2);
}

Endpoint named_by(const sip::HostPort& host_port) { return {*host_port.address, host_port.port.value_or(Port{5060})}; }

// Each Contact's inside endpoint, in their order; of a name the unspecified one.
std::vector<Endpoint> addresses_of(const sip::Message& message, const InsideOf& inside_of) {
    std::vector<Endpoint> addresses;
    for (const sip::NameAddress& contact : message.contacts())
        addresses.push_back(contact.host_port.address ? inside_of(named_by(contact.host_port)) : Endpoint{});
    return addresses;
}

// A protocol that we read; nothing for TLS, WebSocket and SCTP.
std::optional<Protocol> protocol_of(std::string_view transport) {
    if (text::is_word<"udp">(transport)) return Protocol::udp;
    if (text::is_word<"tcp">(transport)) return Protocol::tcp;
    return std::nullopt;
}

// The peers' name that a REGISTER's request-URI means (RFC 3261 10.2), else empty. Only one with a single Via is the
// inside's own: a REGISTER that it hands on for somebody outside, who may have named the next hop, says nothing of who
// the registrar is, and whatever its further Vias say is that somebody's word. Nor does one whose URI sends it elsewhere
// than to its host (maddr).
std::string_view name_of_registrar(const sip::Message& request, const policy::View& policy) {
    sip::NameAddress uri;
    if (request.vias().size() != 1 || !sip::absolute_uri(request.request_uri, uri)) return {};
    if (!sip::is_sip(uri.scheme) || !sip::sip_uri(uri) || uri.host_port.address || sip::has_maddr(uri)) return {};
    const auto* name = policy::name_of_host(policy.config(), uri.host_port.host);
    return name ? std::string_view(name->text) : std::string_view();
}

// One message's way to the ports that it names.
class Learning {
public:
    Learning(LearnedPorts& ports, const IsForeign& is_foreign, const InsideOf& inside_of, const Counterpart& party,
             const policy::View& policy, TimePoint now)
        : ports_(ports), is_foreign_(is_foreign), inside_of_(inside_of), party_(party), policy_(policy), now_(now) {}

    void learn(const sip::HostPort& named, Protocol protocol, const LearnedPorts::Need& need) {
        if (!named.address) return;
        const Endpoint inside = inside_of_(named_by(named));
        const policy::Config& config = policy_.config();
        const auto& configured = protocol == Protocol::tcp ? config.sip_tcp : config.sip_udp;
        if (!policy_.is_protected(inside.address)) return;
        if (std::ranges::find(configured, inside.port) != configured.end()) return;
        if (is_foreign_(named_by(named))) return;
        ports_.note({inside, protocol}, party_, !config.peers.empty(), need, now_);
        reached_at(inside);
    }

    void reached_at(const Endpoint& inside) {
        if (ports_.contains(inside)) learned_.push_back(inside);
    }
    std::vector<Endpoint> take_learned() { return std::move(learned_); }

    // Without a transport an address means UDP (RFC 3263 4.1); what speaks TCP often means that, and does not say so.
    void learn(const sip::NameAddress& contact, Protocol carrier, const LearnedPorts::Need& need) {
        const std::string_view transport = sip::transport_of(contact);
        if (!transport.empty()) {
            if (const auto protocol = protocol_of(transport)) learn(contact.host_port, *protocol, need);
            return;
        }
        learn(contact.host_port, Protocol::udp, need);
        if (carrier == Protocol::tcp) learn(contact.host_port, Protocol::tcp, need);
    }

private:
    LearnedPorts& ports_;
    const IsForeign& is_foreign_;
    const InsideOf& inside_of_;
    const Counterpart& party_;
    const policy::View& policy_;
    TimePoint now_;
    std::vector<Endpoint> learned_;
};

} // namespace

// What comes back of the inside's own is not remembered: a registrar's 200 lists every binding.
void Outsiders::note_contacts(const sip::Message& message, EchoMemory::Namer namer, const IpAddress& to,
                              const policy::View& policy, TimePoint now) {
    if (!message.is_request && !is_offered(message.method)) return; // learn() takes none of such either
    const bool is_register = message.method == sip::Method::register_;
    std::vector<Endpoint> contacts, learned;
    for (const sip::NameAddress& contact : message.contacts()) {
        if (!contact.host_port.address || !has_target(message)) continue;
        const Endpoint named = named_by(contact.host_port);
        if (is_register && registered_.names(hash_({message.call_id}), named, now)) continue;
        const Endpoint inside = externals_.inside_of(named, to, policy);
        if (externals_.is_inside(named.address, policy))
            (learned_ports_.contains(inside) ? learned : contacts).push_back(named);
    }
    contacts_.note(namer, contacts, now);
    keep_for_call(learned_by_call_, message, {&learned}, now);
}

// Under its Call-ID, and what was kept under it before.
void Outsiders::keep_for_call(EchoMemory& memory, const sip::Message& message,
                              std::initializer_list<const std::vector<Endpoint>*> named, TimePoint now) {
    const auto is_empty = [](const std::vector<Endpoint>* each) { return each->empty(); };
    if (memory.size() == 0 && std::ranges::all_of(named, is_empty)) return; // most messages
    const uint64_t call = hash_({message.call_id});
    for (const std::vector<Endpoint>* each : named) memory.note(call, *each, now);
    memory.accepted(call, now);
}

void Outsiders::note_unread(const sip::Message& message, const IpAddress& to, const Described& described,
                            const policy::View& policy, TimePoint now) {
    note_contacts(message, hash_({message.call_id}), to, policy, now);
    note_stray(message, described, now);
}

// Rule 2.
void Outsiders::note_names(const sip::Message& message, uint64_t transaction, const IpAddress& to,
                           const Described& described, const policy::View& policy, TimePoint now) {
    note_contacts(message, namer(transaction), to, policy, now);
    switch (described.by) {
        case Described::By::party: note_named(transaction, described, now); break;
        case Described::By::anybody: return note_unanswered(message, transaction, described, now);
        case Described::By::nobody: return note_stray(message, described, now);
    }
    if (!message.is_request) answered(message, transaction, now); // it answers the inside
}

void Outsiders::note_named(uint64_t transaction, const Described& described, TimePoint now) {
    named_.note(namer(transaction), described.free, now);
    named_.note(namer_of_claimed(transaction, described.by), described.claimed, now);
    named_in_a_call_.note(namer(transaction), described.claimed, now);
}

// Of a transaction the first: what comes again in its name counts as of the latest, and for its Call-ID.
void Outsiders::note_unanswered(const sip::Message& message, uint64_t transaction, const Described& described,
                                TimePoint now) {
    if (!waiting_.knows(namer(transaction)) && !waiting_claimed_.knows(namer(transaction))) {
        waiting_.note(namer(transaction), described.free, now);
        waiting_claimed_.note(namer(transaction), described.claimed, now);
    }
    for (const std::vector<Endpoint>* named : {&described.free, &described.claimed}) {
        if (!named->empty()) waiting_by_call_.note(hash_({message.call_id}), *named, now);
        latest_.note(namer(transaction), *named, now);
    }
}

// Who hands it on does so under its Call-ID. No answer to something else of that call makes an end of it.
void Outsiders::note_stray(const sip::Message& message, const Described& described, TimePoint now) {
    keep_for_call(strays_, message, {&described.free, &described.claimed}, now);
}

// Under its Call-ID the rest of its time goes by: another transaction of that call may have named it, too.
Described Outsiders::take_waiting(uint64_t transaction) {
    latest_.refused(namer(transaction));
    return {.free = waiting_.take(namer(transaction)),
            .claimed = waiting_claimed_.take(namer(transaction)),
            .by = Described::By::anybody};
}

void Outsiders::note_answer(const sip::Message& message, uint64_t transaction, TimePoint now) {
    if (message.is_request) return;
    message.status < 300 ? answered(message, transaction, now) : refused(message, transaction, now);
}

// Perhaps it was a copy only, and the proxy goes on trying one target after the other: it hands on under that Call-ID. But
// what a call had when it was named within a call comes back to its own party as a rule, which tries again after a 491.
void Outsiders::refused(const sip::Message& message, uint64_t transaction, TimePoint now) {
    const uint64_t call = hash_({message.call_id});
    const auto keep = [&](EchoMemory& memory, const std::vector<Endpoint>& named) {
        if (named.empty()) return;
        memory.note(call, named, now);
        memory.accepted(call, now);
    };
    const Described waiting = take_waiting(transaction);
    keep(refused_, waiting.free);
    keep(refused_, waiting.claimed);
    keep(refused_, named_.take(namer(transaction)));
    keep(refused_, named_.take(namer_of_claimed(transaction)));
    named_.refused(namer_of_claimed(transaction, Described::By::party));
    keep(refused_in_a_call_, named_in_a_call_.take(namer(transaction)));
    keep(learned_by_call_, contacts_.take(namer(transaction)));
}

bool Outsiders::is_echo_under(std::string_view call_id, const Endpoint& named, bool is_claimed, TimePoint now) const {
    if (waiting_by_call_.size() + strays_.size() + refused_.size() + refused_in_a_call_.size() == 0) return false;
    const uint64_t call = hash_({call_id});
    return waiting_by_call_.names(call, named, now) || strays_.names(call, named, now) ||
           refused_.names(call, named, now) || (is_claimed && refused_in_a_call_.names(call, named, now));
}

// A 100 too: a proxy says no more while it tries one target after the other.
void Outsiders::answered(const sip::Message& message, uint64_t transaction, TimePoint now) {
    note_named(transaction, take_waiting(transaction), now);
    for (EchoMemory* memory : {&named_, &named_in_a_call_, &contacts_}) memory->accepted(namer(transaction), now);
    for (const Described::By by : {Described::By::party, Described::By::anybody}) {
        if (message.status < 200) named_.accepted(namer_of_claimed(transaction, by), now);
        else named_.refused(namer_of_claimed(transaction, by));
    }
}

// A registrar inside may be reached by a proxy beyond the wall: then the REGISTER comes back in.
void Outsiders::note_registered(const sip::Message& request, const IsForeign& is_foreign, TimePoint now) {
    std::vector<Endpoint> own;
    for (const sip::NameAddress& contact : request.contacts())
        if (contact.host_port.address && !is_foreign(named_by(contact.host_port)))
            own.push_back(named_by(contact.host_port));
    registered_.note(hash_({request.call_id}), own, now);
}

// RFC 3261 8.1.1.7, 8.1.1.8. Responses to REGISTER list other people's contacts, and so may those to SUBSCRIBE, NOTIFY and
// REFER that an inside proxy passes on: of what outsiders answer only what answers an INVITE or UPDATE is remembered.
Outsiders::Learned Outsiders::learn(const sip::Message& message, const Datagram& datagram, const Counterpart& party,
                                    const policy::View& policy, TimePoint now) {
    const auto inside_of_source = [&](const Endpoint& named) {
        return externals_.inside_of(named, datagram.source.address, policy);
    };
    const auto is_named_outside = [&](const Endpoint& named) {
        return contacts_.holds(named, now) || learned_by_call_.names(hash_({message.call_id}), named, now) ||
               is_echo(named, message.call_id, true, now);
    };
    const InsideOf inside_of = std::ref(inside_of_source); // by reference: no allocation
    const IsForeign is_foreign = std::ref(is_named_outside);
    Learning learning(learned_ports_, is_foreign, inside_of, party, policy, now);
    const bool is_register = message.method == sip::Method::register_;
    std::optional<Registrations::Registered> registered;
    if (is_register && message.is_request) note_registered(message, is_foreign, now);
    if (message.is_request) {
        if (is_register)
            registered = registrations_.asked(message, datagram.destination.address, addresses_of(message, inside_of),
                                              name_of_registrar(message, policy), now);
        if (registered) parties_.registered(registered->registrar, registered->until, now);
        if (!message.vias().empty()) {
            const sip::Via& via = message.vias().front();
            if (const auto protocol = protocol_of(via.transport)) learning.learn(via.sent_by, *protocol, {});
        }
    } else {
        learning.reached_at(datagram.source);
    }
    const auto need_of = [&](const sip::NameAddress& contact) -> LearnedPorts::Need {
        if (!is_register) return {};
        return {.life = requested_expiry(message, contact), .is_registered = registered.has_value()};
    };
    if (has_target(message) && (message.is_request || is_offered(message.method)))
        for (const sip::NameAddress& contact : message.contacts())
            learning.learn(contact, datagram.protocol, need_of(contact));
    if (registered && !registered->late_by) registered.reset();
    return {learning.take_learned(), std::move(registered)};
}

void Outsiders::hear(const sip::Message& message, const Datagram& datagram, const policy::View& policy, TimePoint now) {
    if (message.is_request || message.method != sip::Method::register_) return;
    const InsideOf inside_of = [&](const Endpoint& named) {
        return externals_.inside_of(named, datagram.destination.address, policy);
    };
    const auto registered =
        registrations_.answered(message, datagram.source.address, addresses_of(message, inside_of), now);
    if (!registered) return;
    parties_.registered(registered->registrar, registered->until, now);
    for (const auto& [contact, until] : registered->contacts) learned_ports_.keep(contact, until, now);
    for (const auto& [contact, needed] : registered->let_go) learned_ports_.let_go(contact, needed, now);
    if (!registered->peer_name.empty() && message.status < 300)
        joins_.note(registered->peer_name, registered->registrar, registered->lasts, now);
}

void Outsiders::restore(const pinhole::Present& present) {
    parties_.restore(present);
    learned_ports_.restore(present);
    externals_.restore(present);
}

void Outsiders::renumber(const policy::Renumbering& numbers, const policy::View& after) {
    parties_.renumber(after);
    learned_ports_.renumber(numbers);
}

void Outsiders::take_operations(pinhole::MapOps& all) {
    parties_.take_operations(all);
    learned_ports_.take_operations(all);
    externals_.take_operations(all);
}

void Outsiders::tick(TimePoint now) {
    externals_.tick(now);
    if (!parties_.tick(now)) return;
    learned_ports_.renew(parties_.live_restored(), now);
    registrations_.expire(now);
    joins_.expire(now);
}

} // namespace ringwall::dialog
