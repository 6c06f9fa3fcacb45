// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/wall.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <numeric>

#include "maps/abi/meta.h"
#include "maps/bans.hpp"
#include "maps/fnv1a.hpp"
#include "policy/compile.hpp"
#include "tests/kernel/map_access.hpp"
#include "tests/kernel/programs.hpp"

namespace ringwall::test {
namespace {

uint64_t event_count(int fd, uint32_t number) {
    auto cpus = per_cpu<uint64_t>(fd, number);
    return std::accumulate(cpus.begin(), cpus.end(), uint64_t{});
}

network_key network_key_of(const std::string& text, uint32_t generation) {
    Prefix prefix = Prefix::parse(text).value();
    return {.prefix_length = 32U + prefix.length, .generation = generation, .address = prefix.address.abi()};
}

uint64_t clock_ns(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1000000000U + static_cast<uint64_t>(time.tv_nsec);
}

uint64_t ago(Duration span) { return span == Duration::min() ? 0 : now_ns() - static_cast<uint64_t>(span.count()); }
uint64_t ahead(Duration span) { return now_ns() + static_cast<uint64_t>(span.count()); }

peer peer_at(const std::string& address, uint16_t port) {
    return Endpoint{IpAddress::parse(address).value(), Port{port}}.abi();
}

// Both generations of `ports`: media and SIP ports in the first, nothing in the second.
std::vector<port_policy> first_ports() {
    std::vector<port_policy> pages(GENERATIONS * 1024);
    auto set = [&pages](uint32_t first, uint32_t last, auto... members) {
        for (uint32_t port = first; port <= last; ++port)
            ((pages[port >> 6].*members |= uint64_t{1} << (port & 63)), ...);
    };
    set(10000, 20000, &port_policy::media_udp);
    set(40000, 49999, &port_policy::media_udp);
    set(30000, 30999, &port_policy::media_tcp);
    set(5060, 5060, &port_policy::sip_udp, &port_policy::sip_tcp);
    return pages;
}

} // namespace

uint64_t now_ns() { return clock_ns(CLOCK_MONOTONIC_COARSE); }
uint64_t exact_now_ns() { return clock_ns(CLOCK_MONOTONIC); }

const std::map<std::string, std::string>& verifier_costs() { return programs().costs; }

pinhole_key key_of(const std::string& address, uint16_t port, uint8_t protocol) {
    return {.address = IpAddress::parse(address).value().abi(),
            .port_proto = static_cast<uint32_t>(port << 16 | protocol)};
}

uint64_t ctl_of(const Hole& hole) {
    return uint64_t{hole.phase} << CTL_PHASE_SHIFT | uint64_t{hole.constraint} << CTL_CONSTRAINT_SHIFT |
           uint64_t{hole.component} << CTL_COMPONENT_SHIFT | uint64_t{hole.zone} << CTL_ZONE_SHIFT |
           uint64_t{hole.flags} << CTL_FLAGS_SHIFT | uint64_t{hole.slot} << CTL_SLOT_SHIFT;
}

pinhole value_of(const Hole& hole) {
    pinhole value{};
    value.ctl = ctl_of(hole);
    value.deadline_ns = ahead(hole.deadline);
    value.last_in_ns = ago(hole.last_in);
    value.last_peer_ns = ago(hole.last_peer);
    value.last_out_ns = ago(hole.last_out);
    value.peer = peer_at(hole.peer, hole.peer_port);
    value.idle_s = hole.idle_s;
    value.payload_types[0] = value.payload_types[1] = ~0ULL;
    value.owner = 77;
    if (!hole.ufrag.empty()) value.ufrag_hash = ufrag_hash(hole.ufrag);
    if (hole.soft_deadline != Duration::min())
        value.soft_deadline_s = static_cast<uint32_t>(ahead(hole.soft_deadline) / 1000000000U);
    return value;
}

int Wall::map(const char* name) const { return programs().map(name); }

void Wall::SetUp() {
    for (const char* name : {"pinholes", "refusals", "learned"}) clear<pinhole_key>(map(name));
    clear<known_key>(map("known"));
    clear<network_key>(map("networks"));
    forget_bans();
    ask_networks_always();
    renew_secret();
    put_all(map("limiter"), LIMITER_SETS - LIMITER_SHARED_SETS, std::vector<limiter_set>(LIMITER_SHARED_SETS));
    put_all(map("known_hints"), 0, std::vector<uint32_t>(KNOWN_HINTS));
    put_all(map("zones"), 0, std::vector<::zone>(GENERATIONS * ZONES));
    put_all(map("rules"), 0, std::vector<::rule>(GENERATIONS * RULES));
    put_all(map("ports"), 0, first_ports());
    put(map("active"), 0, active{0});
    call_ceiling(0);
    settings_ = {.agent_loss_ns = 10000000000,
                 .tombstone_ns = 60000000000,
                 .return_path_ns = 30000000000,
                 .sip_return_path_ns = 30000000000,
                 .register_return_path_ns = 60000000000};
    apply_settings();
    heartbeat(0s);
    network("192.0.2.0/24", 0, NETWORK_PROTECTED);
    network("2001:db8:1::/48", 0, NETWORK_PROTECTED);
    for (const char* name : {"ring_inside", "ring_known", "ring_strangers"}) ring(name);
    events_before_.clear();
    for (uint32_t number = 0; number < EVENT_COUNT; ++number)
        events_before_.push_back(event_count(map("events"), number));
}

// Tests write `networks` by hand: no hint spares the programs that lookup. hint_test.cpp has a policy written as it is live.
void Wall::ask_networks_always() {
    hint_page all{};
    std::ranges::fill(all.word, ~uint64_t{0});
    for (uint32_t generation = 0; generation < GENERATIONS; ++generation)
        for (uint32_t bit = 0; bit < HINT_FINE_V4_BIT(0); bit += HINT_PAGE_BITS)
            put(map("network_hints"), generation * HINT_PAGES + bit / HINT_PAGE_BITS, all);
}

void Wall::write_hints(const policy::Hints& hints) {
    for (uint32_t page = 0; page < HINT_PAGES; ++page) put(map("network_hints"), page, hints.pages()[page]);
    for (uint32_t is_v4 : {0U, 1U}) put(map("elsewhere"), is_v4, hints.elsewhere(is_v4 != 0));
}

void Wall::list_agents(const std::vector<std::string>& products) {
    put(map("user_agents"), 0, policy::compile_user_agents(products));
}

// The next of a series that is the same in each run: what shares a set by chance does so always, or never.
void Wall::renew_secret() {
    static uint64_t round = 0;
    put(map("meta"), 0, meta{.abi_version = RINGWALL_ABI_VERSION, .secret = {++round, 42}});
}

// As a reload does: who was over his limit would be refused from memory after the test has made another thing of him.
void Wall::forget_refusals() {
    const auto now = look_up<active>(map("active"), uint32_t{0});
    put(map("active"), 0, active{now.generation + GENERATIONS});
}
void Wall::activate(uint32_t generation) { put(map("active"), 0, active{generation}); }
void Wall::apply_settings() { put(map("wall"), 0, settings_); }
void Wall::network(const std::string& prefix, uint32_t zone, uint32_t flags, uint32_t generation) {
    forget_refusals();
    put(map("networks"), network_key_of(prefix, generation), ::network{.zone = zone, .flags = flags});
}
void Wall::rule(uint32_t number, const ::rule& value, const std::string& from, const std::string& to) {
    put(map("rules"), number, value);
    for (uint32_t i = 0; i < value.port_count; ++i)
        for (uint32_t port = value.ports[i].first; port <= value.ports[i].last; ++port) {
            auto policy = look_up<port_policy>(map("ports"), port >> 6);
            (value.protocol == IPPROTO_UDP ? policy.rules_udp : policy.rules_tcp) |= uint64_t{1} << (port & 63);
            put(map("ports"), port >> 6, policy);
        }
    auto mark = [&](const std::string& prefix, auto bits) {
        auto network = look_up<::network>(map("networks"), network_key_of(prefix, 0));
        network.*bits |= uint64_t{1} << number;
        put(map("networks"), network_key_of(prefix, 0), network);
    };
    mark(from, &::network::rules_from);
    mark(to, &::network::rules_to);
}
void Wall::forget_network(const std::string& prefix) {
    auto key = network_key_of(prefix, 0);
    bpf_map_delete_elem(map("networks"), &key);
}
void Wall::opaque_port(uint16_t port) {
    auto policy = look_up<port_policy>(map("ports"), uint32_t{port} >> 6);
    policy.opaque |= uint64_t{1} << (port & 63);
    put(map("ports"), uint32_t{port} >> 6, policy);
}
void Wall::zone(uint32_t number, uint32_t flags, std::map<uint32_t, limit> limits, uint8_t latch, uint64_t identity) {
    struct zone value{
        .flags = flags, .prefix_v4 = 32, .prefix_v6 = 64, .latch = latch, .identity = identity ? identity : number};
    forget_refusals();
    for (const auto& [sip_class, limit] : limits) value.limits[sip_class] = limit;
    put(map("zones"), number, value);
}
void Wall::fill_excuses(const excuse_set& with) {
    put_all(map("excuses"), 0, std::vector<excuse_set>(EXCUSE_SETS, with));
}
void Wall::total(uint32_t zone, uint32_t sip_class, const limit& limit) {
    auto value = look_up<struct zone>(map("zones"), zone);
    value.totals[sip_class] = limit;
    put(map("zones"), zone, value);
    forget_refusals();
}
void Wall::heartbeat(Duration since, bool asleep) {
    put(map("liveness"), 0, liveness{.heartbeat_ns = ago(since), .asleep = asleep});
}
void Wall::known(const std::string& address, uint16_t port, uint32_t flags, Duration until) {
    known_key key{.address = IpAddress::parse(address).value().abi(), .port = port};
    put(map("known"), key, ::known{.until_ns = ahead(until), .flags = flags});
    put(map("known_hints"), KNOWN_HINT_OF(key.address.word),
        static_cast<uint32_t>(ahead(until) >> KNOWN_HINT_TICK) + 1);
}
void Wall::call_ceiling(uint32_t flags, uint32_t full_zone, uint64_t identity, const std::string& emergency) {
    call_ceilings full{.flags = flags};
    full.full_zones[full_zone] = identity;
    std::memcpy(&full.emergency[1], emergency.data(), emergency.size());
    put(map("ceilings"), 0, full);
}
int Wall::change_ban(uint32_t code, const std::string& source, const struct ban& value) {
    std::vector<operation> one(1);
    const ban_key key = ban_key_of(source).value();
    one[0].code = code;
    std::memcpy(one[0].key, &key, sizeof key);
    std::memcpy(one[0].value, &value, sizeof value);
    EXPECT_EQ(apply(one), 0);
    return one[0].result;
}
void Wall::ban(const std::string& source, uint32_t flags, Duration until) {
    struct ban value{};
    value.until_ns = ahead(until);
    value.flags = flags;
    has_bans_ = true;
    ASSERT_EQ(change_ban(OP_PUT_BAN, source, value), 0);
}
void Wall::clear_ban_hints() {
    std::vector<operation> pages;
    for (uint32_t page = 0; page < HINT_PAGES; ++page) {
        pages.push_back({.code = OP_CLEAR_BAN_HINTS, .key = {page}});
        if (pages.size() == OPERATIONS || page + 1 == HINT_PAGES) {
            ASSERT_EQ(apply(pages), 0);
            pages.clear();
        }
    }
}
void Wall::forget_bans() {
    if (!std::exchange(has_bans_, false)) return;
    clear<ban_key>(map("bans"));
    clear_ban_hints();
}
void Wall::learned(const std::string& address, uint16_t port, learned_port value, Duration until) {
    value.until_ns = ahead(until);
    put(map("learned"), key_of(address, port), value);
}
void Wall::open(const Hole& hole) { put_hole(hole, value_of(hole)); }
void Wall::put_hole(const Hole& hole, const struct pinhole& value) {
    put(map("pinholes"), key_of(hole.local, hole.port, hole.protocol), value);
}
void Wall::close(const Hole& hole) {
    auto key = key_of(hole.local, hole.port, hole.protocol);
    bpf_map_delete_elem(map("pinholes"), &key);
}
struct pinhole Wall::hole(const Hole& hole) const {
    return look_up<pinhole>(map("pinholes"), key_of(hole.local, hole.port, hole.protocol));
}
refusal Wall::refused(const Hole& hole) const {
    return look_up<refusal>(map("refusals"), key_of(hole.local, hole.port, hole.protocol));
}
void Wall::peers(uint32_t slot, const std::vector<std::pair<std::string, uint16_t>>& named) {
    peer_set set{.count = static_cast<uint32_t>(named.size())};
    for (size_t i = 0; i < named.size(); ++i) set.peer[i] = peer_at(named[i].first, named[i].second);
    put(map("peer_sets"), slot, set);
}
uint64_t Wall::event(uint32_t number) const { return event_count(map("events"), number) - events_before_[number]; }
std::vector<Mirrored> Wall::ring(const char* name) { return programs().read(name); }

bool Wall::is_woken(const char* name) const {
    // The ring's epoll descriptor is level-triggered on "there are records"; a wakeup itself shows only edge-triggered.
    static std::map<std::string, int> watched;
    auto [entry, is_new] = watched.try_emplace(name, -1);
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {}};
    if (is_new) {
        entry->second = epoll_create1(EPOLL_CLOEXEC);
        require(epoll_ctl(entry->second, EPOLL_CTL_ADD, map(name), &event) == 0, "watch a ring");
    }
    return epoll_wait(entry->second, &event, 1, 50) == 1; // the kernel wakes by irq_work, a moment later
}
int Wall::apply(std::vector<operation>& operations) {
    for (uint32_t i = 0; i < operations.size() && i < OPERATIONS; ++i) put(map("operations"), i, operations[i]);
    apply_call call{.count = static_cast<uint32_t>(operations.size())};
    LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &call, .ctx_size_in = sizeof call);
    require(bpf_prog_test_run_opts(bpf_program__fd(programs().change->progs.ringwall_apply), &options) == 0,
            "run apply");
    for (uint32_t i = 0; i < operations.size() && i < OPERATIONS; ++i)
        operations[i] = look_up<operation>(map("operations"), i);
    return static_cast<int>(options.retval);
}

} // namespace ringwall::test
