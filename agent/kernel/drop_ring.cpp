// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/drop_ring.hpp"

#include <bpf/libbpf.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace ringwall::kernel {
namespace {

constexpr int at_a_look = 32; // calls wait for no more of them

} // namespace

void DropRing::FreeRing::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
DropRing::~DropRing() = default;

Result<std::unique_ptr<DropRing>> DropRing::open(const MapSource& source, OnSample on_sample) {
    const auto control = source.map("sampling", 0);
    if (!control) return tl::make_unexpected(control.error());
    auto sampling = MappedArray<struct sampling>::map(control->get(), 1, "sampling");
    if (!sampling) return tl::make_unexpected(sampling.error());
    auto map = source.map("ring_drops", 0);
    if (!map) return tl::make_unexpected(map.error());
    std::unique_ptr<DropRing> opened(new DropRing(std::move(on_sample), std::move(*sampling)));
    opened->ring_.reset(ring_buffer__new(map->get(), on_record, opened.get(), nullptr));
    if (!opened->ring_) return fail_errno(errno, "map the ring buffer ring_drops");
    map->release(); // libbpf keeps the number, not the ownership
    return opened;
}

void DropRing::read() {
    left_ = at_a_look;
    ring_buffer__consume(ring_.get());
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

// A negative return ends the look; the record still counts as consumed (libbpf, ringbuf_process_ring()).
int DropRing::on_record(void* self, void* bytes, size_t size) {
    auto& ring = *static_cast<DropRing*>(self);
    struct drop_sample sample{};
    if (size < sizeof sample) return 0;
    std::memcpy(&sample, bytes, sizeof sample);
    const size_t there = std::min<size_t>(sample.captured, size - sizeof sample);
    try {
        ring.on_sample_(sample, {static_cast<const char*>(bytes) + sizeof sample, there});
    } catch (...) { // no exception crosses a C callback
        ring.thrown_ = std::current_exception();
        return -ECANCELED;
    }
    return --ring.left_ > 0 ? 0 : -EAGAIN;
}

void DropRing::capture_until(uint64_t monotonic_ns) {
    std::atomic_ref<__u64>(sampling_[0].capture_until_ns).store(monotonic_ns, std::memory_order_relaxed);
}

} // namespace ringwall::kernel
