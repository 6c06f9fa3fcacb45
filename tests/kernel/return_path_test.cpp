// SPDX-License-Identifier: Apache-2.0
// Steps 6 and 9: how long each sort of way back lasts, what renews it, and that it is one flow's and nobody else's.
#include <bpf/bpf.h>

#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

const raw options = text("OPTIONS sip:x SIP/2.0\r\n\r\n"), reg = text("REGISTER sip:x SIP/2.0\r\n\r\n"),
          invite = text("INVITE sip:x SIP/2.0\r\n\r\n"), ok = text("SIP/2.0 200 OK\r\n\r\n"), crlf = text("\r\n\r\n");

class ReturnPath : public Wall {
protected:
    std::string send(const raw& payload, uint16_t sport = 5060, uint16_t dport = 5070) {
        return out(eth / ip4{.src = "192.0.2.10", .dst = "203.0.113.5"} / udp{.sport = sport, .dport = dport} /
                   payload);
    }
    std::string answer(const raw& payload, uint16_t dport = 5060, uint16_t sport = 5070,
                       const std::string& source = "203.0.113.5") {
        return in(eth / ip4{.src = source} / udp{.sport = sport, .dport = dport} / payload);
    }
    // Makes every way that is open now end `by` earlier: time passes for them alone.
    void age(Duration by) {
        change_all<return_set>(map("return_paths"), RETURN_SETS, [by](return_set& set) {
            for (auto& way : set.way)
                if (way.until > now_ns()) way.until -= static_cast<uint64_t>(by.count()) & ~uint64_t{RETURN_SIP};
        });
    }
    void last(Duration media, Duration sip, Duration registration) {
        settings().return_path_ns = static_cast<uint64_t>(media.count());
        settings().sip_return_path_ns = static_cast<uint64_t>(sip.count());
        settings().register_return_path_ns = static_cast<uint64_t>(registration.count());
        apply_settings();
    }
    void SetUp() override {
        Wall::SetUp();
        last(120s, 300s, 3900s);
    }
};

TEST_F(ReturnPath, of_media_sip_and_registrations_last_apart) {
    EXPECT_EQ(send(rtp(), 40000, 30000), "pass out_flow");
    EXPECT_EQ(send(options, 5060), "pass out_sip");
    EXPECT_EQ(send(reg, 5061), "pass out_sip");
    const auto open = [&] { return std::vector{answer(rtp(), 40000, 30000), answer(ok, 5060), answer(invite, 5061)}; };
    const std::string media = "pass return_path", sip = "pass sip_return_path";
    EXPECT_EQ(open(), (std::vector{media, sip, sip}));
    age(60s); // a minute to either side of each edge: a slow machine is no other result
    EXPECT_EQ(open(), (std::vector{media, sip, sip}));
    age(120s); // 180 s
    EXPECT_EQ(open(), (std::vector<std::string>{"drop no_pinhole", sip, sip}));
    age(60s); // 240 s
    EXPECT_EQ(answer(ok), sip);
    age(120s); // 360 s
    EXPECT_EQ(answer(ok), "drop not_a_peer");
    EXPECT_EQ(answer(invite, 5061), sip); // the registrar may call for as long as the binding lives
    age(3480s);                           // 3840 s
    EXPECT_EQ(answer(invite, 5061), sip);
    age(120s);                                           // 3960 s
    EXPECT_EQ(answer(invite, 5061), "pass not_guarded"); // 5061 is no SIP port, and nobody's guarded port
}

TEST_F(ReturnPath, of_a_registration_is_not_shortened_by_what_follows) {
    EXPECT_EQ(send(reg), "pass out_sip");
    EXPECT_EQ(send(options), "pass out_sip");
    EXPECT_EQ(send(crlf), "pass out_sip");
    age(3840s);
    EXPECT_EQ(answer(invite), "pass sip_return_path");
    age(120s);
    EXPECT_EQ(answer(invite), "drop not_a_peer");
}

