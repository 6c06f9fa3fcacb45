// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/reassembly.hpp"

#include <algorithm>
#include <cstring>

namespace ringwall::kernel {
namespace {

constexpr size_t largest_datagram = 65535;
constexpr size_t most_partial = 128; // one a CPU that is in the middle of a datagram, on the largest machines

bool is_same(const struct peer& a, const struct peer& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// One `now` a packet and its two ends: no CPU mirrors two datagrams of one flow in one nanosecond.
bool continues(const struct mirror_record& first, const struct mirror_record& record) {
    return first.time_ns == record.time_ns && first.length == record.length && is_same(first.source, record.source) &&
           is_same(first.destination, record.destination);
}

} // namespace

void Reassembly::on_record(std::span<const char> sample) {
    struct mirror_record record{};
    if (sample.size() < sizeof record) {
        ++unreadable_;
        return;
    }
    std::memcpy(&record, sample.data(), sizeof record);
    const size_t room = sample.size() - sizeof record;
    const bool is_sane = record.captured <= room && record.length <= largest_datagram &&
                         record.offset <= record.length && record.captured <= record.length - record.offset;
    if (!is_sane) {
        ++unreadable_;
        return;
    }
    const std::string_view bytes(sample.data() + sizeof record, record.captured);
    if (record.offset != 0) go_on(record, bytes);
    else if ((record.flags & RECORD_MORE) != 0) start(record, bytes);
    else deliver(record, bytes);
}

void Reassembly::start(const struct mirror_record& record, std::string_view bytes) {
    if (partial_.size() == most_partial) {
        // Its rest was lost for want of room in the ring: what came is delivered as what it is.
        const auto oldest = std::move(partial_.front());
        partial_.erase(partial_.begin());
        deliver(oldest.first, oldest.bytes);
    }
    partial_.push_back({record, std::string(bytes)});
}

void Reassembly::go_on(const struct mirror_record& record, std::string_view bytes) {
    const auto found = std::find_if(partial_.begin(), partial_.end(),
                                    [&](const Partial& each) { return continues(each.first, record); });
    if (found == partial_.end()) {
        ++unreadable_;
        return;
    }
    // A gap: a chunk between was lost. The later ones no longer fit, and the last delivers what is whole.
    if (found->bytes.size() == record.offset) found->bytes += bytes;
    if ((record.flags & RECORD_MORE) != 0) return;
    const auto whole = std::move(*found);
    partial_.erase(found);
    deliver(whole.first, whole.bytes);
}

void Reassembly::deliver(const struct mirror_record& record, std::string_view bytes) {
    on_packet_({.head = record, .bytes = bytes, .standing = standing_});
}

} // namespace ringwall::kernel
