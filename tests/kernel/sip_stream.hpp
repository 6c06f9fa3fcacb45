// SPDX-License-Identifier: Apache-2.0
// A wall with a provider and telephones, whose SIP comes over TCP.
#pragma once

#include "tests/kernel/tcp_wall.hpp"

namespace ringwall::test {

inline const raw invite = text("INVITE sip:alice@example.com SIP/2.0\r\n\r\n");
inline const raw bye = text("BYE sip:alice@example.com SIP/2.0\r\n\r\n");
inline const raw ok = text("SIP/2.0 200 OK\r\n\r\n");

class SipStream : public TcpWall {
protected:
    void SetUp() override {
        TcpWall::SetUp();
        zone(zone_provider, ZONE_PEER | ZONE_SIP);
        zone(zone_phones, ZONE_SIP);
        for (const char* prefix : {"198.51.100.0/28", "2001:db8:99::/48"}) network(prefix, zone_provider);
        for (const char* prefix : {"203.0.113.0/24", "2001:db8:77::/48"}) network(prefix, zone_phones);
    }
    std::string connect(const Party& who, uint16_t port = 5060, uint8_t flags = syn) {
        return from(who, tcp{.dport = port, .flags = flags}, text(""));
    }
    std::string say(const Party& who, const raw& bytes) {
        return from(who, tcp{.dport = 5060, .flags = ack | push}, bytes);
    }
};

} // namespace ringwall::test
