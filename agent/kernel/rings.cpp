// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/rings.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace ringwall::kernel {
namespace {

constexpr const char* names[] = {"ring_inside", "ring_known",
                                 "ring_strangers"}; // as enum Standing, in the order they are read
// Records a round. Those of calls are bounded so that the clock and the operator get their turn, and that a message is
// read while it is still in the processor's cache.
constexpr size_t strangers = 2;
constexpr int budgets[] = {128, 128, 64};

struct FreeRing {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

} // namespace

struct Rings::Ring {
    Ring(transport::Standing standing, TimeOrder& order)
        : reassembly(standing, [this, &order](const transport::Packet& packet) {
              last_ns = packet.head.time_ns;
              order.hold(packet);
          }) {}

    // A negative return ends the round; the record still counts as consumed (libbpf, ringbuf_process_ring()).
    static int on_sample(void* self, void* bytes, size_t size) {
        auto& ring = *static_cast<Ring*>(self);
        try {
            ring.reassembly.on_record({static_cast<const char*>(bytes), size});
        } catch (...) { // no exception crosses a C callback
            ring.thrown = std::current_exception();
            return -ECANCELED;
        }
        ++ring.read;
        return ring.read < ring.budget ? 0 : -EAGAIN;
    }

    bool drain() {
        read = 0;
        ring_buffer__consume(buffer.get());
        if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
        return read > 0;
    }
    bool has_more() const { return read == budget; }

    Reassembly reassembly;
    std::unique_ptr<ring_buffer, FreeRing> buffer;
    int budget = 0, read = 0;
    uint64_t last_ns = 0;
    std::exception_ptr thrown;
};

Rings::Rings(OnPacket on_packet, IsStrangers is_strangers) : order_(std::move(on_packet), std::move(is_strangers)) {}
Rings::~Rings() = default;

Result<std::unique_ptr<Rings>> Rings::open(const MapSource& source, OnPacket on_packet, IsStrangers is_strangers) {
    std::unique_ptr<Rings> rings(new Rings(std::move(on_packet), std::move(is_strangers)));
    rings->wait_.reset(epoll_create1(EPOLL_CLOEXEC));
    if (!rings->wait_) return fail_errno(errno, "make an epoll descriptor");
    for (size_t i = 0; i < std::size(names); ++i) {
        const std::string name = names[i];
        auto map = source.map(name, 0);
        if (!map) return tl::make_unexpected(map.error());
        auto ring = std::make_unique<Ring>(static_cast<transport::Standing>(i), rings->order_);
        ring->budget = budgets[i];
        ring->buffer.reset(ring_buffer__new(map->get(), Ring::on_sample, ring.get(), nullptr));
        if (!ring->buffer) return fail_errno(errno, "map the ring buffer " + name);
        epoll_event readable{.events = EPOLLIN, .data = {}};
        if (epoll_ctl(rings->wait_.get(), EPOLL_CTL_ADD, ring_buffer__epoll_fd(ring->buffer.get()), &readable) != 0)
            return fail_errno(errno, "wait for the ring buffer " + name);
        // libbpf keeps the number, not the ownership: the map must stay open as long as its ring.
        map->release();
        rings->rings_[i] = std::move(ring);
    }
    return rings;
}

bool Rings::drain(uint64_t now_ns) {
    // What caused a record stood in its ring before it: whatever is older than this round, this round has read. A ring
    // that was not read to its end holds the others back to where it stopped; the strangers' nobody but strangers.
    TimeOrder::Until until{now_ns, now_ns};
    bool any = false;
    for (auto& ring : rings_) {
        any = ring->drain() || any;
        if (!ring->has_more()) continue;
        until.strangers = std::min(until.strangers, ring->last_ns);
        if (ring != rings_[strangers]) until.all = until.strangers;
    }
    order_.release(until);
    read_until_ = until.strangers;
    return any || !order_.empty();
}

uint64_t Rings::unreadable() const {
    uint64_t sum = 0;
    for (const auto& ring : rings_) sum += ring->reassembly.unreadable();
    return sum;
}

} // namespace ringwall::kernel