TEST_F(ReturnPath, is_renewed_by_crlf_and_stun_of_the_inside) {
    for (const raw& keepalive : {crlf, stun()}) {
        EXPECT_EQ(send(options), "pass out_sip");
        age(240s);
        EXPECT_EQ(send(keepalive), "pass out_sip");
        age(240s);
        EXPECT_EQ(answer(invite), "pass sip_return_path");
        age(120s);
        EXPECT_EQ(answer(invite),
                  "drop not_a_peer");               // neither that request nor any keepalive of the outside renewed it
        EXPECT_EQ(send(keepalive), "pass out_sip"); // too late: it renews, and begins nothing
        EXPECT_EQ(answer(invite), "drop not_a_peer");
    }
}

TEST_F(ReturnPath, is_renewed_by_nothing_that_comes_in) {
    EXPECT_EQ(send(options), "pass out_sip");
    age(240s);
    for (const raw& message : {ok, invite, crlf, stun(), reg}) EXPECT_EQ(answer(message), "pass sip_return_path");
    age(120s);
    EXPECT_EQ(answer(ok), "drop not_a_peer");
}

TEST_F(ReturnPath, is_of_one_flow_and_never_of_a_port_alone) {
    for (const raw& request : {options, reg}) {
        EXPECT_EQ(send(request), "pass out_sip");
        EXPECT_EQ(answer(ok), "pass sip_return_path");
        EXPECT_EQ(answer(ok, 5060, 5069), "drop not_a_peer");
        EXPECT_EQ(answer(ok, 5060, 5071), "drop not_a_peer");
        EXPECT_EQ(answer(ok, 5060, 5060), "drop not_a_peer"); // the SIP port, as source, proves nothing
        EXPECT_EQ(answer(ok, 5060, 5070, "203.0.113.4"), "drop not_a_peer");
        EXPECT_EQ(answer(ok, 5060, 5070, "203.0.113.6"), "drop not_a_peer");
        EXPECT_EQ(answer(ok, 12000), "drop no_pinhole");
        EXPECT_EQ(in(eth / ip4{.src = "203.0.113.5", .dst = "192.0.2.11"} / udp{.sport = 5070, .dport = 5060} / ok),
                  "drop not_a_peer");
    }
}

TEST_F(ReturnPath, holds_for_ipv6_alike) {
    const auto reply = [&](uint16_t sport, const std::string& source = "2001:db8:99::7") {
        return in(eth / ip6{.src = source} / udp{.sport = sport, .dport = 5060} / ok);
    };
    EXPECT_EQ(
        out(eth / ip6{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"} / udp{.sport = 5060, .dport = 5070} / reg),
        "pass out_sip");
    EXPECT_EQ(reply(5070), "pass sip_return_path");
    EXPECT_EQ(reply(5071), "drop not_a_peer");
    EXPECT_EQ(reply(5070, "2001:db8:99::8"), "drop not_a_peer");
    age(3840s);
    EXPECT_EQ(reply(5070), "pass sip_return_path");
    age(120s);
    EXPECT_EQ(reply(5070), "drop not_a_peer");
}

TEST_F(ReturnPath, is_not_needed_by_the_party_of_a_live_call) {
    EXPECT_EQ(answer(invite), "drop not_a_peer");
    known("203.0.113.5", 5070, KNOWN_PARTY);
    EXPECT_EQ(answer(text("BYE sip:x SIP/2.0\r\n\r\n")), "pass sip_return_path");
    EXPECT_EQ(answer(text("BYE sip:x SIP/2.0\r\n\r\n"), 5060, 5071), "drop not_a_peer");
    EXPECT_EQ(answer(text("BYE sip:x SIP/2.0\r\n\r\n"), 5060, 5070, "203.0.113.6"), "drop not_a_peer");
    EXPECT_EQ(answer(invite, 12000), "drop no_pinhole"); // SIP ports only
    known("203.0.113.5", 5070, KNOWN_REGISTRAR);
    EXPECT_EQ(answer(invite), "drop not_a_peer");
    known("203.0.113.5", 5070, KNOWN_PARTY, -1s);
    EXPECT_EQ(answer(invite), "drop not_a_peer");
}

} // namespace
} // namespace ringwall::test
