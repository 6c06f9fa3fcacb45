// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/by_hand.hpp"

#include <algorithm>
#include <utility>

#include "agent/dialog/media_line.hpp"
#include "agent/dialog/record.hpp"
#include "agent/pinhole/map_value.hpp"

namespace ringwall::dialog {
namespace {

using pinhole::Claim;
using pinhole::Component;
using pinhole::Constraint;

constexpr size_t longest_name = 63; // as names of the configuration

uint8_t zone_named(std::string_view name, const policy::View& policy) {
    const auto& peers = policy.config().peers;
    const auto found = std::ranges::find(peers, name, &policy::Peer::name);
    return found == peers.end() ? 0 : static_cast<uint8_t>(found - peers.begin() + 1);
}

std::string port_mistake(const Endpoint& port, Protocol protocol, const policy::View& policy) {
    if (!policy.is_protected(port.address))
        return port.address.to_string() + " is not in protect.networks: its ports are not guarded";
    if (policy.is_media_port(port.port, protocol)) return {};
    return "port " + std::to_string(port.port.value) + " is not in protect." +
           (protocol == Protocol::tcp ? "tcp_media_ports" : "media_ports") + ": it is not guarded";
}

std::string senders_mistake(const Opening& opening, const policy::View& policy) {
    if (!opening.peer.empty() && zone_named(opening.peer, policy) == 0)
        return "\"" + opening.peer + "\" is neither an address nor a declared peer";
    if (opening.from.size() > PEERS_PER_SET)
        return "a pinhole names at most " + std::to_string(PEERS_PER_SET) + " senders; declare them as a peer";
    for (const Endpoint& sender : opening.from) {
        if (sender.address.is_unspecified() || sender.address.is_multicast())
            return sender.address.to_string() + " sends nothing";
        if (sender.address.is_v4() != opening.local.address.is_v4())
            return sender.address.to_string() + " sends nothing to " + opening.local.address.to_string() +
                   ": one is of IPv4, the other of IPv6";
    }
    return {};
}

std::string life_mistake(const Opening& opening, const policy::View& policy) {
    const auto most = policy.config().timers.max_call;
    if (opening.life >= std::chrono::seconds(1) && opening.life <= most) return {};
    return "open it for at least 1s and at most " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(most).count()) + "s (timers.max_call)";
}

std::string name_mistake(const Opening& opening) {
    const bool is_printable = std::ranges::all_of(opening.name, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    return !opening.name.empty() && opening.name.size() <= longest_name && is_printable
               ? ""
               : "a name has 1 to 63 visible ASCII characters";
}

std::string mistake_of(const Opening& opening, const policy::View& policy) {
    const bool is_rtp_pair = opening.component == Component::rtp;
    if (opening.protocol == Protocol::tcp && is_rtp_pair) return "RTCP has a port of its own over UDP only";
    if (is_rtp_pair && opening.local.port.value == UINT16_MAX) return "there is no next port for RTCP";
    for (const Endpoint& port : ports_of(opening))
        if (auto mistake = port_mistake(port, opening.protocol, policy); !mistake.empty()) return mistake;
    for (auto mistake : {senders_mistake(opening, policy), life_mistake(opening, policy), name_mistake(opening)})
        if (!mistake.empty()) return mistake;
    return {};
}

// Of RTCP beside its RTP: the next port of each sender, by the same convention (RFC 3550 11).
std::vector<Endpoint> senders(const Opening& opening, bool is_rtcp) {
    std::vector<Endpoint> from = opening.from;
    for (Endpoint& sender : from)
        if (is_rtcp && sender.port.value != 0) sender.port = port_after(sender.port, 1);
    return from;
}

Constraint constraint_of(const Opening& opening) {
    if (!opening.peer.empty()) return Constraint::networks;
    if (opening.from.empty()) return Constraint::any;
    const bool has_ports = std::ranges::any_of(opening.from, [](const Endpoint& from) { return from.port.value != 0; });
    return has_ports ? Constraint::peers : Constraint::addresses;
}

// Whatever the policy says of it.
std::vector<Claim> all_claims(const Opening& opening) {
    std::vector<Claim> claims;
    for (const Endpoint& port : ports_of(opening)) {
        const bool is_rtcp = port != opening.local;
        claims.push_back({.local = port,
                          .protocol = opening.protocol,
                          .component = is_rtcp ? Component::rtcp : opening.component,
                          .is_answered = true,
                          .is_media_checked = pinhole::is_rtp(opening.component),
                          .constraint = constraint_of(opening),
                          .peers = senders(opening, is_rtcp),
                          .is_srtp = true,
                          .never_sleeps = true});
    }
    return claims;
}

} // namespace

Result<Opening, std::string> checked(Opening opening, const policy::View& policy) {
    opening.local.address = policy.inside_of(opening.local.address);
    if (opening.protocol == Protocol::tcp && opening.component != Component::rtp) opening.component = Component::other;
    if (auto mistake = mistake_of(opening, policy); !mistake.empty()) return tl::make_unexpected(std::move(mistake));
    return opening;
}

std::vector<Endpoint> ports_of(const Opening& opening) {
    std::vector<Endpoint> ports{opening.local};
    if (opening.component == Component::rtp)
        ports.push_back({opening.local.address, port_after(opening.local.port, 1)});
    return ports;
}

std::vector<Claim> claims_of(const Opening& opening, const policy::View& policy) {
    const uint8_t zone = !opening.peer.empty()  ? zone_named(opening.peer, policy)
                         : opening.from.empty() ? 0
                                                : policy.zone_of(opening.from.front().address);
    if (!opening.peer.empty() && zone == 0) return {};
    std::vector<Claim> claims = all_claims(opening);
    std::erase_if(claims,
                  [&](const Claim& claim) { return !port_mistake(claim.local, claim.protocol, policy).empty(); });
    for (Claim& claim : claims) claim.zone = zone;
    return claims;
}

struct dialog_record record_of(const Opening& opening) {
    struct dialog_record record{};
    record.state = DIALOG_CONFIRMED;
    record.flags = DIALOG_BY_HAND;
    record.started_ns = pinhole::to_ns(opening.until - opening.life);
    record.started_s = static_cast<uint64_t>(opening.started_s);
    record.deadline_ns = pinhole::to_ns(opening.until);
    store(record.call_id, opening.name);
    store(record.from, opening.peer);
    const std::vector<Claim> claims = all_claims(opening);
    store_claims(claims, record);
    store_senders(claims, record);
    return record;
}

Opening opening_of(const struct dialog_record& record) {
    const pinhole::HoleKey key = pinhole::HoleKey::from(record.claims[0].key);
    Claim claim;
    load_senders(record, 0, claim);
    const auto until = pinhole::from_ns(record.deadline_ns);
    return {.name = load(record.call_id),
            .local = key.local,
            .protocol = key.protocol,
            .component = static_cast<Component>(record.claims[0].component),
            .peer = load(record.from),
            .from = std::move(claim.peers),
            .life = until - pinhole::from_ns(record.started_ns),
            .until = until,
            .started_s = static_cast<int64_t>(record.started_s)};
}

pinhole::LegId ByHand::open(const Opening& opening) {
    const pinhole::LegId id = hash_({"by hand", opening.name, opening.local.to_string(), to_string(opening.protocol)});
    if (all_.size() >= capacity && !all_.contains(id)) return 0;
    all_.insert_or_assign(id, opening);
    return id;
}

Opening ByHand::take(pinhole::LegId id) {
    const auto found = all_.extract(id);
    return found.empty() ? Opening{} : found.mapped();
}

std::vector<pinhole::LegId> ByHand::matching(const Closing& closing) const {
    std::vector<pinhole::LegId> ids;
    for (const auto& [id, opening] : all_)
        if ((closing.name.empty() || closing.name == opening.name) &&
            (!closing.local || *closing.local == opening.local) &&
            (!closing.protocol || *closing.protocol == opening.protocol))
            ids.push_back(id);
    return ids;
}

std::vector<pinhole::LegId> ByHand::expired(pinhole::TimePoint now) const {
    std::vector<pinhole::LegId> ids;
    for (const auto& [id, opening] : all_)
        if (opening.until <= now) ids.push_back(id);
    return ids;
}

} // namespace ringwall::dialog
