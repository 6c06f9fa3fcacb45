// SPDX-License-Identifier: Apache-2.0
// ringwall_apply: each operation, what it changes and what it leaves to the packet path, and its refusals.
#include <bpf/bpf.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>

#include "maps/abi/dialog.h"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

template <typename Key, typename Value>
operation make(uint32_t code, const Key& key, const Value& value, uint32_t fields = 0) {
    operation op{.code = code, .result = 99, .fields = fields};
    std::memcpy(op.key, &key, sizeof key);
    std::memcpy(op.value, &value, sizeof value);
    return op;
}

class Apply : public Wall {
protected:
    // The map of records is every test's.
    void TearDown() override {
        for (const uint64_t leg : {7U, 8U}) bpf_map_delete_elem(map("dialogs"), &leg);
    }
    int32_t one(const operation& op) {
        std::vector<operation> operations{op};
        EXPECT_EQ(apply(operations), 0);
        return operations[0].result;
    }
    int32_t insert(const Hole& hole) {
        return one(make(OP_INSERT_PINHOLE, key_of(hole.local, hole.port), value_of(hole)));
    }
    int32_t change(const Hole& to, uint32_t fields) {
        return one(make(OP_CHANGE_PINHOLE, key_of(to.local, to.port), value_of(to), fields));
    }
    int32_t remove(const Hole& hole) { return one(make(OP_DELETE_PINHOLE, key_of(hole.local, hole.port), 0)); }
    std::string media(const std::string& source = "198.51.100.7") {
        return in(eth / ip4{.src = source} / udp{} / rtp());
    }
};

TEST_F(Apply, inserts_a_hole_once) {
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(insert({}), 0);
    EXPECT_EQ(media(), "pass pinhole_rtp");
    EXPECT_EQ(insert({.peer = "203.0.113.1"}), -EEXIST);
    EXPECT_EQ(media(), "pass pinhole_rtp");
}

TEST_F(Apply, inserts_a_hole_awake) {
    auto value = value_of({.constraint = CONSTRAINT_ANY});
    value.last_in_ns = 0;
    EXPECT_EQ(one(make(OP_INSERT_PINHOLE, key_of("192.0.2.10", 40000), value)), 0);
    EXPECT_EQ(media(), "pass pinhole_rtp");
}

TEST_F(Apply, says_when_the_map_is_full) {
    std::vector<operation> operations;
    int32_t result = 0;
    for (uint16_t port = 40000; port < 42000 && result == 0; ++port) result = insert({.port = port});
    EXPECT_EQ(result, -E2BIG);
}

TEST_F(Apply, lets_new_peers_speak_at_once) {
    open({.peer = "203.0.113.1", .peer_port = 0}); // behind NAT: any port, one at a time
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.1"} / udp{.sport = 5000} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.1"} / udp{.sport = 6000} / rtp()), "drop probation");
    EXPECT_EQ(change({.peer = "203.0.113.2", .peer_port = 0}, FIELD_PEER | FIELD_RELATCH), 0);
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.2"} / udp{.sport = 6000} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.2"} / udp{.sport = 5000} / rtp()), "drop probation");
}

TEST_F(Apply, changes_the_ice_fragment_of_a_live_hole) {
    open({.flags = PINHOLE_ICE, .ufrag = "before"});
    const auto before = hole().ufrag_hash;
    EXPECT_EQ(change({.flags = PINHOLE_ICE, .ufrag = "after"}, FIELD_DEADLINE), 0);
    EXPECT_EQ(hole().ufrag_hash, before);
    EXPECT_EQ(change({.flags = PINHOLE_ICE, .ufrag = "after"}, FIELD_UFRAG), 0);
    EXPECT_NE(hole().ufrag_hash, before);
    EXPECT_EQ(hole().ufrag_hash, value_of({.ufrag = "after"}).ufrag_hash);
}

TEST_F(Apply, changes_the_fields_named_and_no_others) {
    open({});
    media();
    auto before = hole();
    EXPECT_EQ(change({.phase = PHASE_HELD, .peer = "203.0.113.1", .deadline = 2h, .idle_s = 9}, FIELD_IDLE), 0);
    auto after = hole();
    EXPECT_EQ(after.idle_s, 9U);
    EXPECT_EQ(after.ctl, ctl_of({.phase = PHASE_HELD}));
    EXPECT_EQ(after.deadline_ns, before.deadline_ns);
    EXPECT_EQ(after.packets, 1U);
    EXPECT_EQ(media(), "pass pinhole_rtp");
    EXPECT_EQ(change({.peer = "203.0.113.1"}, FIELD_PEER), 0);
    EXPECT_EQ(media(), "drop rtp_injection");
    EXPECT_EQ(media("203.0.113.1"), "pass pinhole_rtp");
    EXPECT_EQ(change({.deadline = -1s}, FIELD_DEADLINE), 0);
    EXPECT_EQ(media("203.0.113.1"), "drop pinhole_expired");
}

