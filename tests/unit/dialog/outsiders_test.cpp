// SPDX-License-Identifier: Apache-2.0
// Which SIP ports the inside names, and for which protocol. What is remembered of echoes is told by call scripts.
#include "agent/dialog/outsiders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace ringwall::dialog {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Learning : public testing::Test {
protected:
    const policy::View policy{
        policy::read("version: 1\nmode: enforce\noutside: [eth0]\nprotect: { networks: [192.0.2.0/24], media_ports: "
                     "10000-20000 }\nsip: { udp: [5060], tcp: [5060, 5080] }\n")
            .value(),
        {}};
    Outsiders outsiders{KeyedHash({1, 2})};
    const Endpoint inside{*IpAddress::parse("192.0.2.10"), Port{40000}},
        outside{*IpAddress::parse("198.51.100.1"), Port{5060}};

    // "protocol:port" of each port learned from an OPTIONS that leaves.
    std::vector<std::string> learned(Protocol carrier, const std::string& via, const std::string& contact) {
        const std::string text = "OPTIONS sip:198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/" + via +
                                 ";branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.10>;tag=1\r\nTo: <sip:b@198.51.100.1>\r\n"
                                 "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContact: " +
                                 contact + "\r\nContent-Length: 0\r\n\r\n";
        sip::Message message;
        EXPECT_TRUE(sip::parse(text, message));
        const Datagram datagram{
            .outbound = true, .source = inside, .destination = outside, .protocol = carrier, .payload = text};
        outsiders.learn(message, datagram, counterpart_of(outside, policy), policy, TimePoint(std::chrono::hours(1)));
        std::vector<std::string> ports;
        pinhole::MapOps ops;
        outsiders.parties().take_operations(ops);
        for (const struct operation& operation : ops.operations) {
            struct pinhole_key key;
            std::memcpy(&key, operation.key, sizeof key);
            const auto hole = pinhole::HoleKey::from(key);
            ports.push_back(std::string(to_string(hole.protocol)) + ":" + std::to_string(hole.local.port.value));
        }
        return ports;
    }
};

TEST_F(Learning, goes_by_the_transport_of_via_and_contact) {
    EXPECT_THAT(learned(Protocol::tcp, "TCP 192.0.2.10:7001", "<sip:a@192.0.2.10:7002;transport=tcp>"),
                UnorderedElementsAre("tcp:7001", "tcp:7002"));
    EXPECT_THAT(learned(Protocol::tcp, "UDP 192.0.2.10:7003", "<sip:a@192.0.2.10:7004;transport=udp>"),
                UnorderedElementsAre("udp:7003", "udp:7004"));
}

TEST_F(Learning, takes_a_contact_without_transport_for_udp_and_for_what_carried_it) {
    EXPECT_THAT(learned(Protocol::udp, "UDP 192.0.2.10:7001", "<sip:a@192.0.2.10:7002>"),
                UnorderedElementsAre("udp:7001", "udp:7002"));
    EXPECT_THAT(learned(Protocol::tcp, "TCP 192.0.2.10:7003", "<sip:a@192.0.2.10:7004>"),
                UnorderedElementsAre("tcp:7003", "udp:7004", "tcp:7004"));
}

TEST_F(Learning, passes_over_what_nobody_reads_and_what_is_configured) {
    EXPECT_THAT(learned(Protocol::tcp, "TLS 192.0.2.10:7001", "<sip:a@192.0.2.10:7002;transport=tls>"), IsEmpty());
    EXPECT_THAT(learned(Protocol::tcp, "WS 192.0.2.10:7001", "<sip:a@192.0.2.10:7002;transport=ws>"), IsEmpty());
    EXPECT_THAT(learned(Protocol::tcp, "TCP 192.0.2.10:5080", "<sip:a@192.0.2.10;transport=TCP>"), IsEmpty());
    EXPECT_THAT(learned(Protocol::tcp, "UDP 192.0.2.10", "<sip:a@192.0.2.10:5080;transport=udp>"),
                UnorderedElementsAre("udp:5080")); // configured for TCP only
}

TEST_F(Learning, knows_its_own_ports_of_either_protocol) {
    learned(Protocol::tcp, "TCP 192.0.2.10:7001", "<sip:a@192.0.2.10:7002;transport=udp>");
    EXPECT_TRUE(outsiders.parties().has_learned({inside.address, Port{7001}}));
    EXPECT_TRUE(outsiders.parties().has_learned({inside.address, Port{7002}}));
    EXPECT_FALSE(outsiders.parties().has_learned({inside.address, Port{7003}}));
}

} // namespace
} // namespace ringwall::dialog
