// SPDX-License-Identifier: Apache-2.0
// Which SIP ports the inside names, and for which protocol. What is remembered of echoes is told by call scripts, but for
// floods of them.
#include "agent/dialog/outsiders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/unit/dialog/policy_view.hpp"

namespace ringwall::dialog {
namespace {

using testing::ElementsAre;
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

    // "protocol:port" of each port learned from an INVITE that leaves.
    std::vector<std::string> learned(Protocol carrier, const std::string& via, const std::string& contact) {
        const std::string text = "INVITE sip:198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/" + via +
                                 ";branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.10>;tag=1\r\nTo: <sip:b@198.51.100.1>\r\n"
                                 "Call-ID: 1\r\nCSeq: 1 INVITE\r\nContact: " +
                                 contact + "\r\nContent-Length: 0\r\n\r\n";
        sip::Message message;
        EXPECT_TRUE(sip::parse(text, message));
        const Datagram datagram{
            .outbound = true, .source = inside, .destination = outside, .protocol = carrier, .payload = text};
        outsiders.learn(message, datagram, counterpart_of(outside, policy), policy, TimePoint(std::chrono::hours(1)));
        std::vector<std::string> ports;
        pinhole::MapOps ops;
        outsiders.take_operations(ops);
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
    EXPECT_TRUE(outsiders.learned_ports().contains({inside.address, Port{7001}}));
    EXPECT_TRUE(outsiders.learned_ports().contains({inside.address, Port{7002}}));
    EXPECT_FALSE(outsiders.learned_ports().contains({inside.address, Port{7003}}));
}

// A REGISTER of the inside and the registrar's 200: whom they make a peer's.
class Joining : public testing::Test {
protected:
    const policy::View policy = policy_view("peers:\n  - { name: provider, networks: [sip.example.net] }\n");
    Outsiders outsiders{KeyedHash({1, 2})};
    TimePoint now{std::chrono::hours(1)};
    int cseq = 0;

    std::vector<Join> joins(const std::string& uri, const std::string& more_vias = "", int status = 200,
                            const std::string& expires = "600") {
        const std::string registrar = "198.51.100.9", inside = "192.0.2.10:5060";
        const std::string common =
            more_vias + "From: <sip:a@example.net>;tag=1\r\nTo: <sip:a@example.net>\r\nCall-ID: 1\r\nCSeq: " +
            std::to_string(++cseq) + " REGISTER\r\nContact: <sip:a@" + inside + ">;expires=" + expires +
            "\r\nContent-Length: 0\r\n\r\n";
        const std::string via = "Via: SIP/2.0/UDP " + inside + ";branch=z9hG4bK" + std::to_string(cseq) + "\r\n";
        const std::string asked = "REGISTER " + uri + " SIP/2.0\r\n" + via + common;
        const std::string answered = "SIP/2.0 " + std::to_string(status) + " x\r\n" + via + common;
        const Endpoint outside{*IpAddress::parse(registrar), Port{5060}};
        sip::Message message;
        EXPECT_TRUE(sip::parse(asked, message));
        outsiders.learn(message,
                        {.outbound = true,
                         .source = {*IpAddress::parse("192.0.2.10"), Port{5060}},
                         .destination = outside,
                         .payload = asked},
                        counterpart_of(outside, policy), policy, now);
        EXPECT_THAT(outsiders.take_joins(100), IsEmpty()) << "before anybody answered";
        EXPECT_TRUE(sip::parse(answered, message));
        outsiders.hear(message, {.source = outside, .destination = {*IpAddress::parse("192.0.2.10"), Port{5060}}},
                       policy, now);
        return outsiders.take_joins(100);
    }
    static Join join(int64_t seconds) {
        return {"sip.example.net", *IpAddress::parse("198.51.100.9"), std::chrono::seconds(seconds)};
    }
};

TEST_F(Joining, is_of_the_registrar_that_goes_by_a_peers_name) {
    EXPECT_THAT(joins("sip:SIP.example.net;transport=udp"), ElementsAre(join(600)));
    EXPECT_THAT(joins("sip:other.example.net"), IsEmpty());
    EXPECT_THAT(joins("sip:198.51.100.9"), IsEmpty());
    EXPECT_THAT(joins("tel:+1234"), IsEmpty());
}

TEST_F(Joining, takes_a_binding) {
    EXPECT_THAT(joins("sip:sip.example.net", "", 401), IsEmpty());
    EXPECT_THAT(joins("sip:sip.example.net", "", 403), IsEmpty());
    EXPECT_THAT(joins("sip:sip.example.net", "", 200, "0"), IsEmpty());
}

// A proxy inside hands on whatever somebody outside sends to it, and to wherever he says: his Vias may say anything.
TEST_F(Joining, is_by_a_registration_of_the_insides_own) {
    for (const char* via : {"203.0.113.66", "192.0.2.20;received=203.0.113.66", "203.0.113.66;received=192.0.2.20",
                            "192.0.2.20;maddr=203.0.113.66", "phone.local", "192.0.2.20"})
        EXPECT_THAT(joins("sip:sip.example.net", "Via: SIP/2.0/UDP " + std::string(via) + ";branch=z9hG4bKx\r\n"),
                    IsEmpty())
            << via;
}

TEST_F(Joining, is_of_where_the_name_leads) {
    EXPECT_THAT(joins("sip:sip.example.net;maddr=198.51.100.9"), IsEmpty());
    EXPECT_THAT(joins("sip:sip.example.net;lr;MADDR=198.51.100.9;transport=udp"), IsEmpty());
    EXPECT_THAT(joins("sip:sip.example.net;maddr"), IsEmpty());
    EXPECT_THAT(joins("sip:maddr=1;maddr=2@sip.example.net;transport=tcp"), ElementsAre(join(600)));
}

TEST_F(Joining, is_told_anew_a_minute_later_at_the_earliest) {
    EXPECT_THAT(joins("sip:sip.example.net"), ElementsAre(join(600)));
    now += std::chrono::seconds(59);
    EXPECT_THAT(joins("sip:sip.example.net"), IsEmpty());
    now += std::chrono::seconds(1);
    EXPECT_THAT(joins("sip:sip.example.net"), ElementsAre(join(600)));
}

TEST(Joins, are_bounded_and_forgotten) {
    Joins joins;
    const TimePoint now{std::chrono::hours(1)};
    for (uint32_t i = 0; i < Joins::capacity + 5; ++i)
        joins.note("a", IpAddress::v4(i), now + std::chrono::seconds(60), now);
    EXPECT_EQ(joins.take(8).size(), 8U);
    const auto rest = joins.take(2 * Joins::capacity);
    ASSERT_EQ(rest.size(), Joins::capacity - 8);
    EXPECT_EQ(rest.front().registrar, IpAddress::v4(8));
    joins.note("a", IpAddress::v4(Joins::capacity), now + std::chrono::seconds(60), now);
    EXPECT_THAT(joins.take(1), IsEmpty());
    joins.expire(now + std::chrono::seconds(60));
    joins.note("a", IpAddress::v4(Joins::capacity), now + std::chrono::seconds(120), now + std::chrono::seconds(60));
    EXPECT_EQ(joins.take(1).size(), 1U);
}

// An INVITE from outside without an answer names one inside endpoint each time.
class Echoes : public Learning {
protected:
    const TimePoint now{std::chrono::hours(1)};