TEST_F(Apply, changes_owner_payload_types_and_soft_deadline) {
    open({});
    auto value = value_of({.soft_deadline = 60s});
    value.owner = 78;
    std::memset(value.payload_types, 8, sizeof value.payload_types);
    EXPECT_EQ(one(make(OP_CHANGE_PINHOLE, key_of("192.0.2.10", 40000), value,
                       FIELD_OWNER | FIELD_PAYLOAD_TYPES | FIELD_SOFT_DEADLINE)),
              0);
    EXPECT_EQ(hole().owner, 78U);
    EXPECT_EQ(hole().payload_types[1], 0x0808080808080808U);
    EXPECT_EQ(hole().soft_deadline_s, value.soft_deadline_s);
}

TEST_F(Apply, changes_nothing_that_is_not_there) { EXPECT_EQ(change({}, FIELD_DEADLINE), -ENOENT); }

TEST_F(Apply, wakes_a_sleeping_hole) {
    open({.constraint = CONSTRAINT_ANY, .last_in = 31s, .idle_s = 30});
    EXPECT_EQ(media(), "drop pinhole_idle");
    EXPECT_EQ(change({.constraint = CONSTRAINT_ANY}, 0), 0);
    EXPECT_EQ(media(), "drop pinhole_idle");
    EXPECT_EQ(change({.constraint = CONSTRAINT_ANY}, FIELD_WAKE), 0);
    EXPECT_EQ(media(), "pass pinhole_rtp");
}

TEST_F(Apply, resets_a_hole_for_the_next_call) {
    open({});
    media();
    media("203.0.113.1");
    EXPECT_EQ(refused().count, 1U);
    EXPECT_EQ(change({}, FIELD_RESET), 0);
    auto fresh = hole();
    EXPECT_EQ(fresh.packets + fresh.bytes + fresh.latch + fresh.last_peer_ns + fresh.last_out_ns + fresh.ssrc, 0U);
    EXPECT_GT(fresh.last_in_ns + 1000000000, now_ns());
    EXPECT_EQ(refused().count, 0U);
}

TEST_F(Apply, deletes_a_tombstone_with_its_refusals_and_nothing_that_lives) {
    open({});
    EXPECT_EQ(remove({}), -EBUSY);
    EXPECT_EQ(media(), "pass pinhole_rtp");
    open({.phase = PHASE_DRAINING});
    EXPECT_EQ(remove({}), -EBUSY);
    open({.phase = PHASE_CLOSED});
    EXPECT_EQ(media(), "drop call_ended");
    EXPECT_EQ(refused().count, 1U);
    EXPECT_EQ(remove({}), 0);
    EXPECT_EQ(refused().count, 0U);
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(remove({}), -ENOENT);
}

TEST_F(Apply, puts_and_deletes_externals) {
    const auto key = key_of("192.0.2.10", 40000);
    ::external value{.seen = Endpoint::parse("203.0.113.7:61000")->abi(), .zero = 0, .heard_ns = 7};
    for (const uint64_t heard : {7U, 8U}) { // anew
        value.heard_ns = heard;
        EXPECT_EQ(one(make(OP_PUT_EXTERNAL, key, value)), 0);
        ::external found{};
        ASSERT_EQ(bpf_map_lookup_elem(map("externals"), &key, &found), 0);
        EXPECT_EQ(std::memcmp(&found, &value, sizeof found), 0);
    }
    EXPECT_EQ(one(make(OP_DELETE_EXTERNAL, key, 0)), 0);
    EXPECT_EQ(one(make(OP_DELETE_EXTERNAL, key, 0)), -ENOENT);
}

TEST_F(Apply, ends_a_record_in_place_and_leaves_the_rest_of_it) {
    const uint64_t leg = 7;
    ::dialog_record record{.started_ns = 1, .deadline_ns = 2, .state = DIALOG_CONFIRMED, .flags = DIALOG_BEGUN_INSIDE};
    std::strcpy(record.call_id, "a84b4c76e66710");
    EXPECT_EQ(one(make(OP_END_DIALOG, leg, uint64_t{9})), 0); // there is none
    EXPECT_EQ(bpf_map_lookup_elem(map("dialogs"), &leg, &record), -ENOENT);
    ASSERT_EQ(bpf_map_update_elem(map("dialogs"), &leg, &record, BPF_ANY), 0);
    EXPECT_EQ(one(make(OP_END_DIALOG, leg, uint64_t{9})), 0);
    record.deadline_ns = 9;
    record.state = DIALOG_ENDED;
    ::dialog_record found{};
    ASSERT_EQ(bpf_map_lookup_elem(map("dialogs"), &leg, &found), 0);
    EXPECT_EQ(std::memcmp(&found, &record, sizeof found), 0);
}

