// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/programs.hpp"

#include <bpf/bpf.h>

#include <cstring>
#include <utility>

#include "tests/kernel/map_access.hpp"

namespace ringwall::test {
namespace {

constexpr size_t log_bytes = 1 << 16;

bpf_program* first_program(bpf_object* object) { return bpf_object__next_program(object, nullptr); }

} // namespace

Programs& programs() {
    static Programs loaded;
    return loaded;
}

Programs::Programs() {
    require(ingress && tc && watching && egress && change, "open the objects");
    watching->rodata->is_watched = 1;
    require(bpf_map__set_max_entries(ingress->maps.pinholes, 1024) == 0, "size pinholes");
    load(ingress->obj);
    for (bpf_object* other : {tc->obj, egress->obj, change->obj}) share_maps_with(other), load(other);
    share_maps_with(watching->obj);
    require(bpf_object__load(watching->obj) == 0, "load the watching copy");
    for (const char* name : {"ring_inside", "ring_known", "ring_strangers"})
        rings_.emplace(name, std::unique_ptr<ring_buffer, decltype(&ring_buffer__free)>(
                                 ring_buffer__new(map(name), &Programs::receive, this, nullptr), ring_buffer__free));
}

Programs::~Programs() {
    rings_.clear();
    xdp_ingress::destroy(ingress);
    tc_ingress::destroy(tc);
    tc_ingress::destroy(watching);
    tc_egress::destroy(egress);
    ::apply::destroy(change);
}

int Programs::map(const char* name) const { return bpf_object__find_map_fd_by_name(ingress->obj, name); }

std::vector<Mirrored> Programs::read(const char* ring) {
    received_.clear();
    ring_buffer__consume(rings_.at(ring).get());
    return std::move(received_);
}

void Programs::load(bpf_object* object) {
    std::vector<char> log(log_bytes);
    bpf_program* program = first_program(object);
    bpf_program__set_log_level(program, 4); // statistics only
    bpf_program__set_log_buf(program, log.data(), log.size());
    require(bpf_object__load(object) == 0, log.data());
    costs[bpf_program__name(program)] = log.data();
}

void Programs::share_maps_with(bpf_object* object) const {
    bpf_map* shared = nullptr;
    bpf_object__for_each_map(shared, object) if (!bpf_map__is_internal(shared))
        require(bpf_map__reuse_fd(shared, map(bpf_map__name(shared))) == 0, bpf_map__name(shared));
}

int Programs::receive(void* self, void* record, size_t size) {
    Mirrored one{};
    std::memcpy(&one.header, record, sizeof one.header);
    const auto* bytes = static_cast<const uint8_t*>(record) + sizeof one.header;
    require(sizeof one.header + one.header.captured <= size, "a record says more than it holds");
    one.bytes.assign(bytes, bytes + one.header.captured);
    static_cast<Programs*>(self)->received_.push_back(std::move(one));
    return 0;
}

} // namespace ringwall::test
