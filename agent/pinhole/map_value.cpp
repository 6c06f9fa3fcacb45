// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/map_value.hpp"

#include <algorithm>
#include <cstring>

#include "agent/pinhole/control_word.hpp"

namespace ringwall::pinhole {
namespace {

size_t count_of(const struct peer_set& peers) { return std::min<size_t>(peers.count, PEERS_PER_SET); }

std::vector<Endpoint> named_peers(const PresentPinhole& hole) {
    std::vector<Endpoint> peers;
    for (size_t i = 0; i < count_of(hole.peers); ++i) peers.push_back(Endpoint::from(hole.peers.peer[i]));
    return peers;
}

PayloadTypes payload_types_of(const struct pinhole& value) {
    return PayloadTypes(value.payload_types[1]) << 64 | PayloadTypes(value.payload_types[0]);
}

} // namespace

HoleKey HoleKey::from(const struct pinhole_key& crossed) {
    return {{IpAddress::from(crossed.address), Port{static_cast<uint16_t>(crossed.port_proto >> 16)}},
            static_cast<Protocol>(crossed.port_proto & 0xff)};
}

struct pinhole_key HoleKey::abi() const {
    return {local.address.abi(), uint32_t{local.port.value} << 16 | static_cast<uint32_t>(protocol)};
}

bool names(const PresentPinhole& hole, const std::vector<Endpoint>& peers) {
    return std::equal(peers.begin(), peers.end(), hole.peers.peer, hole.peers.peer + count_of(hole.peers),
                      [](const Endpoint& a, const struct peer& b) { return a == Endpoint::from(b); });
}

struct peer_set set_of(const std::vector<Endpoint>& peers) {
    struct peer_set set{};
    set.count = static_cast<uint32_t>(peers.size());
    for (size_t i = 0; i < peers.size(); ++i) set.peer[i] = peers[i].abi();
    return set;
}

void put_payload_types(const PayloadTypes& types, struct pinhole& value) {
    static const PayloadTypes lower_word(~0ULL);
    value.payload_types[0] = (types & lower_word).to_ullong();
    value.payload_types[1] = (types >> 64).to_ullong();
}

// Which of the agent's fields differ between what stands and what shall stand.
uint32_t changed_fields(const struct pinhole& now, const struct pinhole& next) {
    uint32_t fields = 0;
    if (now.deadline_ns != next.deadline_ns) fields |= FIELD_DEADLINE;
    if (now.soft_deadline_s != next.soft_deadline_s) fields |= FIELD_SOFT_DEADLINE;
    if (now.idle_s != next.idle_s) fields |= FIELD_IDLE;
    if (std::memcmp(&now.peer, &next.peer, sizeof now.peer) != 0) fields |= FIELD_PEER;
    if (std::memcmp(now.payload_types, next.payload_types, sizeof now.payload_types) != 0)
        fields |= FIELD_PAYLOAD_TYPES;
    if (now.packet_period_ns != next.packet_period_ns) fields |= FIELD_PACKET_PERIOD;
    if (now.owner != next.owner) fields |= FIELD_OWNER;
    if (now.ufrag_hash != next.ufrag_hash) fields |= FIELD_UFRAG;
    return fields;
}

Claim claim_of(const PresentPinhole& hole, uint8_t component, uint8_t media) {
    const ControlWord word = ControlWord::of(hole.value.ctl);
    Claim claim{.local = HoleKey::from(hole.key).local,
                .protocol = HoleKey::from(hole.key).protocol,
                .component = static_cast<Component>(component),
                .media = media,
                .is_answered = word.phase != PHASE_OFFERED,
                .is_held = word.phase == PHASE_HELD,
                .is_media_checked = (word.flags & PINHOLE_CHECK_MEDIA) != 0,
                .constraint = word.constraint == CONSTRAINT_ANY_LATCHED ? Constraint::any
                                                                        : static_cast<Constraint>(word.constraint),
                .zone = word.zone,
                .zone_substitutes = (word.flags & PINHOLE_ZONE_SUBSTITUTES) != 0,
                .peers = word.names_peers() ? named_peers(hole) : std::vector<Endpoint>{}};
    claim.payload_types = payload_types_of(hole.value);
    claim.ufrag_hash = hole.value.ufrag_hash;
    if (word.flags & PINHOLE_CONFORM_COUNT) claim.conformance = Conformance::count;
    if (word.flags & PINHOLE_CONFORM_ENFORCE) claim.conformance = Conformance::enforce;
    claim.is_one_source = (word.flags & PINHOLE_ONE_SOURCE) != 0;
    claim.is_srtp = (word.flags & PINHOLE_SRTP) != 0;
    claim.packet_period_ns = hole.value.packet_period_ns;
    return claim;
}

} // namespace ringwall::pinhole