TEST_F(Apply, changes_as_much_of_a_record_as_an_operation_holds) {
    const uint64_t leg = 8;
    constexpr uint32_t last = (sizeof(::dialog_record) - sizeof(operation::value)) / sizeof(uint64_t);
    ::dialog_record record{}, found{};
    std::array<uint64_t, sizeof(operation::value) / sizeof(uint64_t)> words{};
    std::iota(words.begin(), words.end(), 1);
    const auto change = [&](uint32_t first) { return one(make(OP_CHANGE_DIALOG, leg, words, first)); };
    EXPECT_EQ(change(0), -ENOENT);
    ASSERT_EQ(bpf_map_update_elem(map("dialogs"), &leg, &record, BPF_ANY), 0);
    for (const uint32_t first : {0U, 8U, last}) {
        EXPECT_EQ(change(first), 0);
        std::memcpy(reinterpret_cast<char*>(&record) + first * sizeof(uint64_t), words.data(), sizeof words);
        ASSERT_EQ(bpf_map_lookup_elem(map("dialogs"), &leg, &found), 0);
        EXPECT_EQ(std::memcmp(&found, &record, sizeof found), 0) << first;
    }
    EXPECT_EQ(change(last + 1), -EINVAL);
    EXPECT_EQ(change(UINT32_MAX), -EINVAL);
}

TEST_F(Apply, puts_and_deletes_known_sources_and_learned_ports) {
    auto options = text("OPTIONS sip:x SIP/2.0\r\n\r\n");
    auto send = [&] { return in(eth / ip4{} / udp{.dport = 41000} / options); };
    learned_port port{.until_ns = now_ns() + 1000000000000, .flags = LEARNED_ANY_SOURCE};
    EXPECT_EQ(send(), "drop no_pinhole");
    EXPECT_EQ(one(make(OP_PUT_LEARNED, key_of("192.0.2.10", 41000), port)), 0);
    EXPECT_EQ(send(), "pass sip_learned");
    port.flags = 0;
    EXPECT_EQ(one(make(OP_PUT_LEARNED, key_of("192.0.2.10", 41000), port)), 0); // in place
    EXPECT_EQ(send(), "drop no_pinhole");
    EXPECT_EQ(one(make(OP_DELETE_LEARNED, key_of("192.0.2.10", 41000), 0)), 0);
    EXPECT_EQ(one(make(OP_DELETE_LEARNED, key_of("192.0.2.10", 41000), 0)), -ENOENT);

    settings().flags = WALL_ADMIT_ALL;
    apply_settings();
    auto ring_of = [&] {
        in(eth / ip4{} / udp{.dport = 5060} / options);
        return ring("ring_known").size();
    };
    known_key key{.address = IpAddress::parse("198.51.100.7")->abi(), .port = 0};
    EXPECT_EQ(ring_of(), 0U);
    EXPECT_EQ(one(make(OP_PUT_KNOWN, key, ::known{.until_ns = now_ns() + 1000000000000, .flags = KNOWN_PARTY})), 0);
    EXPECT_EQ(ring_of(), 1U);
    EXPECT_EQ(one(make(OP_PUT_KNOWN, key, ::known{.until_ns = 1, .flags = KNOWN_PARTY})), 0);
    EXPECT_EQ(ring_of(), 0U);
    EXPECT_EQ(one(make(OP_DELETE_KNOWN, key, 0)), 0);
    EXPECT_EQ(one(make(OP_DELETE_KNOWN, key, 0)), -ENOENT);
}

TEST_F(Apply, carries_out_a_whole_batch_and_says_what_became_of_each) {
    std::vector<operation> operations;
    for (uint16_t port = 40000; port < 40000 + OPERATIONS - 1; ++port)
        operations.push_back(make(OP_INSERT_PINHOLE, key_of("192.0.2.10", port), value_of({})));
    operations.push_back(make(12345, 0, 0));
    EXPECT_EQ(apply(operations), 0);
    for (size_t i = 0; i + 1 < operations.size(); ++i) EXPECT_EQ(operations[i].result, 0) << i;
    EXPECT_EQ(operations.back().result, -EINVAL);
    operations.push_back(operations.back());
    EXPECT_EQ(apply(operations), -E2BIG);
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 40254} / rtp()), "pass pinhole_rtp");
}

} // namespace
} // namespace ringwall::test
