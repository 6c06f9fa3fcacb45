// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/wall.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "apply.skel.h"
#include "maps/abi/meta.h"
#include "maps/fnv1a.hpp"
#include "maps/reasons.hpp"
#include "tc_egress.skel.h"
#include "tc_ingress.skel.h"
#include "xdp_ingress.skel.h"

namespace ringwall::test {
namespace {

constexpr size_t log_bytes = 1 << 16;

void require(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

bpf_program* first_program(bpf_object* object) { return bpf_object__next_program(object, nullptr); }

// Loaded once a process: 200 ms of verifier are too dear for every test. Each test makes the maps its own instead.
struct Programs {
    xdp_ingress* ingress = xdp_ingress::open();
    tc_ingress* tc = tc_ingress::open();
    tc_ingress* watching = tc_ingress::open(); // the copy for watched interfaces
    tc_egress* egress = tc_egress::open();
    ::apply* change = ::apply::open();
    std::map<std::string, std::string> costs;
    std::map<std::string, std::unique_ptr<ring_buffer, decltype(&ring_buffer__free)>> rings;
    std::vector<Mirrored> received;

    Programs() {
        require(ingress && tc && watching && egress && change, "open the objects");
        watching->rodata->is_watched = 1;
        require(bpf_map__set_max_entries(ingress->maps.pinholes, 1024) == 0, "size pinholes");
        load(ingress->obj);
        for (bpf_object* other : {tc->obj, egress->obj, change->obj}) share_maps_with(other), load(other);
        share_maps_with(watching->obj);
        require(bpf_object__load(watching->obj) == 0, "load the watching copy");
        for (const char* name : {"ring_inside", "ring_known", "ring_strangers"})
            rings.emplace(name, std::unique_ptr<ring_buffer, decltype(&ring_buffer__free)>(
                                    ring_buffer__new(fd(name), &Programs::receive, this, nullptr), ring_buffer__free));
    }
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;
    ~Programs() {
        rings.clear();
        xdp_ingress::destroy(ingress);
        tc_ingress::destroy(tc);
        tc_ingress::destroy(watching);
        tc_egress::destroy(egress);
        ::apply::destroy(change);
    }

    void load(bpf_object* object) {
        std::vector<char> log(log_bytes);
        bpf_program* program = first_program(object);
        bpf_program__set_log_level(program, 4); // statistics only
        bpf_program__set_log_buf(program, log.data(), log.size());
        require(bpf_object__load(object) == 0, log.data());
        costs[bpf_program__name(program)] = log.data();
    }
    void share_maps_with(bpf_object* object) {
        bpf_map* map = nullptr;
        bpf_object__for_each_map(map, object) if (!bpf_map__is_internal(map))
            require(bpf_map__reuse_fd(map, fd(bpf_map__name(map))) == 0, bpf_map__name(map));
    }
    int fd(const char* name) const { return bpf_object__find_map_fd_by_name(ingress->obj, name); }

    static int receive(void* self, void* record, size_t size) {
        Mirrored one{};
        std::memcpy(&one.header, record, sizeof one.header);
        const auto* bytes = static_cast<const uint8_t*>(record) + sizeof one.header;
        require(sizeof one.header + one.header.captured <= size, "a record says more than it holds");
        one.bytes.assign(bytes, bytes + one.header.captured);
        static_cast<Programs*>(self)->received.push_back(std::move(one));
        return 0;
    }
};

Programs& programs() {
    static Programs loaded;
    return loaded;
}

template <typename Value, typename Key>
Value look_up(int fd, const Key& key) {
    Value value{};
    bpf_map_lookup_elem(fd, &key, &value); // zero where there is none
    return value;
}
template <typename Key, typename Value>
void put(int fd, const Key& key, const Value& value) {
    require(bpf_map_update_elem(fd, &key, &value, BPF_ANY) == 0, "update");
}
template <typename Key>
void clear(int fd) {
    Key key;
    while (bpf_map_get_next_key(fd, nullptr, &key) == 0) bpf_map_delete_elem(fd, &key);
}
template <typename Value>
std::vector<Value> per_cpu(int fd, uint32_t index) {
    std::vector<Value> values(static_cast<size_t>(libbpf_num_possible_cpus()));
    require(bpf_map_lookup_elem(fd, &index, values.data()) == 0, "per-CPU lookup");
    return values;
}

std::vector<reason_count> reason_counts(int fd) {
    std::vector<reason_count> all;
    for (uint32_t number = 0; number < REASON_LIMIT; ++number) {
        auto cpus = per_cpu<reason_count>(fd, number);
        all.push_back(std::accumulate(cpus.begin(), cpus.end(), reason_count{}, [](reason_count a, reason_count b) {
            return reason_count{a.packets + b.packets, a.bytes + b.bytes};
        }));
    }
    return all;
}
uint64_t event_count(int fd, uint32_t number) {
    auto cpus = per_cpu<uint64_t>(fd, number);
    return std::accumulate(cpus.begin(), cpus.end(), uint64_t{});
}

network_key network_key_of(const std::string& text, uint32_t generation) {
    Prefix prefix = Prefix::parse(text).value();
    return {.prefix_length = 32U + prefix.length, .generation = generation, .address = prefix.address.abi()};
}

uint64_t ago(Duration span) { return span == Duration::min() ? 0 : now_ns() - static_cast<uint64_t>(span.count()); }
uint64_t ahead(Duration span) { return now_ns() + static_cast<uint64_t>(span.count()); }

peer peer_at(const std::string& address, uint16_t port) {
    return Endpoint{IpAddress::parse(address).value(), Port{port}}.abi();
}

} // namespace

uint64_t now_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1000000000U + static_cast<uint64_t>(time.tv_nsec);
}

std::set<uint32_t>& produced_reasons() {
    static std::set<uint32_t> produced;
    return produced;
}
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

int Wall::map(const char* name) const { return programs().fd(name); }

void Wall::SetUp() {
    for (const char* name : {"pinholes", "refusals", "learned"}) clear<pinhole_key>(map(name));
    clear<known_key>(map("known"));
    clear<network_key>(map("networks"));
    // A new secret moves every source to fresh ways of the limiter and of the return paths.
    static uint64_t round = now_ns();
    ask_networks_always();
    put(map("meta"), 0, meta{.abi_version = RINGWALL_ABI_VERSION, .secret = {++round, 42}});
    for (uint32_t set = LIMITER_SETS - 1024; set < LIMITER_SETS; ++set) put(map("limiter"), set, limiter_set{});
    for (uint32_t number = 0; number < GENERATIONS * ZONES; ++number) put(map("zones"), number, ::zone{});
    for (uint32_t index = 0; index < GENERATIONS * 1024; ++index) put(map("ports"), index, port_policy{});
    for (uint32_t index = 0; index < GENERATIONS * RULES; ++index) put(map("rules"), index, ::rule{});
    auto port = [this](uint32_t number, auto change) {
        auto policy = look_up<port_policy>(map("ports"), number >> 6);
        change(policy, uint64_t{1} << (number & 63));
        put(map("ports"), number >> 6, policy);
    };
    for (uint32_t media = 10000; media <= 20000; ++media)
        port(media, [](auto& p, uint64_t bit) { p.media_udp |= bit; });
    for (uint32_t media = 40000; media < 50000; ++media) port(media, [](auto& p, uint64_t bit) { p.media_udp |= bit; });
    for (uint32_t media = 30000; media < 31000; ++media) port(media, [](auto& p, uint64_t bit) { p.media_tcp |= bit; });
    port(5060, [](auto& p, uint64_t bit) { p.sip_udp |= bit, p.sip_tcp |= bit; });
    put(map("active"), 0, active{0});
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

void Wall::activate(uint32_t generation) { put(map("active"), 0, active{generation}); }
void Wall::apply_settings() { put(map("wall"), 0, settings_); }
void Wall::network(const std::string& prefix, uint32_t zone, uint32_t flags, uint32_t generation) {
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
    for (const auto& [sip_class, limit] : limits) value.limits[sip_class] = limit;
    put(map("zones"), number, value);
}
void Wall::heartbeat(Duration since, bool asleep) {
    put(map("liveness"), 0, liveness{.heartbeat_ns = ago(since), .asleep = asleep});
}
void Wall::known(const std::string& address, uint16_t port, uint32_t flags, Duration until) {
    known_key key{.address = IpAddress::parse(address).value().abi(), .port = port};
    put(map("known"), key, ::known{.until_ns = ahead(until), .flags = flags});
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
std::vector<Mirrored> Wall::ring(const char* name) {
    programs().received.clear();
    ring_buffer__consume(programs().rings.at(name).get());
    return std::move(programs().received);
}

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
int Wall::ingress_program() const { return bpf_program__fd(programs().ingress->progs.ringwall_xdp); }
int Wall::egress_program() const { return bpf_program__fd(programs().egress->progs.ringwall_tc_eg); }

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

std::vector<reason_count> Wall::counts() const { return reason_counts(map("reasons")); }

std::map<std::string, size_t>& frames_that_tc_refused() {
    static std::map<std::string, size_t> frames;
    return frames;
}

bool judges_by_tc() {
    const char* hook = std::getenv("RINGWALL_TEST_HOOK");
    return hook != nullptr && std::string_view(hook) == "tc";
}

namespace {

// What TC's TEST_RUN takes (net/bpf/test_run.c): 14 to 3712 bytes, an IPv4 header whole, an IPv6 header whole.
bool fits_tc(const Bytes& frame) {
    if (frame.size() < 14 || frame.size() > 3712) return false;
    const int type = frame[12] << 8 | frame[13];
    return !(type == 0x0800 && frame.size() < 34) && !(type == 0x86dd && frame.size() < 54);
}

struct Run {
    int program;
    uint32_t pass;
};

Run run_inward(const Bytes& frame) {
    constexpr uint32_t xdp_pass = 2, tc_unspec = static_cast<uint32_t>(-1);
    const Run xdp{bpf_program__fd(programs().ingress->progs.ringwall_xdp), xdp_pass};
    if (!judges_by_tc()) return xdp;
    if (fits_tc(frame)) return {bpf_program__fd(programs().tc->progs.ringwall_tc_in), tc_unspec};
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    ++frames_that_tc_refused()[std::string(test->test_suite_name()) + "." + test->name()];
    return xdp;
}

} // namespace

void Wall::run_many(const Bytes& frame, uint32_t count) const {
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = static_cast<int>(count));
    require(bpf_prog_test_run_opts(run_inward(frame).program, &options) == 0, "run frames");
}

bool Wall::passes(const Bytes& frame) const {
    const auto [program, pass] = run_inward(frame);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = 1);
    require(bpf_prog_test_run_opts(program, &options) == 0, "run a frame");
    return options.retval == pass;
}

std::string Wall::in(const Bytes& frame) {
    const auto [program, pass] = run_inward(frame);
    return run(frame, program, pass);
}
std::string Wall::out(const Bytes& frame) { return run(frame, egress_program(), static_cast<uint32_t>(-1)); }
std::string Wall::watched(const Packet& packet) {
    return run(packet.bytes(), bpf_program__fd(programs().watching->progs.ringwall_tc_in), static_cast<uint32_t>(-1));
}
int Wall::tc_ingress_program() const { return bpf_program__fd(programs().tc->progs.ringwall_tc_in); }

std::string Wall::run(const Bytes& frame, int program, uint32_t pass) {
    auto before = reason_counts(map("reasons"));
    Bytes after(65536);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = after.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .data_size_out = 65536, .repeat = 1);
    if (int error = bpf_prog_test_run_opts(program, &options)) return "refused by TEST_RUN: " + std::to_string(error);
    after.resize(options.data_size_out);
    if (after != frame) return "the frame was changed"; // rule 1: never change a byte

    std::string reasons;
    auto counts = reason_counts(map("reasons"));
    for (uint32_t number = 0; number < REASON_LIMIT; ++number) {
        if (counts[number].packets == before[number].packets) continue;
        reasons += " " + std::string(reason_text(number).label);
        if (counts[number].packets != before[number].packets + 1) reasons += " more than once";
        if (counts[number].bytes != before[number].bytes + frame.size()) reasons += " with other bytes";
        produced_reasons().insert(number);
    }
    return (options.retval == pass ? "pass" : "drop") + reasons;
}

} // namespace ringwall::test
