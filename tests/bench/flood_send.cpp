// SPDX-License-Identifier: Apache-2.0
// The generator of a live load: makes the frame that its program varies, and runs the program until the end.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <netinet/ether.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "tests/bench/amid.h"
#include "tests/bench/flood_parts.hpp"
#include "tests/bench/messages.hpp"
#include "tests/bench/varied.h"
#include "tests/kernel/packet.hpp"

namespace ringwall::bench {
namespace {

using namespace ringwall::test;

constexpr uint32_t packets_a_run = 1 << 30; // as good as all: between two runs there may be a second; a signal ends one
constexpr uint16_t sip_port = 5060;
constexpr uint32_t most_in_a_batch = 64;     // what the kernel takes by itself
constexpr uint32_t batches_a_second = 50000; // at least, where the rate is given

Bytes frame_of(std::string_view kind) {
    if (kind == "media4") return (eth / ip4{} / udp{} / rtp()).bytes();
    if (kind == "media6") return (eth / ip6{} / udp{} / rtp()).bytes();
    const auto request = text(std::string(bench::registration));
    const udp ports{.sport = sip_port, .dport = sip_port};
    if (kind == "registrations6") return (eth / ip6{.src = "2400:1::1"} / ports / request).bytes();
    if (kind != "registrations") give_up("KIND");
    return (eth / ip4{.src = "198.0.0.0"} / ports / request).bytes();
}

Bytes addressed_frame(std::string_view kind, const char* from_mac, const char* to_mac) {
    Bytes frame = frame_of(kind);
    for (const auto& [mac, at] : {std::pair(to_mac, 0), std::pair(from_mac, ETH_ALEN)}) {
        const ether_addr* address = ether_aton(mac);
        if (address == nullptr) give_up(mac);
        std::memcpy(&frame[static_cast<size_t>(at)], address->ether_addr_octet, ETH_ALEN);
    }
    return frame;
}

// Where the four bytes of a source are that vary: IPv4's all, of IPv6 the second four, which are the /64's.
constexpr size_t varied_source_at = sizeof(ethhdr) + offsetof(iphdr, saddr);
static_assert(varied_source_at == sizeof(ethhdr) + offsetof(ipv6hdr, saddr) + 4);

bool is_v6(const Bytes& frame) { return frame[sizeof(ethhdr)] >> 4 == 6; }
size_t addresses_at(const Bytes& frame) {
    return sizeof(ethhdr) + (is_v6(frame) ? offsetof(ipv6hdr, saddr) : offsetof(iphdr, saddr));
}
size_t udp_at(const Bytes& frame) { return sizeof(ethhdr) + (is_v6(frame) ? sizeof(ipv6hdr) : sizeof(iphdr)); }

// Where the branch varies: at an even offset, so that its words are the checksum's.
size_t branch_in(const Bytes& frame) {
    constexpr std::string_view cookie = "branch=z9hG4bK-";
    const auto found = std::search(frame.begin(), frame.end(), cookie.begin(), cookie.end()); // clang 14: no ranges
    if (found == frame.end()) give_up("no branch");
    const auto at = static_cast<size_t>(found - frame.begin()) + cookie.size();
    return at + (at - udp_at(frame)) % 2;
}

// RFC 1071, of what UDP's checksum is made of: the frame's own, without what varies of source and branch.
uint32_t udp_sum_without(const Bytes& frame, size_t branch) {
    const auto word = [&](size_t at) {
        uint16_t value = 0;
        std::memcpy(&value, &frame[at], sizeof value);
        return uint32_t{value};
    };
    const auto varies = [&](size_t at) {
        return (at >= varied_source_at && at < varied_source_at + 4) || (at >= branch && at < branch + BRANCH_BYTES) ||
               at == udp_at(frame) + offsetof(udphdr, check);
    };
    uint32_t sum =
        htons(IPPROTO_UDP) + word(udp_at(frame) + offsetof(udphdr, len)); // and the addresses, and all behind
    for (size_t at = addresses_at(frame); at < frame.size(); at += 2)
        if (!varies(at)) sum += word(at);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

// Nothing else runs on the sender's CPU within a batch, and its packets wait for the last: so let batches be short.
uint32_t batch_of(uint32_t rate) {
    return rate == 0 ? most_in_a_batch : std::clamp(rate / batches_a_second, 1U, most_in_a_batch);
}

in_addr_t ip4_of(const std::string& text) {
    in_addr address{};
    if (inet_pton(AF_INET, text.c_str(), &address) != 1) give_up(text.c_str());
    return address.s_addr;
}

std::vector<stream> read_streams(const char* path) {
    std::ifstream file(path);
    std::string from;
    std::string to;
    uint32_t ssrc = 0;
    uint32_t sequence = 0;
    uint16_t from_port = 0;
    uint16_t to_port = 0;
    std::vector<stream> streams;
    while (file >> from >> from_port >> to >> to_port >> ssrc >> sequence)
        streams.push_back({.from = ip4_of(from),
                           .to = ip4_of(to),
                           .from_port = htons(from_port),
                           .to_port = htons(to_port),
                           .ssrc = htonl(ssrc),
                           .sequence = sequence});
    if (streams.empty() || streams.size() > MOST_STREAMS || !file.eof()) give_up(path);
    return streams;
}

void put_streams(const flood* programs, std::span<const stream> streams) {
    for (uint32_t n = 0; n < streams.size(); ++n)
        if (bpf_map__update_elem(programs->maps.streams, &n, sizeof n, &streams[n], sizeof streams[n], 0) != 0)
            give_up("streams");
}

// For as long as the process lives: the namespace that it is made in goes with the bench.
void take_letters(const flood* programs, const char* interface) {
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = static_cast<int>(index_of(interface)), .attach_point = BPF_TC_EGRESS);
    LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = bpf_program__fd(programs->progs.outbox_put));
    const int made = bpf_tc_hook_create(&hook);
    if ((made != 0 && made != -EEXIST) || bpf_tc_attach(&hook, &options) != 0) give_up(interface);
}

void leave_letters(const char* interface) {
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = static_cast<int>(index_of(interface)),
                .attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
    bpf_tc_hook_destroy(&hook);
}

} // namespace

