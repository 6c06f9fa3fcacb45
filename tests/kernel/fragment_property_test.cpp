// SPDX-License-Identifier: Apache-2.0
// No sequence of fragments that passes the wall makes any host deliver a datagram to a guarded port that no call has
// opened to its sender, or to a SIP port from a source that is not admitted: thousands of random sequences, against
// every model of reassembler.hpp. The same sequences past no wall do reach them, or the test would show nothing.
#include <random>

#include "tests/kernel/fragments.hpp"
#include "tests/kernel/reassembler.hpp"

namespace ringwall::test {
namespace {

constexpr int sequences = 1500, fragments_each = 20;
constexpr unsigned seed = 20030101;

class FragmentProperty : public FragmentWall {
protected:
    struct Shot {
        std::string source;
        Arrived fragment;
        Bytes frame;
    };
    using Heard = std::map<std::string, std::vector<Arrived>>; // what a host has of each source

    std::mt19937 random{seed};
    size_t pick(size_t below) { return random() % below; }

    void SetUp() override {
        FragmentWall::SetUp();
        zone(zone_provider, ZONE_PEER);
        network(outside() + (is_v4() ? "/32" : "/128"), zone_provider);
        for (uint16_t dport : {uint16_t{40000}, uint16_t{40002}, uint16_t{9000}})
            for (size_t length : {88U, 112U}) templates_.push_back(media(dport, length));
        templates_.push_back(sip(88));
        templates_.push_back(sip(112));
        if (!is_v4()) {
            Bytes hidden{17, 4}; // 40 bytes of destination options, and a UDP header where a first fragment may end
            hidden.resize(40);
            auto behind = media(40002, 40);
            hidden.insert(hidden.end(), behind.begin(), behind.end());
            templates_.push_back(hidden);
        }
    }

    // Places that matter: every unit of the header, the least first fragment, and some beyond.
    size_t cut() {
        constexpr size_t places[] = {0, 0, 8, 16, 24, 32, 40, 40, 40, 48, 56, 64, 80};
        return places[pick(std::size(places))];
    }
    Shot shot(const std::string& source, const Bytes& datagram, size_t from, size_t to) {
        Piece piece{.from = from, .to = to, .source = source};
        piece.more = pick(8) ? to < datagram.size() : pick(2) == 0;
        if (!is_v4() && datagram[0] == 17 && datagram[1] == 4) piece.protocol = 60;
        if (pick(16) == 0) piece.protocol = pick(2) ? 58 : 6;
        Arrived fragment{from,
                         {datagram.begin() + static_cast<long>(from), datagram.begin() + static_cast<long>(to)},
                         *piece.more,
                         piece.protocol};
        return {source, fragment, frame(datagram, piece)};
    }
    std::vector<Shot> sequence() {
        std::vector<Shot> shots;
        std::string source = pick(2) ? outside() : stranger();
        while (shots.size() < fragments_each) {
            const Bytes& datagram = templates_[pick(templates_.size())];
            if (pick(4) == 0) source = pick(2) ? outside() : stranger();
            if (pick(3) == 0) { // all of a datagram, in this order or the other
                shots.push_back(shot(source, datagram, 0, 48));
                shots.push_back(shot(source, datagram, 48, datagram.size()));
                if (pick(2)) std::swap(shots[shots.size() - 1], shots[shots.size() - 2]);
                continue;
            }
            size_t from = cut(), to = pick(3) ? cut() : datagram.size() - pick(2);
            if (to > datagram.size()) to = datagram.size();
            if (from < to) shots.push_back(shot(source, datagram, from, to));
        }
        return shots;
    }

    bool is_allowed(const std::string& source, Ports ports) const {
        if (ports.destination == 5060) return source == outside();
        if (!ports.is_udp) return true; // TCP is not guarded
        if (ports.destination != 40000 && ports.destination != 40002) return true;
        return source == outside() && ports.destination == 40000 && ports.source == 30000;
    }
    // Is what a host hands on headed by a first fragment that passed, as it was judged?
    static bool is_headed_by_one(const Bytes& payload, const std::vector<Arrived>& fragments) {
        return std::any_of(fragments.begin(), fragments.end(), [&](const Arrived& one) {
            return one.from == 0 && one.bytes.size() >= 40 && payload.size() >= 40 &&
                   std::equal(one.bytes.begin(), one.bytes.begin() + 40, payload.begin());
        });
    }
    void take(const Shot& shot, Heard& heard) {
        std::string key = shot.source;
        if (is_v4()) key += " " + std::to_string(shot.fragment.protocol);
        if (shot.fragment.from == 0 && !shot.fragment.more) { // a whole packet
            judge(shot.source, {shot.fragment.protocol, shot.fragment.bytes}, {});
            return;
        }
        auto& fragments = heard[key];
        fragments.push_back(shot.fragment);
        for (auto host : every_preference)
            for (const auto& datagram : delivered(host, fragments)) judge(shot.source, datagram, fragments);
    }
    void judge(const std::string& source, const Delivered& datagram, const std::vector<Arrived>& fragments) {
        auto ports = ports_of(datagram);
        if (!ports) return;
        ++delivered_;
        if (ports->destination == 40000) ++to_open_port_;
        if (ports->destination == 5060) ++to_sip_;
        if (!is_allowed(source, *ports)) ++breaches_;
        if (!fragments.empty() && !is_headed_by_one(datagram.payload, fragments)) ++patchworks_;
    }

    uint64_t delivered_ = 0, to_open_port_ = 0, to_sip_ = 0, breaches_ = 0, patchworks_ = 0;

private:
    std::vector<Bytes> templates_;
};
constexpr Path families[] = {{4, 0}, {6, 0}};
INSTANTIATE_TEST_SUITE_P(Over, FragmentProperty, testing::ValuesIn(families), name_of);

TEST_P(FragmentProperty, no_sequence_that_passes_reaches_a_port_past_its_verdict) {
    for (int i = 0; i < sequences; ++i) {
        Heard heard;
        renew_secret(); // and so the caps are whole again
        for (const auto& shot : sequence()) {
            if (pick(400) == 0) age_table(pick(2 * FRAGMENT_LIFE)); // hosts remember longer than the wall
            if (passes(shot.frame)) take(shot, heard);
        }
        ASSERT_EQ(breaches_, 0U) << "sequence " << i << " of seed " << seed;
        ASSERT_EQ(patchworks_, 0U) << "sequence " << i << " of seed " << seed;
    }
    EXPECT_GT(delivered_, 1000U);
    EXPECT_GT(to_open_port_, 100U);
    EXPECT_GT(to_sip_, 100U);
}

TEST_P(FragmentProperty, the_same_sequences_past_no_wall_do) {
    for (int i = 0; i < sequences / 10; ++i) {
        Heard heard;
        for (const auto& shot : sequence()) take(shot, heard);
    }
    EXPECT_GT(breaches_, 1000U);
    EXPECT_GT(patchworks_, 100U);
}

} // namespace
} // namespace ringwall::test