    static sip::Message invite(const std::string& text) {
        sip::Message message;
        EXPECT_TRUE(sip::parse(text, message));
        return message;
    }
    static std::string text_of(const std::string& call_id) {
        return "INVITE sip:192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.66;branch=z9hG4bK1\r\n"
               "From: <sip:e@203.0.113.66>;tag=1\r\nTo: <sip:b@192.0.2.10>\r\nCall-ID: " +
               call_id + "\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    }
    Endpoint at(size_t port) const { return {inside.address, Port{static_cast<uint16_t>(port)}}; }
    static uint64_t transaction(size_t number) { return number << 8; } // its kinds have the lowest bits
    void named(size_t number, const Endpoint& endpoint) {
        const std::string text = text_of(std::to_string(number));
        outsiders.note_names(invite(text), transaction(number), inside.address,
                             {.free = {endpoint}, .claimed = {}, .by = Described::By::anybody}, policy, now);
    }
    bool is_echo(const Endpoint& endpoint, const std::string& call_id) {
        return outsiders.is_echo(endpoint, call_id, false, now);
    }
};

TEST_F(Echoes, of_what_nobody_answers_keep_the_latest_few_from_other_calls) {
    for (size_t i = 0; i <= Outsiders::most_of_the_latest; ++i) named(i, at(10000 + i));
    EXPECT_FALSE(is_echo(at(10000), "other"));
    EXPECT_TRUE(is_echo(at(10000), "0")) << "its own Call-ID";
    EXPECT_TRUE(is_echo(at(10001), "other"));
    EXPECT_TRUE(is_echo(at(10000 + Outsiders::most_of_the_latest), "other"));
}

// These are kept for longer.
TEST_F(Echoes, of_what_nobody_answers_outlast_any_number_of_strays) {
    named(0, at(10000));
    Described stray{.free = {}, .claimed = {}, .by = Described::By::nobody};
    for (size_t port = 0; port < 128; ++port) stray.free.push_back(at(20000 + port));
    for (size_t i = 1; i <= EchoMemory::most_kept / stray.free.size() + 1; ++i)
        outsiders.note_names(invite(text_of("stray" + std::to_string(i))), transaction(i), inside.address, stray,
                             policy, now);
    for (size_t i = 0; i < Outsiders::most_of_the_latest; ++i) named(1000 + i, at(10001 + i));
    EXPECT_FALSE(is_echo(at(10000), "other"));
    EXPECT_TRUE(is_echo(at(10000), "0"));
    EXPECT_TRUE(is_echo(at(20000), "stray500"));
    EXPECT_FALSE(is_echo(at(20000), "other"));
}

TEST_F(Echoes, of_one_transaction_are_not_forgotten_by_the_answer_to_another) {
    for (const char* status : {"100 Trying", "483 Too Many Hops"}) {
        named(0, at(10000));
        const std::string text = text_of("0");
        outsiders.note_names(invite(text), transaction(1), inside.address,
                             {.free = {at(10001)}, .claimed = {}, .by = Described::By::anybody}, policy, now);
        for (size_t i = 0; i < Outsiders::most_of_the_latest; ++i) named(1000 + i, at(10002 + i));
        const std::string answer = "SIP/2.0 " + std::string(status) + text.substr(text.find('\r'));
        outsiders.note_answer(invite(answer), transaction(1), now);
        EXPECT_TRUE(is_echo(at(10000), "0")) << status;
        EXPECT_FALSE(is_echo(at(10000), "other")) << status;
    }
}

TEST_F(Echoes, count_for_every_call_once_somebody_answers) {
    for (size_t i = 0; i <= Outsiders::most_of_the_latest; ++i) named(i, at(10000 + i));
    std::string text = text_of("0");
    text.replace(0, text.find('\r'), "SIP/2.0 100 Trying");
    outsiders.note_answer(invite(text), transaction(0), now);
    EXPECT_TRUE(is_echo(at(10000), "other"));
}

} // namespace
} // namespace ringwall::dialog
