// SPDX-License-Identifier: Apache-2.0
// Step 5c, what pays nothing: copies of a request that passed, and the REGISTER that answers a challenge. What pays a bucket
// of its own: known sources. And what pays twice: everyone, where his zone or peer has a total.
#include <bpf/bpf.h>

#include <algorithm>
#include <array>

#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

struct Place {
    std::string address;
    uint16_t port = 5060;
};

class Excuse : public Wall, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        Wall::SetUp();
        fill_excuses();
        network("203.0.113.0/24", zone_phones);
        network("2001:db8:77::/48", zone_phones);
        limits({{CLASS_REGISTER, hourly(1)}, {CLASS_INVITE, hourly(1)}});
    }
    bool is_v4() const { return std::string_view(GetParam()) == "IPv4"; }
    std::string pbx() const { return is_v4() ? "192.0.2.10" : "2001:db8:1::10"; }
    Place phone(int number = 5, uint16_t port = 5060) const { // IPv6: each in a /64 of its own
        return {(is_v4() ? "203.0.113." : "2001:db8:77:") + std::to_string(number) + (is_v4() ? "" : "::1"), port};
    }
    Packet ip(const std::string& source, const std::string& destination) const {
        if (is_v4()) return eth / ip4{.src = source, .dst = destination};
        return eth / ip6{.src = source, .dst = destination};
    }
    void limits(std::map<uint32_t, limit> limits, uint32_t flags = ZONE_SIP) { zone(zone_phones, flags, limits); }
    std::string send(const Place& from, const raw& message) {
        return in(ip(from.address, pbx()) / udp{.sport = from.port, .dport = 5060} / message);
    }
    void answer(const Place& to, const std::string& status) {
        EXPECT_EQ(
            out(ip(pbx(), to.address) / udp{.sport = 5060, .dport = to.port} / text("SIP/2.0 " + status + "\r\n\r\n")),
            "pass out_sip");
    }
    static raw request(const std::string& method, size_t length = 400) {
        static int number = 0;
        std::string message = method + " sip:pbx SIP/2.0\r\nCSeq: " + std::to_string(++number) + " " + method + "\r\n";
        message.resize(length, 'x');
        return text(message);
    }
    static raw reg() { return request("REGISTER"); }
    // All that is excused became so just that long ago, however slow the machine that runs this.
    void passed_ago(std::chrono::nanoseconds time) {
        constexpr auto tick = int64_t{1} << EXCUSE_TICK; // rounded up: the packets' clock is late by up to one
        const auto ticks = static_cast<uint64_t>((time.count() + tick - 1) / tick);
        const auto sets = get_all<excuse_set>(map("excuses"), EXCUSE_SETS); // slow where a machine is emulated
        for (uint32_t index = 0; index < EXCUSE_SETS; ++index) {
            excuse_set set = sets[index];
            if (std::ranges::all_of(set.way, [](uint64_t way) { return way == 0; })) continue;
            const uint64_t until = (now_ns() >> EXCUSE_TICK) + EXCUSE_LIFE - ticks;
            for (auto& way : set.way) {
                const bool is_challenge =
                    (way >> 12 & 15) >= EXCUSE_CHALLENGE; // with the clock's upper bits for a mark
                if (way != 0) way = (way & ~uint64_t{0xfff}) | (until & 0xfff);
                if (is_challenge) way = (way & ~uint64_t{0xffff0000}) | (until >> 12 & 0xffff) << 16;
            }
            put(map("excuses"), index, set);
        }
    }
    int fresh_passed_of(int count, const Place& from) {
        int passed = 0;
        for (int i = 0; i < count; ++i) passed += send(from, reg()) == "pass sip";
        return passed;
    }
};

// RFC 3261 section 17.1.2.2, after the first: T1 doubles up to T2. The last is a little early, for then it all ends.
constexpr std::array<std::chrono::milliseconds, EXCUSED_COPIES> timer_e{500ms,   1500ms,  3500ms,  7500ms,  11500ms,
                                                                        15500ms, 19500ms, 23500ms, 27500ms, 30s};

