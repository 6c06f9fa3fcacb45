// SPDX-License-Identifier: Apache-2.0
// Each test's own configuration in the maps of the programs (programs.hpp). `in(packet)` and `out(packet)` run one packet
// and say what became of it: "pass pinhole_rtp", by the verdict *and* by the one reason counter that rose; two counters,
// or a byte count that is not the frame's, never compare equal to anything.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "maps/abi/ban.h"
#include "maps/abi/ceiling.h"
#include "maps/abi/counters.h"
#include "maps/abi/operation.h"
#include "maps/abi/party.h"
#include "maps/abi/pinhole.h"
#include "maps/abi/policy.h"
#include "maps/net/address.hpp"
#include "policy/hints.hpp"
#include "tests/kernel/mirrored.hpp"

namespace ringwall::test {

using namespace std::chrono_literals;
using Duration = std::chrono::nanoseconds;

// What every test starts from (Wall::SetUp writes it): inside 192.0.2.0/24 and 2001:db8:1::/48, media ports 10000-20000
// and 40000-49999, of TCP 30000-30999, SIP on UDP and TCP 5060, no limits, no one admitted, enforcing.
enum Zone : uint32_t { zone_none, zone_provider, zone_phones, zone_strict };

struct Hole { // as tests read it; wall.cpp makes struct pinhole of it
    std::string local = "192.0.2.10";
    uint16_t port = 40000;
    uint8_t protocol = 17;
    uint32_t phase = PHASE_ANSWERED;
    uint32_t constraint = CONSTRAINT_PEERS;
    uint32_t component = COMPONENT_RTP;
    uint32_t zone = 0;
    uint32_t flags = 0;
    uint32_t slot = 0;
    std::string peer = "198.51.100.7";
    uint16_t peer_port = 30000;
    Duration deadline = 1h;               // from now; negative: past
    Duration last_in = 0ns;               // ago
    Duration last_peer = Duration::min(); // ago; never, unless said
    Duration last_out = Duration::min();
    uint32_t idle_s = 300;
    Duration soft_deadline = Duration::min(); // from now; none, unless said
    std::string ufrag = {};                   // of ICE
};

constexpr limit hourly(uint32_t burst) { return limit_of(3600000000000, burst); } // pays nothing back while a test runs

// By which packets are judged (CLOCK_MONOTONIC_COARSE): a tick behind at most, but much more where a machine stood still.
uint64_t now_ns();
uint64_t exact_now_ns(); // CLOCK_MONOTONIC: by which records are stamped

class Wall : public testing::Test {
protected:
    void SetUp() override;

    // By XDP; with RINGWALL_TEST_HOOK=tc by TC ingress, but for frames that its TEST_RUN does not take.
    std::string in(const Packet& packet) { return in(packet.bytes()); }
    std::string in(const Bytes& frame);
    std::string out(const Packet& packet) { return out(packet.bytes()); }
    std::string out(const Bytes& frame);
    // By the copy for watched interfaces, either way.
    std::string watched(const Packet& packet) { return watched(packet.bytes()); }
    std::string watched(const Bytes& frame);

    // Configuration: written at once, read by the next packet.
    struct wall& settings() { return settings_; }
    void apply_settings();
    void activate(uint32_t generation);
    void network(const std::string& prefix, uint32_t zone, uint32_t flags = 0, uint32_t generation = 0);
    // `from` and `to` keep what else they are, where exactly these prefixes stand in the map already.
    void rule(uint32_t number, const ::rule& value, const std::string& from, const std::string& to);
    void forget_network(const std::string& prefix);
    void forget_refusals();
    void renew_secret();                                               // every source has other buckets and other ways
    void fill_excuses(const excuse_set& with = {});                    // a flood of another test may have filled them
    void total(uint32_t zone, uint32_t sip_class, const limit& limit); // of all its sources together
    void zone(uint32_t number, uint32_t flags, std::map<uint32_t, limit> limits = {}, uint8_t latch = 0,
              uint64_t identity = 0);
    void list_agents(const std::vector<std::string>& products); // WALL_USER_AGENTS apart
    void opaque_port(uint16_t port);
    void write_hints(const policy::Hints& hints);
    void heartbeat(Duration ago, bool asleep = false);
    void known(const std::string& address, uint16_t port, uint32_t flags, Duration until = 1h);
    void call_ceiling(uint32_t flags, uint32_t full_zone = 0, uint64_t identity = 0,
                      const std::string& emergency = "112");
    void learned(const std::string& address, uint16_t port, learned_port value, Duration until = 1h);

    // By `apply`, as the agent does. `source` as people write it (maps/bans.hpp).
    void ban(const std::string& source, uint32_t flags = 0, Duration until = 1h);
    int change_ban(uint32_t code, const std::string& source, const struct ban& value = {}); // the operation's result
    void clear_ban_hints();
    void forget_bans();

    void open(const Hole& hole);
    void put_hole(const Hole& hole, const struct pinhole& value);
    void close(const Hole& hole); // removes the element
    struct pinhole hole(const Hole& hole = {}) const;
    void peers(uint32_t slot, const std::vector<std::pair<std::string, uint16_t>>& peers);
    refusal refused(const Hole& hole = {}) const;

    int apply(std::vector<operation>& operations); // the program's own result
    uint64_t event(uint32_t number) const;         // since the test began
    std::vector<Mirrored> ring(const char* name);  // what came since it was last read
    bool is_woken(const char* ring) const;         // an edge-triggered wakeup since the last call
    int map(const char* name) const;
    int ingress_program() const;
    int egress_program() const;
    int tc_ingress_program() const;

    // For tests of many packets, which look at the counters themselves: `count` times the same frame inwards; one frame,
    // and whether it passes.
    void run_many(const Bytes& frame, uint32_t count) const;
    bool passes(const Bytes& frame) const;
    std::vector<reason_count> counts() const; // by reason number

private:
    void ask_networks_always();
    std::string run(const Bytes& frame, int program, uint32_t pass);
    struct wall settings_{};
    static inline bool has_bans_ = false; // to walk through an empty map of a million takes milliseconds
    std::vector<uint64_t> events_before_;
};

pinhole_key key_of(const std::string& address, uint16_t port, uint8_t protocol = 17);
pinhole value_of(const Hole& hole);
uint64_t ctl_of(const Hole& hole);
std::set<uint32_t>& produced_reasons(); // by any test of this process
bool judges_by_tc();
std::map<std::string, size_t>& frames_that_tc_refused(); // by test: how many XDP judged instead
const std::map<std::string, std::string>& verifier_costs();

} // namespace ringwall::test
