// SPDX-License-Identifier: Apache-2.0
// The rules of the way in as rows of one table: what stands in the wall, the packet, and the reason that it passes or drops
// for. Whatever else a packet can be (IPv4 or IPv6, with VLAN tags, in fragments, in monitor mode) is no row's business:
// every_verdict_test.cpp runs each row as all of them.
#pragma once

#include <ostream>

#include "tests/kernel/parties.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {

// Long enough to be cut, each of them.
raw sip_message(const std::string& start);
raw long_rtcp();
raw check_of(const std::string& username); // an ICE connectivity check

struct Shot { // the packet of a row
    Party from = provider;
    Party to = inside;
    uint8_t protocol = 17;
    uint16_t sport = 30000;
    uint16_t dport = 40000;
    uint8_t flags = 0; // TCP
    raw payload = rtp();
};

struct Guise { // what a packet is beside what it says
    int family = 4;
    int tags = 0; // 1 a plain one, 2 QinQ
    bool is_cut = false;
    bool is_monitored = false;
    std::string name() const;
};

class EveryVerdict;
struct Row {
    const char* name;
    uint32_t reason;
    void (*prepare)(EveryVerdict&);
    Shot shot = {};
    Bytes (*frame)(const EveryVerdict&) = nullptr; // instead of the shot, where the frame's form is the point
};
void PrintTo(const Row& row, std::ostream* to);
const std::vector<Row>& every_row(); // of the tables below
std::vector<Row> rows_of_scope(), rows_of_sip(), rows_of_pinholes(), rows_of_media(), rows_of_the_rest();

class EveryVerdict : public Wall, public testing::WithParamInterface<Row> {
public: // for the rows
    using Wall::call_ceiling, Wall::heartbeat, Wall::list_agents, Wall::opaque_port, Wall::passes, Wall::peers,
        Wall::total;

    std::string address(const Party& party) const { return guise_.family == 4 ? party.v4 : party.v6; }
    void network_of(const Party& party, uint32_t zone, uint32_t flags = 0); // that address alone
    void known_as(const Party& party, uint16_t port, uint32_t flags) { known(address(party), port, flags); }
    void ban_party(const Party& party, uint32_t flags = 0) { ban(address(party), flags); }
    void learn(uint16_t port, learned_port value) { learned(address(inside), port, value); }
    void zone_with(uint32_t number, uint32_t flags, std::map<uint32_t, limit> limits = {});
    void flag(uint32_t wall_flags);
    void hole(Hole like = {}, const Party& named = provider, void (*change)(struct pinhole&) = nullptr);
    void rule_for(uint8_t protocol, uint16_t port);
    void send(const Shot& shot, int times = 1);                                    // inwards, plain and whole
    void leaves(const Shot& shot);                                                 // outwards
    void fill_limiter();                                                           // no source finds a way of its own
    void spend_opaque();                                                           // every party has sent what it may
    Packet to_ip(const Party& from, const Party& to) const;                        // headers as the guise says
    Bytes piece(size_t begin, size_t end, bool more, uint8_t protocol = 17) const; // of 1000 bytes of media
    const Guise& guise() const { return guise_; }

protected:
    void SetUp() override;
    void TearDown() override;
    void run_as(const Guise& guise);
    void prepare_as(const Guise& guise); // what comes before the row's packet
    Bytes frame() const;                 // plain and whole
    Endpoint source() const, destination() const;

private:
    void start_over();
    void expect(const Bytes& frame, uint32_t reason);
    Bytes frame_of(const Bytes& ip_payload, uint8_t protocol, size_t begin, size_t end) const;
    uint32_t reason_of_later() const;

    Guise guise_;
    uint64_t drops_ = 0; // expected since the start
    bool is_limiter_full_ = false;
    bool is_denying_all_ = false;
};

} // namespace ringwall::test
