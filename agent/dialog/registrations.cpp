// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/registrations.hpp"

#include <algorithm>
#include <string>

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
    if (requested == seconds(0)) return requested; // taken back; what is listed are others'
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

} // namespace

seconds requested_expiry(const sip::Message& request) {
    if (request.contact_is_star) return seconds(0);
    uint32_t longest_asked = 0;
    for (const sip::NameAddress& contact : request.contacts())
        longest_asked = std::max(longest_asked, contact.expires.value_or(request.expires.value_or(default_expires)));
    return bounded(longest_asked);
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
            .contacts = registration.contacts,
            .peer_name = registration.peer_name};
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
    if (!contacts.empty()) registration.contacts = contacts;
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
    // Refused, or challenged: what it had before goes on, and its next try has the time of a transaction.
    if (response.status >= 300)
        return count(registration, std::max(registration.lasts.value_or(now), now + unanswered));
    registration.granted = granted_expiry(response, listed, registration.contacts, registration.requested);
    registration.lasts = now + registration.granted;
    if (registration.requested == seconds(0)) registration.lasts.reset();
    return count(registration, now + registration.granted);
}

void Registrations::forget(std::unordered_map<uint64_t, Registration>::iterator registration) {
    const auto registrar = registrars_.find(registration->second.registrar);
    if (const auto old = registrar->second.find(registration->second.counted); old != registrar->second.end())
        registrar->second.erase(old);
    if (registrar->second.empty()) registrars_.erase(registrar);
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