TEST_P(Excuse, ten_copies_of_what_passed_are_free_when_they_are_due) {
    const raw first = request("INVITE");
    EXPECT_EQ(send(phone(), first), "pass sip");
    std::chrono::milliseconds last{0};
    for (const auto time : timer_e) {
        passed_ago(last);
        EXPECT_EQ(send(phone(), first), "drop rate_limited") << time.count();
        passed_ago(time);
        EXPECT_EQ(send(phone(), first), "pass sip") << time.count();
        last = time;
    }
    EXPECT_EQ(event(EVENT_free_copies), uint64_t{EXCUSED_COPIES});
    EXPECT_EQ(send(phone(), first), "drop rate_limited");
    EXPECT_EQ(send(phone(), request("INVITE")), "drop rate_limited");
}

TEST_P(Excuse, a_copy_is_free_before_the_limit_is_reached) {
    limits({{CLASS_REGISTER, hourly(3)}});
    const raw first = reg();
    EXPECT_EQ(send(phone(), first), "pass sip");
    passed_ago(500ms);
    EXPECT_EQ(send(phone(), first), "pass sip");
    EXPECT_EQ(fresh_passed_of(5, phone()), 2);
}

TEST_P(Excuse, a_copy_of_yesterdays_request_pays) {
    const raw first = reg();
    EXPECT_EQ(send(phone(), first), "pass sip");
    passed_ago(33s);
    EXPECT_EQ(send(phone(), first), "drop rate_limited");
}

