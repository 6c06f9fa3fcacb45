// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/fake_maps.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include "maps/bans.hpp"

namespace ringwall::test {
namespace {

template <class T>
T value_of(const struct operation& operation) {
    T value;
    std::memcpy(&value, operation.value, sizeof value);
    return value;
}

template <class T>
T key_of(const struct operation& operation) {
    T key;
    std::memcpy(&key, operation.key, sizeof key);
    return key;
}

std::string name_of(const struct known_key& key) {
    return Endpoint{IpAddress::from(key.address), Port{static_cast<uint16_t>(key.port)}}.to_string();
}

struct known_key known_key_of(const std::string& name) {
    const size_t colon = name.rfind(':');
    const bool is_v6 = name.starts_with('[');
    const auto address = IpAddress::parse(std::string_view(name).substr(is_v6, colon - 2 * is_v6));
    return {address.value().abi(), static_cast<uint32_t>(std::stoul(name.substr(colon + 1)))};
}

// As the program does: its own count stays.
void put_known(struct known& found, const struct known& wanted) {
    found.until_ns = wanted.until_ns;
    found.flags = wanted.flags;
}

std::string_view phase_name(uint8_t phase) {
    static constexpr std::string_view names[] = {"?", "offered", "answered", "held", "draining", "closed"};
    return phase < std::size(names) ? names[phase] : names[0];
}

} // namespace

std::vector<struct operation> FakeMaps::apply(const pinhole::MapOps& ops) {
    for (const auto& [slot, set] : ops.peer_sets) peer_sets[slot] = set;
    std::vector<struct operation> failed;
    for (struct operation operation : ops.operations) {
        operation.result = carry_out(operation);
        if (operation.result != 0) failed.push_back(operation);
    }
    if (ops.ceilings) ceilings = *ops.ceilings;
    for (const auto& [id, record] : ops.put_dialogs) dialogs[id] = record;
    for (const uint64_t id : ops.delete_dialogs) dialogs.erase(id);
    return failed;
}

int FakeMaps::carry_out(const struct operation& operation) {
    const auto hole = pinhole::HoleKey::from(key_of<struct pinhole_key>(operation));
    switch (operation.code) {
        case OP_INSERT_PINHOLE: return insert(hole, operation);
        case OP_CHANGE_PINHOLE: return change(hole, operation);
        case OP_DELETE_PINHOLE:
            if (!pinholes.contains(hole)) return -ENOENT;
            if (pinhole::ControlWord::of(pinholes[hole].ctl).phase != PHASE_CLOSED) return -EBUSY;
            pinholes.erase(hole);
            return 0;
        case OP_PUT_KNOWN:
            put_known(known[name_of(key_of<struct known_key>(operation))], value_of<struct known>(operation));
            return 0;
        case OP_DELETE_KNOWN: return known.erase(name_of(key_of<struct known_key>(operation))) ? 0 : -ENOENT;
        case OP_PUT_LEARNED: learned[hole] = value_of<struct learned_port>(operation); return 0;
        case OP_PUT_EXTERNAL: externals[hole] = value_of<struct external>(operation); return 0;
        case OP_DELETE_EXTERNAL: return externals.erase(hole) == 1 ? 0 : -ENOENT;
        case OP_DELETE_LEARNED: return learned.erase(hole) ? 0 : -ENOENT;
        case OP_END_DIALOG:
            if (const auto found = dialogs.find(key_of<uint64_t>(operation)); found != dialogs.end()) {
                found->second.state = DIALOG_ENDED;
                found->second.deadline_ns = value_of<uint64_t>(operation);
            }
            return 0;
        case OP_CHANGE_DIALOG: {
            const auto found = dialogs.find(key_of<uint64_t>(operation));
            if (found == dialogs.end()) return -ENOENT;
            pinhole::change(found->second, operation);
            return 0;
        }
        case OP_PUT_BAN: bans[to_string(key_of<struct ban_key>(operation))] = value_of<struct ban>(operation); return 0;
        default: return -EINVAL;
    }
}

int FakeMaps::insert(const pinhole::HoleKey& key, const struct operation& operation) {
    if (pinholes.contains(key)) return -EEXIST;
    if (pinholes.size() >= capacity) return -E2BIG;
    pinholes[key] = value_of<struct pinhole>(operation);
    pinholes[key].last_in_ns = pinhole::to_ns(applied_at); // a new hole is awake
    return 0;
}

int FakeMaps::change(const pinhole::HoleKey& key, const struct operation& operation) {
    if (!pinholes.contains(key)) return -ENOENT;
    struct pinhole& hole = pinholes[key];
    const auto next = value_of<struct pinhole>(operation);
    const uint32_t fields = operation.fields;
    if (fields & FIELD_DEADLINE) hole.deadline_ns = next.deadline_ns;
    if (fields & FIELD_SOFT_DEADLINE) hole.soft_deadline_s = next.soft_deadline_s;
    if (fields & FIELD_IDLE) hole.idle_s = next.idle_s;
    if (fields & FIELD_PEER) hole.peer = next.peer;
    if (fields & FIELD_PAYLOAD_TYPES) std::memcpy(hole.payload_types, next.payload_types, sizeof hole.payload_types);
    if (fields & FIELD_UFRAG) hole.ufrag_hash = next.ufrag_hash;
    if (fields & FIELD_RELATCH) hole.latch = 0;
    if (fields & FIELD_PACKET_PERIOD) hole.packet_period_ns = next.packet_period_ns;
    if (fields & (FIELD_SSRC | FIELD_RELATCH)) hole.ssrc = 0;
    if (fields & FIELD_OWNER) hole.owner = next.owner;
    if (fields & FIELD_RESET) hole.packets = hole.bytes = hole.latch = hole.last_out_ns = hole.last_peer_ns = 0;
    if (fields & (FIELD_RESET | FIELD_WAKE)) hole.last_in_ns = pinhole::to_ns(applied_at);
    hole.ctl = next.ctl;
    return 0;
}

struct peer_set FakeMaps::peers_of(const struct pinhole& hole) const {
    const auto word = pinhole::ControlWord::of(hole.ctl);
    if (word.slot != 0) return peer_sets.at(word.slot);
    struct peer_set set{};
    set.count = word.names_peers() ? 1 : 0;
    set.peer[0] = hole.peer;
    return set;
}

pinhole::Present FakeMaps::present() const {
    pinhole::Present present;
    for (const auto& [key, hole] : pinholes) present.pinholes.push_back({key.abi(), hole, peers_of(hole)});
    present.dialogs.assign(dialogs.begin(), dialogs.end());
    for (const auto& [at, value] : known) present.known.emplace_back(known_key_of(at), value);
    for (const auto& [key, port] : learned) present.learned.emplace_back(key.abi(), port);
    for (const auto& [key, seen] : externals) present.externals.emplace_back(key.abi(), seen);
    return present;
}

std::vector<pinhole::PresentPinhole> FakeMaps::find(const std::vector<struct pinhole_key>& keys) const {
    std::vector<pinhole::PresentPinhole> found;
    for (const struct pinhole_key& key : keys)
        if (const auto hole = pinholes.find(pinhole::HoleKey::from(key)); hole != pinholes.end())
            found.push_back({key, hole->second, peers_of(hole->second)});
    return found;
}

void FakeMaps::media(const pinhole::HoleKey& key, bool inwards, std::chrono::steady_clock::time_point now) {
    struct pinhole& hole = pinholes.at(key);
    (inwards ? hole.last_in_ns : hole.last_out_ns) = pinhole::to_ns(now);
    hole.packets += inwards;
}

bool FakeMaps::exchange_latch(const Endpoint& local, bool to) {
    return std::exchange(pinholes.at({local, Protocol::udp}).latch, to ? 1 : 0) != 0;
}

std::string FakeMaps::holes() const {
    std::string all;
    for (const auto& [key, hole] : pinholes) {
        const auto word = pinhole::ControlWord::of(hole.ctl);
        static constexpr std::string_view constraints[] = {"?", "any", "networks", "peers", "addresses", "any"};
        if (!all.empty()) all += ' ';
        all += key.local.to_string() + (key.protocol == Protocol::tcp ? "/tcp/" : "/") +
               std::string(phase_name(word.phase));
        if (word.phase >= PHASE_DRAINING) continue;
        const struct peer_set peers = peers_of(hole);
        all += '/';
        if (peers.count == 0) all += constraints[word.constraint];
        for (uint32_t i = 0; i < peers.count; ++i) all += (i ? "," : "") + Endpoint::from(peers.peer[i]).to_string();
        if ((word.flags & PINHOLE_ICE) != 0 && hole.ufrag_hash != 0) all += "/ice";
    }
    return all;
}

} // namespace ringwall::test
