// SPDX-License-Identifier: Apache-2.0
// Made-up map contents for the documents: pinholes, dialogs, refusals, at a second of our own.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "agent/control/report.hpp"

namespace ringwall::control {

namespace json = boost::json;
using Refusals = std::vector<std::pair<struct pinhole_key, struct refusal>>;

inline constexpr uint64_t second = 1'000'000'000;
inline constexpr uint64_t now_ns = 1000 * second;
inline const Now now{std::chrono::steady_clock::time_point(std::chrono::nanoseconds(now_ns)), 1'800'000'000};

inline IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

inline const policy::View& view() {
    static const policy::View made(
        *policy::read("version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-60000 }\n"
                      "peers: [{ name: provider, networks: [198.51.100.0/24] }]\n"),
        policy::Facts{});
    return made;
}

inline struct pinhole_key key(std::string_view local, uint16_t port) {
    return {address(local).abi(), uint32_t{port} << 16 | static_cast<uint32_t>(Protocol::udp)};
}

inline struct peer peer(std::string_view remote, uint16_t port) { return Endpoint{address(remote), Port{port}}.abi(); }

struct Ctl {
    uint32_t phase = PHASE_ANSWERED, constraint = CONSTRAINT_PEERS, component = COMPONENT_RTP, zone = 1, media = 0;
    uint64_t word() const {
        return uint64_t{phase} << CTL_PHASE_SHIFT | uint64_t{constraint} << CTL_CONSTRAINT_SHIFT |
               uint64_t{component} << CTL_COMPONENT_SHIFT | uint64_t{zone} << CTL_ZONE_SHIFT |
               uint64_t{media} << CTL_MEDIA_SHIFT;
    }
};

inline pinhole::PresentPinhole hole(std::string_view local, uint16_t port, const Ctl& ctl, uint64_t leg = 7) {
    pinhole::PresentPinhole hole = {};
    hole.key = key(local, port);
    hole.value.ctl = ctl.word();
    hole.value.deadline_ns = now_ns + 117 * second + 234'000'000;
    hole.value.owner = leg;
    hole.peers.count = 1;
    hole.peers.peer[0] = peer("198.51.100.7", 30000);
    return hole;
}

inline struct dialog_record dialog(std::string_view call_id, std::vector<struct pinhole_key> claims) {
    struct dialog_record record = {};
    record.state = DIALOG_CONFIRMED;
    record.started_s = 1'799'999'000;
    record.outside = peer("198.51.100.1", 5060);
    call_id.copy(record.call_id, sizeof record.call_id);
    std::string_view("sip:alice@example.net").copy(record.from, sizeof record.from);
    std::string_view("sip:bob@example.com").copy(record.to, sizeof record.to);
    record.claim_count = static_cast<uint8_t>(claims.size());
    for (size_t i = 0; i < claims.size(); ++i) record.claims[i].key = claims[i];
    return record;
}

inline json::value only(const json::value& list) {
    EXPECT_EQ(list.as_array().size(), 1U);
    return list.as_array().at(0);
}

inline json::value only_hole(const pinhole::PresentPinhole& hole, const Refusals& refusals = {}) {
    pinhole::Present present;
    present.pinholes = {hole};
    return only(pinholes(present, refusals, view(), now));
}

inline struct refusal refused_from(std::string_view source, uint16_t reason = REASON_wrong_source) {
    struct refusal refusal = {};
    refusal.count = 12;
    refusal.last_ns = now_ns - 3 * second;
    refusal.last_source = peer(source, 4000);
    refusal.last_reason = reason;
    return refusal;
}

} // namespace ringwall::control
