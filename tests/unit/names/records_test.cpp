// SPDX-License-Identifier: Apache-2.0
// Messages of name servers, byte for byte: what is taken from them, and that no cut or changed one reads past its end.
#include "agent/names/records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ringwall::names {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using Bytes = std::vector<unsigned char>;

void put(Bytes& into, uint32_t number, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) into.push_back(static_cast<unsigned char>(number >> (8 * i)));
}
Bytes name(std::string_view text) {
    Bytes bytes;
    while (!text.empty()) {
        const std::string_view label = text.substr(0, text.find('.'));
        put(bytes, static_cast<uint32_t>(label.size()), 1);
        bytes.insert(bytes.end(), label.begin(), label.end());
        text.remove_prefix(std::min(label.size() + 1, text.size()));
    }
    put(bytes, 0, 1);
    return bytes;
}
const Bytes to_question{0xc0, 12}; // a pointer to the name of the question

struct Record {
    int type;
    uint32_t ttl;
    Bytes data;
};

Bytes message(const std::vector<Record>& records) {
    Bytes bytes;
    for (const uint32_t number : {0x1234U, 0x8180U, 1U, static_cast<uint32_t>(records.size()), 0U, 0U})
        put(bytes, number, 2);
    for (const unsigned char byte : name("sip.example.net")) bytes.push_back(byte);
    put(bytes, 0x00010001, 4);
    for (const Record& record : records) {
        bytes.insert(bytes.end(), to_question.begin(), to_question.end());
        put(bytes, static_cast<uint32_t>(record.type), 2);
        put(bytes, 1, 2);
        put(bytes, record.ttl, 4);
        put(bytes, static_cast<uint32_t>(record.data.size()), 2);
        bytes.insert(bytes.end(), record.data.begin(), record.data.end());
    }
    return bytes;
}

Bytes srv(uint32_t port, const Bytes& target) {
    Bytes data;
    for (const uint32_t number : {10U, 60U, port}) put(data, number, 2);
    data.insert(data.end(), target.begin(), target.end());
    return data;
}

const Bytes v4{198, 51, 100, 7};
const Bytes v6{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};

TEST(Records, give_all_addresses_and_the_least_time_to_live) {
    const auto a = read_records(message({{1, 300, v4}, {1, 60, {198, 51, 100, 8}}}), Kind::a);
    ASSERT_TRUE(a);
    EXPECT_THAT(a->addresses, ElementsAre(IpAddress::v4(0xc6336407), IpAddress::v4(0xc6336408)));
    EXPECT_EQ(a->ttl, seconds(60));
    EXPECT_THAT(read_records(message({{28, 300, v6}}), Kind::aaaa)->addresses,
                ElementsAre(*IpAddress::parse("2001:db8::7")));
}

TEST(Records, count_an_alias_for_its_time_only) {
    const auto a = read_records(message({{5, 20, name("other.example.net")}, {1, 300, v4}, {28, 10, v6}}), Kind::a);
    ASSERT_TRUE(a);
    EXPECT_THAT(a->addresses, ElementsAre(IpAddress::v4(0xc6336407)));
    EXPECT_EQ(a->ttl, seconds(10));
}

TEST(Records, with_the_highest_bit_set_live_no_time) {
    EXPECT_EQ(read_records(message({{1, 0x80000000, v4}}), Kind::a)->ttl, seconds(0));
    EXPECT_EQ(read_records(message({{1, 0x7fffffff, v4}}), Kind::a)->ttl, seconds(86400)); // a day is enough
}

TEST(Records, of_a_service_name_its_targets_whatever_their_ports) {
    const auto found = read_records(message({{33, 300, srv(5060, name("a.example.net"))},
                                             {33, 30, srv(5080, to_question)},
                                             {33, 40, srv(0, name(""))}}),
                                    Kind::srv);
    ASSERT_TRUE(found);
    EXPECT_THAT(found->targets, ElementsAre("a.example.net", "sip.example.net"));
    EXPECT_EQ(found->ttl, seconds(30));
}

TEST(Records, that_cannot_be_read_to_their_end_are_none) {
    EXPECT_FALSE(read_records({}, Kind::a));
    EXPECT_FALSE(read_records(message({{1, 300, {1, 2, 3}}}), Kind::a));
    EXPECT_FALSE(read_records(message({{28, 300, v4}}), Kind::aaaa));
    EXPECT_FALSE(read_records(message({{33, 300, {0, 1, 0, 1, 0, 1}}}), Kind::srv));
    EXPECT_FALSE(read_records(message({{33, 300, srv(1, {0xc0, 0xff})}}), Kind::srv)); // a pointer past the end
    const Bytes whole = message({{1, 300, v4}, {33, 300, srv(5060, name("a.example.net"))}});
    for (size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(read_records(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)), Kind::srv))
            << size;
}

TEST(Records, never_read_past_the_end_whatever_the_bytes) {
    std::mt19937 random(7);
    const Bytes whole =
        message({{5, 20, name("b.example.net")}, {33, 300, srv(5060, name("a.example.net"))}, {28, 1, v6}});
    for (int round = 0; round < 20000; ++round) {
        Bytes changed = whole;
        for (unsigned i = 0; i <= random() % 4; ++i)
            changed[random() % changed.size()] = static_cast<unsigned char>(random());
        changed.resize(random() % 8 == 0 ? random() % changed.size() : changed.size());
        for (const Kind kind : {Kind::a, Kind::aaaa, Kind::srv}) {
            const auto read = read_records(changed, kind);
            EXPECT_LE(read ? read->addresses.size() : 0, 3U);
        }
    }
}

} // namespace
} // namespace ringwall::names
