// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/bench_wall.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "agent/kernel/policy_writer.hpp"
#include "maps/abi/meta.h"
#include "maps/abi/pinhole.h"
#include "maps/abi/policy.h"
#include "maps/net/address.hpp"
#include "tests/bench/varied.h"

namespace ringwall::test {
namespace {

constexpr uint32_t most_holes = 1 << 20;

template <typename Key, typename Value>
void put(int map, Key key, const Value& value) {
    if (bpf_map_update_elem(map, &key, &value, BPF_ANY) != 0) give_up("update a map");
}

pinhole live_hole(const char* remote) {
    pinhole hole{};
    hole.ctl = uint64_t{PHASE_ANSWERED} << CTL_PHASE_SHIFT | uint64_t{CONSTRAINT_PEERS} << CTL_CONSTRAINT_SHIFT |
               uint64_t{COMPONENT_RTP} << CTL_COMPONENT_SHIFT;
    // as the agent makes it of plain audio, in the default mode; the cap out of the way of a million packets a second
    hole.ctl |= uint64_t{PINHOLE_CHECK_MEDIA | PINHOLE_CONFORM_COUNT | PINHOLE_ONE_SOURCE} << CTL_FLAGS_SHIFT;
    hole.payload_types[0] = 1U << 0 | 1U << 8;
    hole.packet_period_ns = 1;
    hole.deadline_ns = ~uint64_t{0};
    hole.idle_s = 300;
    hole.peer = Endpoint{IpAddress::parse(remote).value(), Port{30000}}.abi();
    return hole;
}

pinhole_key key_of(BenchWall::Family family, uint32_t number) {
    if (family == BenchWall::Family::ip4)
        return {.address = IpAddress::v4(VARIED_HOST4(number)).abi(), .port_proto = VARIED_PORT(number) << 16 | 17};
    pinhole_key key{.address = IpAddress::parse("2001:db8:1::").value().abi(),
                    .port_proto = VARIED_PORT(number) << 16 | 17};
    key.address.word[3] = htonl(VARIED_HOST6(number));
    return key;
}

// What the configuration language would make of it: one protected network a family, strangers admitted and limited.
policy::Compiled configuration(uint32_t denied) {
    policy::Compiled compiled{};
    compiled.wall = {.flags = WALL_ADMIT_ALL,
                     .agent_loss_ns = 10000000000,
                     .tombstone_ns = 60000000000,
                     .return_path_ns = 120000000000};
    struct zone strangers{.flags = ZONE_SIP, .prefix_v4 = 32, .prefix_v6 = 64};
    for (auto& limit : strangers.limits) limit = limit_of(3600000000000, 1);
    compiled.zones = {strangers};
    compiled.ports.emplace_back(5060 >> 6, port_policy{.sip_udp = uint64_t{1} << (5060 & 63)});
    for (uint16_t word = 40000 >> 6; word <= 49999 >> 6; ++word)
        compiled.ports.emplace_back(word, port_policy{.media_udp = ~uint64_t{0}});
    for (const char* inside : {"192.0.2.0/24", "2001:db8:1::/48"})
        compiled.networks.emplace_back(Prefix::parse(inside).value(), network{.zone = 0, .flags = NETWORK_PROTECTED});
    for (uint32_t number = 0; number < denied; ++number)
        compiled.networks.emplace_back(Prefix::of(IpAddress::v4(number * 2654435761U), 128),
                                       network{.zone = 0, .flags = NETWORK_DENIED});
    return compiled;
}

} // namespace

void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

BenchWall::BenchWall() : wall_(xdp_ingress::open()), bare_(bare::open()), parts_(parts::open()) {
    if (wall_ == nullptr || bare_ == nullptr || parts_ == nullptr) give_up("open the programs");
    bpf_map__set_max_entries(wall_->maps.pinholes, most_holes);
    if (bpf_object__load(wall_->obj) != 0) give_up("load the wall");
    if (bpf_map__reuse_fd(bare_->maps.pinholes, map("pinholes")) != 0) give_up("share the pinholes");
    const uint32_t flags = bpf_program__flags(wall_->progs.ringwall_xdp); // a tail call takes only programs alike
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, bare_->obj) bpf_program__set_flags(program, flags);
    if (bpf_object__load(bare_->obj) != 0) give_up("load the bare programs");
    bpf_map* shared = nullptr;
    bpf_object__for_each_map(shared, parts_->obj) {
        if (bpf_map__is_internal(shared)) continue;
        if (bpf_map__reuse_fd(shared, map(bpf_map__name(shared))) != 0) give_up("share the maps");
    }
    if (bpf_object__load(parts_->obj) != 0) give_up("load the parts");
    put(map("meta"), 0U,
        meta{.abi_version = RINGWALL_ABI_VERSION, .secret = {static_cast<uint64_t>(time(nullptr)), 42}});
    add_prefixes(0);
}
BenchWall::~BenchWall() {
    parts::destroy(parts_);
    bare::destroy(bare_);
    xdp_ingress::destroy(wall_);
}

int BenchWall::ingress() const { return bpf_program__fd(wall_->progs.ringwall_xdp); }
int BenchWall::program(const char* name) const {
    const bpf_program* found = bpf_object__find_program_by_name(bare_->obj, name);
    return bpf_program__fd(found != nullptr ? found : bpf_object__find_program_by_name(parts_->obj, name));
}
int BenchWall::map(const char* name) const { return bpf_object__find_map_fd_by_name(wall_->obj, name); }

void BenchWall::open_holes(Family family, uint32_t count) {
    const auto value = live_hole(family == Family::ip4 ? "198.51.100.7" : "2001:db8:99::7");
    for (uint32_t number = 0; number < count; ++number) put(map("pinholes"), key_of(family, number), value);
}

void BenchWall::close_holes(Family family, uint32_t count) {
    for (uint32_t number = 0; number < count; ++number) {
        const auto key = key_of(family, number);
        bpf_map_delete_elem(map("pinholes"), &key);
    }
}

void BenchWall::add_prefixes(uint32_t count) {
    const auto maps = kernel::PolicyMaps::of([this](const char* name) { return map(name); });
    const auto written = kernel::write_policy(maps, configuration(count));
    if (!written) give_up("write the policy");
}

void BenchWall::vary(uint32_t different) {
    const varied value{.state = 1, .limit = different};
    put(bpf_map__fd(bare_->maps.varied), 0U, value);
}
void BenchWall::run_next(int program) { put(bpf_map__fd(bare_->maps.next), 0U, program); }

} // namespace ringwall::test
