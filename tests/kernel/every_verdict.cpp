// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/every_verdict.hpp"

#include <bpf/bpf.h>

#include "maps/abi/meta.h"
#include "maps/abi/opaque.h"
#include "maps/reasons.hpp"
#include "tests/kernel/map_access.hpp"

namespace ringwall::test {
namespace {

constexpr size_t cut_at = 96; // of the IP payload: more than a first fragment must bring

Packet with(const Packet& headers, const Shot& shot) {
    if (shot.protocol == 6)
        return headers / tcp{.sport = shot.sport, .dport = shot.dport, .flags = shot.flags} / shot.payload;
    return headers / udp{.sport = shot.sport, .dport = shot.dport} / shot.payload;
}

// What stands behind the IP header of the shot's packet.
Bytes ip_payload(const Shot& shot) {
    const auto whole = with(eth / ip4{}, shot).bytes();
    return {whole.begin() + 34, whole.end()};
}

} // namespace

raw sip_message(const std::string& start) { return text(start + "\r\nX-Long: " + std::string(200, 'x') + "\r\n\r\n"); }
raw long_rtcp() { return bytes_of({0x80, 200, 0, 49}, 200); }
raw check_of(const std::string& username) {
    const auto length = static_cast<uint8_t>(username.size());
    auto message =
        bytes_of({0, 1, 0, 180, 0x21, 0x12, 0xa4, 0x42, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 6, 0, length}, 24);
    message.bytes.insert(message.bytes.end(), username.begin(), username.end());
    message.bytes.resize((message.bytes.size() + 3) / 4 * 4);
    message.bytes.resize(200);
    return message;
}

std::string Guise::name() const {
    static const char* const framing[] = {"plain", "one tag", "two tags"};
    return "IPv" + std::to_string(family) + ", " + framing[tags] + (is_cut ? ", in fragments" : "") +
           (is_monitored ? ", monitored" : "");
}

void EveryVerdict::SetUp() { Wall::SetUp(); }
void EveryVerdict::TearDown() {
    if (is_limiter_full_) change_all<limiter_set>(map("limiter"), LIMITER_SETS, [](auto& set) { set = {}; });
}

// As Wall::SetUp leaves it but for ports and rules, which a row has alike each time; and some hundred times as quick.
void EveryVerdict::start_over() {
    for (const char* name : {"pinholes", "refusals", "learned"}) clear<pinhole_key>(map(name));
    clear<known_key>(map("known"));
    clear<network_key>(map("networks"));
    forget_bans();
    renew_secret(); // nobody has sent or been sent anything
    for (uint32_t number : {zone_none, zone_provider, zone_phones, zone_strict}) zone(number, 0);
    settings().flags = guise_.is_monitored ? WALL_MONITOR : 0;
    apply_settings();
    heartbeat(0s);
    network("192.0.2.0/24", 0, NETWORK_PROTECTED);
    network("2001:db8:1::/48", 0, NETWORK_PROTECTED);
    for (const char* name : {"ring_inside", "ring_known", "ring_strangers"}) ring(name);
    drops_ = 0;
    is_denying_all_ = false;
}

void EveryVerdict::network_of(const Party& party, uint32_t zone, uint32_t flags) {
    network(address(party) + (guise_.family == 4 ? "/32" : "/128"), zone, flags);
}
void EveryVerdict::zone_with(uint32_t number, uint32_t flags, std::map<uint32_t, limit> limits) {
    zone(number, flags, std::move(limits));
}
void EveryVerdict::flag(uint32_t wall_flags) {
    is_denying_all_ |= (wall_flags & WALL_DENY_ALL) != 0;
    settings().flags |= wall_flags;
    apply_settings();
}
void EveryVerdict::hole(Hole like, const Party& named, void (*change)(struct pinhole&)) {
    like.local = address(inside);
    like.peer = address(named);
    auto value = value_of(like);
    if (change != nullptr) change(value);
    put_hole(like, value);
}
void EveryVerdict::rule_for(uint8_t protocol, uint16_t port) {
    ::rule value{.until_tai_ns = 0, .protocol = protocol, .port_count = 1};
    value.ports[0] = {port, port};
    rule(0, value, address(provider) + (guise_.family == 4 ? "/32" : "/128"),
         guise_.family == 4 ? "192.0.2.0/24" : "2001:db8:1::/48");
}
// Once a row: 8 MiB. What sources have in common without a way of their own stands at the end, and is empty each time.
void EveryVerdict::fill_limiter() {
    constexpr uint32_t first_shared = LIMITER_SETS - LIMITER_SHARED_SETS;
    for (uint32_t set = first_shared; set < LIMITER_SETS; ++set) put(map("limiter"), set, limiter_set{});
    if (std::exchange(is_limiter_full_, true)) return;
    // exponent 31: a unit is 2.1 s; 100 of them ahead is live for minutes
    const uint64_t live = uint64_t{0x7fffffff} << 32 | static_cast<uint32_t>((now_ns() >> 31) + 100);
    uint32_t number = 0;
    change_all<limiter_set>(map("limiter"), LIMITER_SETS, [&](auto& set) {
        for (auto& way : set.way) way = number < first_shared ? live : 0;
        ++number;
    });
}
void EveryVerdict::spend_opaque() {
    change_all<opaque_set>(map("opaque"), OPAQUE_SETS, [](auto& set) {
        for (auto& way : set.way) way.tat_ns = now_ns() + 2000000000;
    });
}

Packet EveryVerdict::to_ip(const Party& from, const Party& to) const {
    Packet packet{{eth}};
    if (guise_.tags == 2) packet = packet / vlan{0x88a8};
    if (guise_.tags > 0) packet = packet / vlan{.id = 0}; // a priority tag is one, too
    if (guise_.family == 4) return packet / ip4{.src = from.v4, .dst = to.v4};
    return packet / ip6{.src = from.v6, .dst = to.v6};
}
void EveryVerdict::send(const Shot& shot, int times) {
    const Guise as = std::exchange(guise_, {.family = guise_.family});
    for (int i = 0; i < times; ++i) passes(with(to_ip(shot.from, shot.to), shot).bytes());
    guise_ = as;
}
void EveryVerdict::leaves(const Shot& shot) {
    const Guise as = std::exchange(guise_, {.family = guise_.family});
    const auto verdict = out(with(to_ip(shot.from, shot.to), shot));
    EXPECT_EQ(verdict.substr(0, 8), "pass out") << verdict;
    guise_ = as;
}

Bytes EveryVerdict::frame_of(const Bytes& payload, uint8_t protocol, size_t begin, size_t end) const {
    const bool more = end < payload.size();
    const auto offset = static_cast<uint16_t>(begin / 8);
    const raw part{{payload.begin() + static_cast<long>(begin), payload.begin() + static_cast<long>(end)}};
    auto packet = to_ip(GetParam().shot.from, GetParam().shot.to);
    if (guise_.family == 6)
        return (packet / fragment6{.offset = offset, .more = more, .next = protocol} / part).bytes();
    auto& ip = std::get<ip4>(packet.layers.back());
    ip.fragment = static_cast<uint16_t>(offset | (more ? 0x2000 : 0));
    ip.protocol = protocol;
    return (packet / part).bytes();
}
Bytes EveryVerdict::piece(size_t begin, size_t end, bool more, uint8_t protocol) const {
    Bytes datagram = ip_payload({.payload = rtp(1, 992)});
    datagram.resize(more ? 1000 : end);
    return frame_of(datagram, protocol, begin, end);
}

void EveryVerdict::expect(const Bytes& frame, uint32_t reason) {
    const auto known = reason_text(reason);
    drops_ += known.is_drop;
    EXPECT_EQ(in(frame), (known.is_drop && !guise_.is_monitored ? "drop " : "pass ") + std::string(known.label));
}

// A later fragment has no ports: it goes with its first, where that passed. What addresses alone decide holds for it, too.
uint32_t EveryVerdict::reason_of_later() const {
    const Row& row = GetParam();
    const bool by_address = row.reason == REASON_spoofed_inside || is_denying_all_;
    if (by_address && reason_text(row.reason).is_drop) return row.reason;
    if (row.shot.to.v4 == elsewhere.v4 || !reason_text(row.reason).is_drop) return REASON_later_fragment;
    return is_limiter_full_ ? REASON_fragment_cap : REASON_fragment_unpaired;
}

void EveryVerdict::prepare_as(const Guise& guise) {
    guise_ = guise;
    start_over();
    GetParam().prepare(*this);
}

Bytes EveryVerdict::frame() const {
    const Row& row = GetParam();
    return row.frame != nullptr ? row.frame(*this) : with(to_ip(row.shot.from, row.shot.to), row.shot).bytes();
}

Endpoint EveryVerdict::source() const {
    return {IpAddress::parse(address(GetParam().shot.from)).value(), Port{GetParam().shot.sport}};
}
Endpoint EveryVerdict::destination() const {
    return {IpAddress::parse(address(GetParam().shot.to)).value(), Port{GetParam().shot.dport}};
}

void EveryVerdict::run_as(const Guise& guise) {
    SCOPED_TRACE(guise.name());
    prepare_as(guise);
    const Row& row = GetParam();
    const uint64_t monitored = event(EVENT_monitored);
    if (row.frame != nullptr || !guise.is_cut) {
        expect(frame(), row.reason);
    } else {
        const auto payload = ip_payload(row.shot);
        ASSERT_GT(payload.size(), cut_at + 8) << "too short to be cut";
        expect(frame_of(payload, row.shot.protocol, 0, cut_at), row.reason);
        expect(frame_of(payload, row.shot.protocol, cut_at, payload.size()), reason_of_later());
    }
    EXPECT_EQ(event(EVENT_monitored) - monitored, guise.is_monitored ? drops_ : 0);
}

} // namespace ringwall::test