TEST_P(Excuse, a_copy_is_one_in_every_byte_and_from_the_same_place) {
    struct Case {
        Place first_from, then_from;
        raw first, then;
        std::string verdict;
    };
    std::vector<Case> cases;
    for (const size_t length : {60U, 399U, 400U, 401U, 2047U, 2048U}) {
        const auto add = [&](uint16_t port, auto change, const char* verdict) {
            const Place from = phone(static_cast<int>(cases.size()) + 10);
            const raw first = request("INVITE", length);
            raw then = first;
            change(then.bytes);
            cases.push_back({from, {from.address, port}, first, then, verdict});
        };
        for (const size_t at : {size_t{20}, length / 2, length - 1})
            add(5060, [at](Bytes& bytes) { bytes[at] = '#'; }, "drop rate_limited");
        add(5060, [](Bytes& bytes) { bytes.pop_back(); }, "drop rate_limited");
        add(5061, [](Bytes&) {}, "drop rate_limited");
        add(5060, [](Bytes&) {}, "pass sip");
    }
    for (const Case& one : cases) EXPECT_EQ(send(one.first_from, one.first), "pass sip");
    passed_ago(500ms);
    for (size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(send(cases[i].then_from, cases[i].then), cases[i].verdict) << i;
}

// Without a checksum every datagram of its length looks like a copy until it is hashed: that, too, is bounded by ten.
TEST_P(Excuse, looking_at_forged_copies_uses_up_the_ten) {
    const raw first = reg();
    EXPECT_EQ(send(phone(), first), "pass sip");
    for (const auto time : timer_e) {
        passed_ago(time);
        EXPECT_EQ(send(phone(), reg()), "drop rate_limited");
    }
    EXPECT_EQ(send(phone(), first), "drop rate_limited");
}

TEST_P(Excuse, copies_pay_the_zones_total) {
    total(zone_phones, CLASS_REGISTER, hourly(2));
    const raw first = reg();
    EXPECT_EQ(send(phone(), first), "pass sip");
    passed_ago(500ms);
    EXPECT_EQ(send(phone(), first), "pass sip");
    passed_ago(1500ms);
    EXPECT_EQ(send(phone(), first), "drop total_limited");
}

TEST_P(Excuse, what_is_longer_than_the_bound_pays_each_time) {
    const raw first = request("INVITE", EXCUSE_BYTES + 1);
    EXPECT_EQ(send(phone(), first), "pass sip");
    passed_ago(500ms);
    EXPECT_EQ(send(phone(), first), "drop rate_limited");
}

TEST_P(Excuse, what_was_refused_has_no_free_copies) {
    const raw first = reg(), second = reg();
    EXPECT_EQ(send(phone(), first), "pass sip");
    EXPECT_EQ(send(phone(), second), "drop rate_limited");
    passed_ago(500ms);
    EXPECT_EQ(send(phone(), second), "drop rate_limited");
}

TEST_P(Excuse, a_full_set_makes_its_sources_pay_and_nobody_else) {
    excuse_set full{};
    const auto until = static_cast<uint64_t>((now_ns() >> EXCUSE_TICK) + EXCUSE_LIFE) & 0xfff;
    for (auto& way : full.way) way = uint64_t{0x12345678} << 32 | 0xabcdU << 16 | until;
    fill_excuses(full);
    const raw first = reg();
    EXPECT_EQ(send(phone(), first), "pass sip");
    passed_ago(500ms);
    EXPECT_EQ(send(phone(), first), "drop rate_limited");
    fill_excuses();
}

TEST_P(Excuse, a_register_that_answers_a_challenge_is_free_once) {
    EXPECT_EQ(fresh_passed_of(2, phone()), 1);
    answer(phone(), "401 Unauthorized");
    EXPECT_EQ(fresh_passed_of(3, phone()), 1);
    EXPECT_EQ(event(EVENT_free_registers), 1U);
    answer(phone(), "401 Unauthorized"); // to the one that was free: a guesser goes on no faster
    EXPECT_EQ(fresh_passed_of(3, phone()), 0);
}

TEST_P(Excuse, a_register_that_answers_a_challenge_pays_the_total) {
    for (const uint32_t flags : {uint32_t{ZONE_SIP}, uint32_t{ZONE_SIP | ZONE_PEER}}) {
        const int host = flags & ZONE_PEER ? 10 : 5;
        limits({{CLASS_REGISTER, hourly(1)}}, flags);
        total(zone_phones, CLASS_REGISTER, hourly(flags & ZONE_PEER ? 6 : 3));
        EXPECT_EQ(fresh_passed_of(1, phone(host)), 1);
        EXPECT_EQ(fresh_passed_of(1, phone(host + 1)), 1);
        answer(phone(host), "401 Unauthorized");
        EXPECT_EQ(fresh_passed_of(1, phone(host)), 1); // by the challenge: the third of the total
        answer(phone(host + 1), "401 Unauthorized");
        EXPECT_EQ(send(phone(host + 1), reg()), "drop total_limited"); // over its own, by its challenge over the total
        EXPECT_EQ(send(phone(host + 1), reg()), "drop rate_limited");
    }
}

TEST_P(Excuse, each_phone_behind_an_address_has_its_own_challenge) {
    limits({{CLASS_REGISTER, hourly(200)}, {CLASS_INVITE, hourly(1)}});
    int passed = 0;
    for (uint16_t port = 1024; port < 1224; ++port) passed += send(phone(5, port), reg()) == "pass sip";
    EXPECT_EQ(passed, 200);
    for (uint16_t port = 1024; port < 1224; ++port) answer(phone(5, port), "407 Proxy Authentication Required");
    passed = 0;
    for (uint16_t port = 1024; port < 1224; ++port) passed += send(phone(5, port), reg()) == "pass sip";
    EXPECT_GE(passed, 199); // nine in one set of 65,536: about once in a million such offices
    EXPECT_EQ(send(phone(5, 1300), reg()), "drop rate_limited");
    EXPECT_EQ(send(phone(5, 1024), request("INVITE")), "pass sip"); // pays by itself
    EXPECT_EQ(send(phone(5, 1025), request("INVITE")), "drop rate_limited");
}

TEST_P(Excuse, a_challenge_of_anything_but_a_register_that_paid_excuses_none) {
    limits({{CLASS_REGISTER, hourly(1)}});
    EXPECT_EQ(fresh_passed_of(2, phone()), 1);
    for (uint16_t port = 1024; port < 1036; ++port) {
        EXPECT_EQ(send(phone(5, port), request("SUBSCRIBE")), "pass sip");
        answer(phone(5, port), "401 Unauthorized");
        EXPECT_EQ(send(phone(5, port), reg()), "drop rate_limited");
    }
}

TEST_P(Excuse, a_challenge_does_not_come_to_life_again) {
    EXPECT_EQ(fresh_passed_of(2, phone()), 1);
    answer(phone(), "401 Unauthorized");
    passed_ago(555s); // the short clock of a way shows 5 s
    EXPECT_EQ(fresh_passed_of(1, phone()), 0);
    EXPECT_EQ(event(EVENT_free_registers), 0U);
}

TEST_P(Excuse, other_answers_are_no_challenge) {
    EXPECT_EQ(fresh_passed_of(2, phone()), 1);
    for (const char* status : {"200 OK", "403 Forbidden", "404 Not Found", "400 Bad", "4011 x", "100 Trying"})
        answer(phone(), status);
    EXPECT_EQ(fresh_passed_of(3, phone()), 0);
}

TEST_P(Excuse, a_known_source_has_a_bucket_beside_its_neighbours) {
    limits({{CLASS_REGISTER, hourly(3)}});
    EXPECT_EQ(fresh_passed_of(5, phone(5, 1024)), 3); // a stranger has spent the address's
    known(phone().address, 2048, KNOWN_REGISTERED);
    EXPECT_EQ(fresh_passed_of(5, phone(5, 2048)), 3);
    EXPECT_EQ(fresh_passed_of(5, phone(5, 2049)), 0);
    known(phone().address, 2048, KNOWN_REGISTERED, -1s);
    known(phone(6).address, 0, KNOWN_REGISTRAR);
    EXPECT_EQ(fresh_passed_of(9, phone(6)), 6);
}

TEST_P(Excuse, a_zones_total_cuts_its_strangers_and_not_who_is_known) {
    limits({{CLASS_REGISTER, hourly(2)}});
    total(zone_phones, CLASS_REGISTER, hourly(5));
    int passed = 0;
    for (int host = 10; host < 20; ++host) passed += fresh_passed_of(1, phone(host));
    EXPECT_EQ(passed, 5);
    EXPECT_EQ(send(phone(30), reg()), "drop total_limited");
    EXPECT_EQ(send(phone(30), request("INVITE")), "pass sip");
    known(phone(31).address, 5060, KNOWN_PARTY);
    EXPECT_EQ(send(phone(31), reg()), "drop total_limited"); // a call earns no trust
    known(phone(31).address, 5060, KNOWN_REGISTERED);
    EXPECT_EQ(send(phone(31), reg()), "pass sip");
    limits({{CLASS_REGISTER, hourly(2)}}, ZONE_SIP | ZONE_PEER);
    total(zone_phones, CLASS_REGISTER, hourly(5));
    EXPECT_EQ(send(phone(31), reg()), "drop total_limited"); // a peer's holds for all of it
}

TEST_P(Excuse, a_source_over_its_own_limit_spends_no_total) {
    total(zone_phones, CLASS_REGISTER, hourly(2));
    EXPECT_EQ(fresh_passed_of(50, phone(5)), 1);
    EXPECT_EQ(fresh_passed_of(50, phone(6)), 1);
    EXPECT_EQ(send(phone(7), reg()), "drop total_limited");
}

TEST_P(Excuse, a_class_with_a_total_alone_is_limited_by_it) {
    limits({});
    total(zone_phones, CLASS_REGISTER, hourly(4));
    EXPECT_EQ(fresh_passed_of(9, phone()), 4);
}

INSTANTIATE_TEST_SUITE_P(OfBothFamilies, Excuse, testing::Values("IPv4", "IPv6"),
                         [](const auto& family) { return std::string(family.param); });

} // namespace
} // namespace ringwall::test
