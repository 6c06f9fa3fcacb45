// SPDX-License-Identifier: Apache-2.0
// Datagrams cut as a test wants them, over IPv4 and IPv6, plain and behind VLAN tags; and the table of them, to be read,
// emptied and aged.
#pragma once

#include "maps/abi/fragment.h"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {

struct Path { // how the fragments travel
    int family;
    int tags; // VLAN tags: 1 a plain one, 2 QinQ
};
inline constexpr Path paths[] = {{4, 0}, {4, 1}, {4, 2}, {6, 0}, {6, 1}, {6, 2}};
std::string name_of(const testing::TestParamInfo<Path>& path);

struct Piece { // one fragment of a datagram
    size_t from = 0;
    size_t to = 0; // in the IP payload, UDP header included
    uint32_t id = 7;
    std::string source{}; // the peer of Hole, unless said
    std::string destination{};
    std::optional<bool> more{}; // unless said: whether the datagram goes on behind it
    uint8_t protocol = 17;
};

class FragmentWall : public Wall, public testing::WithParamInterface<Path> {
protected:
    void SetUp() override;
    void TearDown() override { empty_table(); }

    virtual Path path() const { return GetParam(); }
    bool is_v4() const { return path().family == 4; }
    std::string inside() const { return is_v4() ? "192.0.2.10" : "2001:db8:1::10"; }
    std::string outside() const { return is_v4() ? "198.51.100.7" : "2001:db8:99::7"; }
    std::string stranger(int number = 1) const;
    std::string elsewhere() const { return is_v4() ? "203.0.113.9" : "2001:db8:2::9"; }

    // The IP payload of a datagram: UDP header and `length` bytes of RTP, or of a SIP request.
    static Bytes media(uint16_t dport = 40000, size_t length = 2992, uint16_t sport = 30000);
    static Bytes sip(size_t length = 2992, uint16_t sport = 5071, uint16_t dport = 5060);
    Bytes frame(const Bytes& datagram, const Piece& piece) const;
    std::string in_piece(const Bytes& datagram, const Piece& piece) { return in(frame(datagram, piece)); }
    std::string out_piece(const Bytes& datagram, Piece piece);
    bool passes(const Bytes& frame); // inwards; asks for no reason, and is quick

    std::vector<uint64_t> table() const;  // the ways in use, dead or alive
    std::vector<uint64_t> firsts() const; // of them, those of a first fragment
    void empty_table();
    void age_table(uint64_t units); // as if so much time had gone by
    void fill_open_ways();          // by strangers, just now

private:
    std::vector<fragment_set> read_table() const;
    void write_table(const std::vector<fragment_set>& sets);
};

} // namespace ringwall::test
