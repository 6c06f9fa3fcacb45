// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/registrations.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/dialog/transaction_key.hpp"

namespace ringwall::dialog {
namespace {

using std::chrono::seconds;

constexpr uint32_t default_expires = 3600;
constexpr std::chrono::hours longest{24};

seconds bounded(uint32_t expires) { return std::min<seconds>(seconds(expires), longest); }

// RFC 3261 10.3, step 8: the 2xx lists every binding with its expiry. Where it lists ours under another address, as a
// registrar does that mends NAT, the longest counts; where it lists none at all, the header, or what was asked for.
seconds granted_expiry(const sip::Message& response, const std::vector<Endpoint>& listed,
                       const std::vector<Endpoint>& ours, seconds requested) {
    if (requested == seconds(0)) return requested; // what is listed are others'
    std::optional<uint32_t> own, any;
    for (size_t i = 0; i < listed.size(); ++i) {
        const auto expires = response.contacts()[i].expires ? response.contacts()[i].expires : response.expires;
        if (!expires) continue;
        any = std::max(any.value_or(0), *expires);
        if (std::ranges::find(ours, listed[i]) != ours.end()) own = std::max(own.value_or(0), *expires);
    }
    if (own) return bounded(*own);
    if (any) return bounded(*any);
    return response.expires ? bounded(*response.expires) : requested;
}

// How long the 2xx lists that address; 0 where it does not.
seconds listed_expiry(const sip::Message& response, const std::vector<Endpoint>& listed, const Endpoint& contact) {
    seconds lasts{};
    for (size_t i = 0; i < listed.size(); ++i)
        if (listed[i] == contact) lasts = std::max(lasts, requested_expiry(response, response.contacts()[i]));
    return lasts;
}

} // namespace

seconds requested_expiry(const sip::Message& request, const sip::NameAddress& contact) {
    return bounded(contact.expires.value_or(request.expires.value_or(default_expires)));
}

seconds requested_expiry(const sip::Message& request) {
    seconds longest_asked{};
    for (const sip::NameAddress& contact : request.contacts())
        longest_asked = std::max(longest_asked, requested_expiry(request, contact));
    return longest_asked;
}

uint64_t Registrations::transaction(const sip::Message& message) const {
    return transaction_key(hash_, message, message.method, message.is_request);
}

Registrations::Registered Registrations::count(Registration& registration, TimePoint until) {
    auto& of_registrar = registrars_[registration.registrar];
    if (const auto old = of_registrar.find(registration.counted); old != of_registrar.end()) of_registrar.erase(old);
    registration.counted = until;
    of_registrar.insert(until);
    return {.registrar = registration.registrar,
            .until = *of_registrar.rbegin(),
            .late_by = {},
            .granted = registration.granted,
            .contacts = {},
            .let_go = {},
            .lasts = until,
            .peer_name = registration.peer_name};
}

void Registrations::let_go(Binding& binding) {
    const TimePoint until = std::exchange(binding.held, TimePoint{});
    const auto of_port = held_.find(binding.at);
    if (until == TimePoint{} || of_port == held_.end()) return;
    of_port->second.erase(of_port->second.find(until));
    if (of_port->second.empty()) held_.erase(of_port);
}

void Registrations::hold(Binding& binding, const Endpoint& at, TimePoint until) {
    let_go(binding);
    binding.at = at;
    binding.held = until;
    if (until != TimePoint{} && !at.address.is_unspecified()) held_[at].insert(until);
}

Registrations::TimePoint Registrations::needed(const Endpoint& contact) const {
    const auto of_port = held_.find(contact);
    return of_port == held_.end() ? TimePoint{} : *of_port->second.rbegin();
}

Registrations::Binding& Registrations::binding_of(Registration& registration, uint64_t uri) {
    auto& bindings = registration.bindings;
    if (const auto known = std::ranges::find(bindings, uri, &Binding::uri); known != bindings.end()) return *known;
    if (bindings.size() >= most_contacts) {
        const auto first = std::ranges::min_element(bindings, {}, &Binding::held);
        let_go(*first);
        bindings.erase(first);
    }
    return bindings.emplace_back(Binding{.uri = uri});
}

// Contacts that it does not name stay as they are (10.2.1).
void Registrations::ask(Registration& registration, const sip::Message& request, const std::vector<Endpoint>& contacts,
                        TimePoint now) {
    std::erase_if(registration.bindings, [&](Binding& binding) {
        const bool is_over = binding.held <= now;
        if (is_over) let_go(binding);
        return is_over;
    });
    for (Binding& binding : registration.bindings)
        binding.asked = request.contact_is_star ? std::optional(seconds(0)) : std::nullopt;
    for (size_t i = 0; i < contacts.size(); ++i) {
        const sip::NameAddress& contact = request.contacts()[i];
        Binding& binding = binding_of(registration, hash_({contact.uri}));
        binding.asked = requested_expiry(request, contact);
        hold(binding, contacts[i], std::max(binding.held, now + *binding.asked));
    }
}

std::optional<Registrations::Registered> Registrations::asked(const sip::Message& request, const IpAddress& registrar,
                                                              const std::vector<Endpoint>& contacts,
                                                              std::string_view peer_name, TimePoint now) {
    if (request.contact_count == 0 && !request.contact_is_star) return std::nullopt; // a query (10.2.3)
    const uint64_t id = hash_({request.call_id, request.to.uri, registrar.to_string()});
    if (!registrations_.contains(id) && registrations_.size() >= capacity) return std::nullopt;
    Registration& registration = registrations_[id];
    const bool is_new_round = registration.cseq != request.cseq;
    registration.registrar = registrar;
    registration.cseq = request.cseq;
    registration.requested = requested_expiry(request);
    ask(registration, request, contacts, now);
    registration.peer_name = peer_name;
    asked_[transaction(request)] = {id, now + unanswered};
    Registered registered = count(registration, std::max(registration.counted, now + registration.requested));
    if (is_new_round && registration.lasts && *registration.lasts < now && registration.requested > seconds(0)) {
        registered.late_by = std::chrono::duration_cast<seconds>(now - *registration.lasts);
        registration.lasts.reset(); // said once
    }
    return registered;
}

std::optional<Registrations::Registered> Registrations::answered(const sip::Message& response, const IpAddress& from,
                                                                 const std::vector<Endpoint>& listed, TimePoint now) {
    const auto asked = asked_.find(transaction(response));
    if (asked == asked_.end() || response.status < 200) return std::nullopt;
    const auto found = registrations_.find(asked->second.registration);
    if (found == registrations_.end() || found->second.registrar != from) return std::nullopt;
    asked_.erase(asked);
    Registration& registration = found->second;
    if (registration.cseq != response.cseq) return std::nullopt; // it has asked again since, and maybe otherwise
    return response.status >= 300 ? refused(registration, now) : granted(registration, response, listed, now);
}

Registrations::TimePoint Registrations::latest(const Registration& registration, TimePoint now) {
    for (const Binding& binding : registration.bindings) now = std::max(now, binding.lasts);
    return now;
}

// Or challenged: what it had before goes on, and its next try has the time of a transaction.
Registrations::Registered Registrations::refused(Registration& registration, TimePoint now) {
    std::vector<Endpoint> not_granted;
    for (Binding& binding : registration.bindings) {
        hold(binding, binding.at, binding.lasts);
        if (binding.asked > seconds(0)) not_granted.push_back(binding.at);
    }
    Registered registered = count(registration, std::max(latest(registration, now), now + unanswered));
    for (const Endpoint& contact : not_granted) registered.let_go.push_back({contact, needed(contact)});
    return registered;
}

// What is taken back and listed all the same stays: the registrar has kept it, or another one of the same address (another
// user's, another flow's).
Registrations::Registered Registrations::granted(Registration& registration, const sip::Message& response,
                                                 const std::vector<Endpoint>& listed, TimePoint now) {
    std::vector<Endpoint> ours;
    for (const Binding& binding : registration.bindings)
        if (binding.asked > seconds(0)) ours.push_back(binding.at);
    const seconds time = granted_expiry(response, listed, ours, registration.requested);
    std::vector<Contact> contacts;
    std::vector<Endpoint> named;
    for (Binding& binding : registration.bindings) {
        if (!binding.asked) continue;
        if (*binding.asked > seconds(0)) {
            binding.lasts = now + time;
            contacts.push_back({binding.at, binding.lasts});
        } else {
            binding.lasts = now + listed_expiry(response, listed, binding.at);
        }
        named.push_back(binding.at);
        hold(binding, binding.at, binding.lasts);
    }
    registration.granted = time;
    registration.lasts = now + time;
    if (registration.requested == seconds(0)) registration.lasts.reset();
    Registered registered = count(registration, latest(registration, now));
    registered.contacts = std::move(contacts);
    for (const Endpoint& contact : named) registered.let_go.push_back({contact, needed(contact)});
    return registered;
}

void Registrations::forget(std::unordered_map<uint64_t, Registration>::iterator registration) {
    const auto registrar = registrars_.find(registration->second.registrar);
    if (const auto old = registrar->second.find(registration->second.counted); old != registrar->second.end())
        registrar->second.erase(old);
    if (registrar->second.empty()) registrars_.erase(registrar);
    for (Binding& binding : registration->second.bindings) let_go(binding);
    registrations_.erase(registration);
}

// One that has run out is remembered as long again: a late refresh is worth a word.
void Registrations::expire(TimePoint now) {
    std::erase_if(asked_, [&](const auto& asked) { return asked.second.expires <= now; });
    for (auto entry = registrations_.begin(); entry != registrations_.end();) {
        const auto next = std::next(entry);
        if (entry->second.counted + std::max<seconds>(entry->second.granted, unanswered) <= now) forget(entry);
        entry = next;
    }
}

} // namespace ringwall::dialog
