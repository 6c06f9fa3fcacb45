// SPDX-License-Identifier: Apache-2.0
#include "agent/reader.hpp"

#include <algorithm>
#include <functional>

#include "agent/dialog/hold.hpp"
#include "agent/dialog/trickle.hpp"
#include "agent/sip/outline.hpp"
#include "agent/sip/trickled.hpp"

namespace ringwall {
namespace {

std::string late_refresh(const dialog::Registrations::Registered& late) {
    return "registered with " + late.registrar.to_string() + " for " + std::to_string(late.granted.count()) +
           " s, and again only " + std::to_string(late.late_by->count()) +
           " s after that: in between no call could come from there";
}

// An OPTIONS may have SDP too, and every PBX answers it: it names nothing that could come out as an offer.
bool carries_offers(sip::Method method) {
    switch (method) {
        case sip::Method::invite:
        case sip::Method::ack:
        case sip::Method::update:
        case sip::Method::prack: return true;
        default: return false;
    }
}

} // namespace

std::optional<dialog::Event> Reader::read(const Datagram& datagram, Now now) {
    if (const auto binding = sip::stun_binding(datagram.payload)) note_binding(*binding, datagram, now.monotonic);
    if (sip::is_keepalive(datagram.payload)) return std::nullopt;
    if (!has_readable_message(datagram)) {
        if (!datagram.outbound) note_unread(datagram, now.monotonic);
        return std::nullopt;
    }
    journal_.count(message_.is_request ? "sip_requests" : "sip_responses");
    const auto counterpart =
        dialog::counterpart_of(datagram.outbound ? datagram.destination : datagram.source, policy_);
    if (is_no_registrars_call(datagram, counterpart, now.monotonic)) {
        journal_.count("strict_not_registrar");
        note_unread(datagram, now.monotonic); // it passes
        return std::nullopt;
    }
    dialog::Event event = event_of(datagram, counterpart, now);
    note_parties(datagram, counterpart, event);
    return event;
}

void Reader::note_binding(const sip::StunBinding& binding, const Datagram& datagram, TimePoint now) {
    const auto news = outsiders_.externals().hear(binding, datagram, policy_, now);
    if (!news) return;
    const std::string inside = news->inside.to_string(), seen = news->seen.to_string();
    journal_.count("externals_learned");
    journal_.notice({Level::info,
                     "external.learned",
                     inside + " is seen as " + seen + " from outside, says " + news->server.to_string() +
                         ": SDP that names that address opens ports of this one",
                     {{"inside", inside}, {"external", seen}}});
}

bool Reader::has_readable_message(const Datagram& datagram) {
    if (!datagram.is_whole) {
        journal_.count("sip_not_whole");
        return false;
    }
    const auto parsed = sip::parse(datagram.payload, message_);
    if (parsed) return true;
    const std::string defect(sip::to_string(parsed.error().defect));
    journal_.count("sip_defect_" + defect);
    journal_.notice({Level::info,
                     "sip.defect",
                     "SIP from " + datagram.source.to_string() + " not understood (" + defect + " at byte " +
                         std::to_string(parsed.error().offset) + "): it passes and opens nothing",
                     {{"source", datagram.source.to_string()}, {"defect", defect}}});
    return false;
}

// Opening is never decided from a partial read: a body that breaks anywhere opens nothing, and the SIP goes its way.
bool Reader::has_readable_sdp() {
    const auto body = sip::find_sdp(message_);
    if (!body) {
        journal_.count("sip_defect_" + std::string(sip::to_string(body.error().defect)));
        return false;
    }
    if (!*body) return false;
    const auto parsed = sdp::parse(**body, session_);
    if (!parsed) {
        const std::string defect(sdp::to_string(parsed.error().defect));
        journal_.count("sdp_defect_" + defect);
        journal_.notice({Level::info,
                         "sdp.defect",
                         "session description not understood (" + defect + "): it opens nothing",
                         {{"call_id", std::string(message_.call_id)}, {"defect", defect}}});
    }
    return parsed.has_value();
}

dialog::Event Reader::event_of(const Datagram& datagram, const dialog::Counterpart& counterpart, Now now) {
    dialog::Event event{.outbound = datagram.outbound,
                        .message = message_,
                        .transaction = dialog::transaction_key(hash_, message_, message_.method, datagram.outbound),
                        .counterpart = counterpart,
                        .now = now.monotonic,
                        .realtime_s = now.realtime_s};
    table_.expect(message_, event.transaction, event.outbound);
    if (!datagram.outbound && message_.is_request) note_caller(event);
    event.is_handed_on = datagram.outbound && message_.is_request && is_handed_on();
    if (event.outset) event.outset->is_by_stream = datagram.protocol == Protocol::tcp;
    const bool has_sdp = has_readable_sdp();
    datagram.outbound ? outsiders_.note_answer(message_, event.transaction, now.monotonic)
                      : note_outside_names(event, datagram, has_sdp);
    if (message_.method == sip::Method::info) {
        if (datagram.outbound) event.trickled = trickled(datagram, counterpart, now.monotonic);
        return event; // no offer, no answer (RFC 6086)
    }
    if (!has_sdp) return event;
    if (datagram.outbound) {
        dialog::OfferRefusals refusals;
        event.offer = offered(datagram, counterpart, now.monotonic, refusals);
        event.elsewhere = refusals.named_elsewhere;
        event.unaddressed = dialog::held_without_address(session_);
    } else {
        event.remote = remote(datagram.source);
    }
    return event;
}

// Whose call it is that begins here. Allowed sources' are not counted, nor who is registered and calls for help.
void Reader::note_caller(dialog::Event& event) const {
    const dialog::Parties& parties = outsiders_.parties();
    const Endpoint& from = event.counterpart.signalling;
    const bool is_registered = !event.counterpart.is_declared && parties.is_phone(from, event.now);
    event.is_trusted = is_registered || parties.is_registrar(from.address, event.now);
    if (message_.method != sip::Method::invite || !message_.to.tag.empty() || policy_.is_allowed(from.address)) return;
    if (is_registered && policy_.is_emergency(message_.request_uri)) return;
    event.outset =
        dialog::outset_of(event.counterpart, is_registered, !event.counterpart.is_declared && !event.is_trusted);
}

// By an inside proxy, for who is not inside. Private addresses may be those of telephones behind it.
bool Reader::is_handed_on() const {
    return std::ranges::any_of(message_.vias().subspan(1), [&](const sip::Via& via) {
        const auto address = via.received ? via.received : via.sent_by.address;
        return address && !address->is_unroutable() && !policy_.is_protected(*address);
    });
}

// Nothing that is somebody else's moves the session: what is an echo whole is as if it were not there.
std::optional<std::vector<pinhole::Claim>> Reader::offered(const Datagram& datagram,
                                                           const dialog::Counterpart& counterpart, TimePoint now,
                                                           dialog::OfferRefusals& refusals) {
    auto offer = claims(datagram, counterpart, now, refusals);
    journal_.count("media_elsewhere", refusals.elsewhere);
    if (offer.empty() && refusals.echoed != 0) return std::nullopt;
    return offer;
}

bool Reader::is_claimed(const Endpoint& inside) const {
    return book_.is_claimed({inside, Protocol::udp}) || book_.is_claimed({inside, Protocol::tcp});
}

// What `session_`, leaving, would open.
std::vector<pinhole::Claim> Reader::claims(const Datagram& datagram, const dialog::Counterpart& counterpart,
                                           TimePoint now, dialog::OfferRefusals& refusals) {
    dialog::Naming naming;
    naming.inside_of = [&](const Endpoint& named) {
        return outsiders_.externals().inside_of(named, datagram.source.address, policy_);
    };
    // What outsiders have named is nobody's but the call's that had it before them.
    const auto is_echo = [&](const Endpoint& named) {
        if (!outsiders_.is_echo(named, message_.call_id, true, now))
            return false; // whoever has it: as a rule nobody has named it
        const Endpoint inside = naming.inside_of(named);
        return outsiders_.is_echo(named, message_.call_id, is_claimed(inside), now) &&
               !table_.has_claimed(message_, inside);
    };
    naming.is_echo = std::ref(is_echo);
    auto claims = dialog::offer_of(session_, policy_, counterpart, naming, refusals);
    journal_.count("echoed_sdp", refusals.echoed);
    journal_.count("media_port_unguarded", refusals.unguarded);
    journal_.count("media_unsupported", refusals.unsupported);
    if (refusals.echoed)
        journal_.notice({Level::info,
                         "echoed_sdp",
                         "an inside proxy passed on media addresses that came from outside: they open nothing",
                         {{"call_id", std::string(message_.call_id)}}});
    return claims;
}

std::vector<pinhole::Claim> Reader::trickled(const Datagram& datagram, const dialog::Counterpart& counterpart,
                                             TimePoint now) {
    if (!has_trickled()) return {};
    dialog::OfferRefusals refusals;
    return claims(datagram, counterpart, now, refusals);
}

// Who will send, by `session_` from outside, and where that message demonstrably came from.
dialog::Remote Reader::remote(const Endpoint& source) const {
    std::vector<IpAddress> routes{source.address};
    if (message_.is_request)
        for (const sip::Via& via : message_.vias().subspan(std::min<size_t>(1, message_.via_count)))
            if (via.received && std::ranges::find(routes, *via.received) == routes.end())
                routes.push_back(*via.received);
    return dialog::remote_of(session_, policy_, routes);
}

// A strict peer calls from the registrar. Over UDP the program drops its other INVITEs; to drop a segment of TCP would
// stall the connection, so there they pass, and begin nothing.
bool Reader::is_no_registrars_call(const Datagram& datagram, const dialog::Counterpart& counterpart,
                                   TimePoint now) const {
    const bool is_call = message_.is_request && message_.method == sip::Method::invite && message_.to.tag.empty();
    const bool is_strict = counterpart.is_declared && counterpart.expectation == policy::Expectation::strict;
    return !datagram.outbound && is_call && is_strict && !policy_.is_allowed(datagram.source.address) &&
           !outsiders_.parties().is_registrar(datagram.source.address, now);
}

// Whatever it means to us, an inside proxy may hand it on: Kamailio does so with responses of no transaction.
dialog::Described::By Reader::said_by(const dialog::Event& event) {
    using By = dialog::Described::By;
    if (!message_.is_request) return table_.may_carry_offers(message_, event.transaction) ? By::party : By::nobody;
    if (table_.has_call_of(message_)) return By::party;
    const bool is_heeded = message_.method != sip::Method::ack && message_.method != sip::Method::info;
    return is_heeded ? By::anybody : By::nobody; // an INFO, as anybody may have it answered who rings nobody
}

// Of a datagram, what stands behind its Content-Length must be left out (RFC 3261 18.3). Kamailio hands it on, and says its
// length anew where it hands on to TCP.
bool Reader::goes_on(const Datagram& datagram) const {
    return datagram.protocol == Protocol::udp && message_.bytes < datagram.payload.size();
}

bool Reader::has_hidden_sdp(const Datagram& datagram) {
    const std::string_view body = message_.body;
    const size_t begin = static_cast<size_t>(body.data() - datagram.payload.data());
    if (goes_on(datagram)) message_.body = datagram.payload.substr(begin);
    const auto found = sip::find_first_sdp(message_);
    message_.body = body;
    return found && *found && sdp::parse(**found, session_);
}

// Of what means nothing here. What a proxy makes of it may be readable.
void Reader::note_unread(const Datagram& datagram, TimePoint now) {
    if (!sip::outline(datagram.payload, message_)) return;
    const IpAddress& to = datagram.destination.address;
    dialog::Described described;
    const auto found = sip::find_first_sdp(message_);
    if (found && *found ? sdp::parse(**found, session_).has_value() : has_trickled()) name(to, described);
    outsiders_.note_unread(message_, to, described, policy_, now);
}

bool Reader::has_trickled() {
    const auto fragment = sip::find_trickled(message_);
    if (!fragment || !*fragment) return false;
    fragment_text_ = dialog::description_of_fragment(**fragment);
    const auto parsed = sdp::parse(fragment_text_, session_);
    if (!parsed) journal_.count("sdp_defect_" + std::string(sdp::to_string(parsed.error().defect)));
    return parsed.has_value();
}

// What `session_` names of the inside.
void Reader::name(const IpAddress& to, dialog::Described& described) const {
    const auto is_inside = [&](const IpAddress& named) { return outsiders_.externals().is_inside(named, policy_); };
    for (const Endpoint& named : dialog::inside_endpoints(session_, is_inside)) {
        const Endpoint inside = outsiders_.externals().inside_of(named, to, policy_);
        (is_claimed(inside) ? described.claimed : described.free).push_back(named);
    }
}

// Any message's names may come out again as those of somebody inside. An offer's or answer's `session_` stays what it says
// by its length.
void Reader::note_outside_names(const dialog::Event& event, const Datagram& datagram, bool has_sdp) {
    const IpAddress& to = datagram.destination.address;
    dialog::Described described{.free = {}, .claimed = {}, .by = said_by(event)};
    const bool may_describe = carries_offers(message_.method);
    if (may_describe && has_sdp) name(to, described);
    if (may_describe && (goes_on(datagram) || sip::passes_over_sdp(message_))) {
        if (has_hidden_sdp(datagram)) name(to, described);
        if (has_sdp) has_readable_sdp(); // as it was before
    } else if (message_.method == sip::Method::info && has_trickled()) {
        name(to, described);
    }
    outsiders_.note_names(message_, event.transaction, to, described, policy_, event.now);
}

void Reader::note_parties(const Datagram& datagram, const dialog::Counterpart& counterpart, dialog::Event& event) {
    if (!datagram.outbound) return outsiders_.hear(message_, datagram, policy_, event.now);
    auto [reached_at, late] = outsiders_.learn(message_, datagram, counterpart, policy_, event.now);
    event.reached_at = std::move(reached_at);
    if (!late) return;
    journal_.count("registrations_late");
    journal_.notice(
        {Level::warn, "registration.late", late_refresh(*late), {{"call_id", std::string(message_.call_id)}}});
}

} // namespace ringwall