int send(std::span<char*> words) {
    const std::string_view kind = words[0];
    const uint32_t varieties = number(words[4]);
    const uint32_t rate = words.size() > 5 ? number(words[5]) : 0;
    if (!std::has_single_bit(varieties)) give_up("NUMBER is no power of two");
    flood* programs = open_programs();
    programs->rodata->out_ifindex = index_of(words[1]);
    programs->rodata->number_mask = varieties - 1;
    programs->rodata->period_ns = rate == 0 ? 0 : 1000000000ULL / rate;
    const Bytes frame = addressed_frame(kind, words[2], words[3]);
    const bool is_registration = kind.starts_with("registrations");
    if (is_registration) {
        const size_t branch = branch_in(frame);
        programs->rodata->is_v6 = is_v6(frame);
        programs->rodata->branch_at = static_cast<uint32_t>(branch);
        programs->rodata->udp_sum = udp_sum_without(frame, branch);
        programs->rodata->flood_frame_size = static_cast<uint32_t>(frame.size());
    }
    const auto streams = words.size() > 6 ? read_streams(words[6]) : std::vector<stream>{};
    programs->rodata->stream_count = static_cast<uint32_t>(streams.size());
    load(programs);
    put_streams(programs, streams);
    std::ranges::copy(frame, programs->bss->flood_frame);
    std::memcpy(&programs->bss->header, frame.data(), sizeof(ethhdr));
    const int program =
        bpf_program__fd(is_registration ? programs->progs.send_registration : programs->progs.send_media);
    if (!streams.empty()) take_letters(programs, words[1]);
    say_ready();
    while (is_over == 0) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = packets_a_run,
                    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = batch_of(rate));
        const int failed = bpf_prog_test_run_opts(program, &options);
        if (failed != 0 && failed != -EINTR) give_up("send");
    }
    if (!streams.empty()) leave_letters(words[1]);
    std::printf("%u %u\n", programs->bss->sent, programs->bss->media_sent);
    flood::destroy(programs);
    return 0;
}

} // namespace ringwall::bench
