// SPDX-License-Identifier: Apache-2.0
// Segments in any order, cut, repeated, overlapping, forged and lost, and what their receiver says of them: what is read
// is what an ordered, lossless reading of the sender's bytes gives, in that order, some of it perhaps not.
//
// The input: a byte with the number of steps, four bytes a step (kind, place, size), then the sender's bytes.
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "agent/transport/transport.hpp"
#include "tests/fuzz/invariants.hpp"

namespace ringwall::transport {
namespace {

constexpr uint32_t start = 0xfffffff0; // wraps soon
constexpr std::array<uint64_t, 2> secret{1, 2};

struct Step {
    uint8_t kind, size;
    uint16_t place;
};

class Run {
public:
    explicit Run(std::string_view sent) : sent_(sent) {}

    // The whole stream at once.
    std::vector<std::string> ordered() {
        on_syn();
        segment(0, sent_.size());
        return std::exchange(messages_, {});
    }
    std::vector<std::string> mixed(const std::vector<Step>& steps) {
        on_syn();
        for (const Step& step : steps) take(step);
        return std::exchange(messages_, {});
    }

private:
    void on_syn() { send(start - 1, "", RECORD_TCP_SYN); }

    // Never a full stop: what follows one is believed to be a message, as in a body it may be. So time stands still once the
    // connection may be over, as bytes out of place are then not heard at all.
    void take(const Step& step) {
        const size_t size = size_t{step.size} * (step.kind & 0x80 ? 64 : 1);
        const size_t at = sent_.empty() ? 0 : step.place % sent_.size();
        acknowledges_ = (step.kind & 0x40) != 0 ? std::optional(receivers_ + step.size) : std::nullopt;
        switch (step.kind % 10) {
            case 0: return segment(at, size);
            case 1: return segment(at, size, RECORD_TCP_FIN);
            case 2: return send(start + 0x60000000U + step.place, sent_.substr(at, size)); // far away
            case 3:
                if (!may_be_over_ && now_ < last_bytes_ + gap_patience_ns) transport_.tick(now_ += gap_patience_ns / 2);
                return;
            case 4: return send(start + step.place, "", RECORD_TCP_RST);
            case 5: return send(start + 0x50000000U + step.place, "", RECORD_TCP_SYN);
            case 6: return answer(start + step.place, size);
            case 7: return answer(start + 0x50000000U + step.place, 0, RECORD_TCP_SYN);
            default: // where the last one ended
                segment(next_, size);
                next_ = std::min(next_ + size, sent_.size());
        }
    }

    void segment(size_t at, size_t size, unsigned flags = 0) {
        const std::string_view bytes = sent_.substr(at, size);
        const uint64_t forged = count_of("stream_forged");
        send(start + static_cast<uint32_t>(at), bytes, flags);
        if (!bytes.empty() && count_of("stream_forged") == forged) last_bytes_ = now_;
    }
    uint64_t count_of(std::string_view label) const {
        for (const CoreCounter& counter : transport_.counters())
            if (counter.label == label) return counter.count;
        return 0;
    }
    // The receiver says something, and how far it has got.
    void answer(uint32_t received, size_t size, unsigned flags = 0) {
        const std::string bytes(size, 'x');
        acknowledges_ = received;
        send(receivers_, bytes, flags | RECORD_OUTBOUND);
        receivers_ += static_cast<uint32_t>(size);
    }
    void send(uint32_t sequence, std::string_view bytes, unsigned flags = 0) {
        Packet packet{.bytes = bytes, .standing = Standing::known};
        packet.head.time_ns = now_;
        packet.head.length = static_cast<uint32_t>(bytes.size());
        packet.head.flags = static_cast<uint16_t>(flags);
        packet.head.protocol = 6;
        packet.head.sequence = sequence;
        if (acknowledges_) packet.head.flags |= RECORD_TCP_ACK;
        packet.head.acknowledgement = acknowledges_.value_or(0);
        may_be_over_ = may_be_over_ || (flags & (RECORD_TCP_FIN | RECORD_TCP_RST)) != 0;
        transport_.on_packet(packet);
        ++now_;
    }

    std::string_view sent_;
    size_t next_ = 0;
    uint64_t now_ = gap_patience_ns, last_bytes_ = now_;
    bool may_be_over_ = false;
    std::optional<uint32_t> acknowledges_;
    uint32_t receivers_ = 0x10000000; // its next byte
    std::vector<std::string> messages_;
    Transport transport_{secret,
                         [this](const Datagram& datagram, uint64_t) {
                             if (datagram.outbound) return;
                             MUST_HOLD(datagram.is_whole && datagram.payload.size() <= sip::max_message_bytes);
                             messages_.emplace_back(datagram.payload);
                         },
                         [](const Packet&) { return false; }};
};

bool is_subsequence(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
    size_t found = 0;
    for (const std::string& message : whole)
        if (found < part.size() && part[found] == message) ++found;
    return found == part.size();
}

} // namespace
} // namespace ringwall::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace ringwall::transport;
    if (size < 1 || size > 1 << 16) return 0;
    std::vector<Step> steps;
    size_t at = 1;
    for (; steps.size() < data[0] && at + 4 <= size; at += 4)
        steps.push_back({data[at], data[at + 1], static_cast<uint16_t>(data[at + 2] << 8 | data[at + 3])});
    const std::string_view sent(reinterpret_cast<const char*>(data) + at, size - at);
    const auto whole = Run(sent).ordered();
    const auto read = Run(sent).mixed(steps);
    MUST_HOLD(is_subsequence(read, whole));
    return 0;
}
