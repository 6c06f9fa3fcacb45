// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/fragments.hpp"

#include <bpf/bpf.h>

#include <algorithm>

#include "maps/abi/meta.h"
#include "tests/kernel/map_access.hpp"

namespace ringwall::test {
namespace {

Bytes udp_payload(uint16_t sport, uint16_t dport, const raw& payload) {
    auto whole = (eth / ip4{} / udp{.sport = sport, .dport = dport} / payload).bytes();
    return {whole.begin() + 34, whole.end()};
}

uint64_t deadline_of(uint64_t way) { return way >> FRAGMENT_DEADLINE_SHIFT & FRAGMENT_DEADLINE_MASK; }

} // namespace

std::string name_of(const testing::TestParamInfo<Path>& path) {
    static const char* const tags[] = {"", "VLAN", "QinQ"};
    return "IPv" + std::to_string(path.param.family) + tags[path.param.tags];
}

void FragmentWall::SetUp() {
    Wall::SetUp();
    empty_table();
    open({.local = inside(), .peer = outside()});
}

std::string FragmentWall::stranger(int number) const {
    std::string low = std::to_string(number & 255), high = std::to_string(number >> 8 & 255);
    return is_v4() ? "203.0." + high + "." + low : "2001:db8:" + std::to_string(1000 + number % 8000) + "::5";
}

Bytes FragmentWall::media(uint16_t dport, size_t length, uint16_t sport) {
    return udp_payload(sport, dport, rtp(0x11223344, length));
}

Bytes FragmentWall::sip(size_t length, uint16_t sport, uint16_t dport) {
    std::string message = "INVITE sip:alice@example.com SIP/2.0\r\n";
    for (size_t i = message.size(); i < length; ++i) message += static_cast<char>('a' + i * 7 % 26);
    return udp_payload(sport, dport, text(message));
}

Bytes FragmentWall::frame(const Bytes& datagram, const Piece& piece) const {
    auto part = raw{{datagram.begin() + static_cast<long>(piece.from), datagram.begin() + static_cast<long>(piece.to)}};
    auto more = piece.more.value_or(piece.to < datagram.size());
    auto offset = static_cast<uint16_t>(piece.from / 8);
    auto source = piece.source.empty() ? outside() : piece.source;
    auto destination = piece.destination.empty() ? inside() : piece.destination;
    Packet packet{{eth}};
    if (path().tags == 2) packet = packet / vlan{0x88a8};
    if (path().tags > 0) packet = packet / vlan{};
    if (is_v4())
        return (packet /
                ip4{.src = source,
                    .dst = destination,
                    .fragment = static_cast<uint16_t>(offset | (more ? 0x2000 : 0)),
                    .protocol = piece.protocol,
                    .id = static_cast<uint16_t>(piece.id)} /
                part)
            .bytes();
    return (packet / ip6{.src = source, .dst = destination} /
            fragment6{.offset = offset, .more = more, .next = piece.protocol, .id = piece.id} / part)
        .bytes();
}

std::string FragmentWall::out_piece(const Bytes& datagram, Piece piece) {
    if (piece.source.empty()) piece.source = inside();
    if (piece.destination.empty()) piece.destination = outside();
    return Wall::out(frame(datagram, piece));
}

bool FragmentWall::passes(const Bytes& frame) {
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = 1);
    EXPECT_EQ(bpf_prog_test_run_opts(ingress_program(), &options), 0);
    return options.retval == 2; // XDP_PASS
}

std::vector<fragment_set> FragmentWall::read_table() const {
    return get_all<fragment_set>(map("fragments"), FRAGMENT_SETS);
}

void FragmentWall::write_table(const std::vector<fragment_set>& sets) { put_all(map("fragments"), 0, sets); }

std::vector<uint64_t> FragmentWall::table() const {
    std::vector<uint64_t> used;
    for (const auto& set : read_table())
        std::copy_if(std::begin(set.way), std::end(set.way), std::back_inserter(used),
                     [](uint64_t way) { return way; });
    return used;
}

std::vector<uint64_t> FragmentWall::firsts() const {
    auto used = table();
    std::erase_if(used, [](uint64_t way) { return (way >> FRAGMENT_FIRST_SHIFT & FRAGMENT_PLACE_MASK) == 0; });
    return used;
}

void FragmentWall::empty_table() { write_table(std::vector<fragment_set>(FRAGMENT_SETS)); }

void FragmentWall::fill_open_ways() {
    auto sets = read_table();
    auto deadline = ((now_ns() >> FRAGMENT_UNIT_SHIFT) + FRAGMENT_LIFE - 1) & FRAGMENT_DEADLINE_MASK;
    for (auto& set : sets)
        for (uint64_t i = 0; i < FRAGMENT_OPEN_WAYS; ++i)
            set.way[i] = (i + 1) << FRAGMENT_TAG_SHIFT | deadline << FRAGMENT_DEADLINE_SHIFT |
                         uint64_t{185} << FRAGMENT_FIRST_SHIFT;
    write_table(sets);
}

void FragmentWall::age_table(uint64_t units) {
    auto sets = read_table();
    for (auto& set : sets)
        for (auto& way : set.way) {
            if (way == 0) continue;
            auto earlier = (deadline_of(way) - units) & FRAGMENT_DEADLINE_MASK;
            way = (way & ~(FRAGMENT_DEADLINE_MASK << FRAGMENT_DEADLINE_SHIFT)) | earlier << FRAGMENT_DEADLINE_SHIFT;
        }
    write_table(sets);
}

} // namespace ringwall::test
