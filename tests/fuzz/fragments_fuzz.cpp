// SPDX-License-Identifier: Apache-2.0
// Fragments of one datagram in any order, repeated, overlapping, of another content, of several senders: what comes out
// whole is what was sent whole, byte for byte, and what is held never exceeds its room.
//
// The input: a byte with the number of steps, four bytes a step (kind, place, size), then the datagram's payload.
#include <vector>

#include "agent/transport/fragments.hpp"
#include "tests/fuzz/invariants.hpp"

namespace ringwall::transport {
namespace {

std::string ip_of(std::string_view payload) {
    std::string bytes("\x13\xc4\x13\xc4\0\0\0\0", 8);
    bytes[4] = static_cast<char>((payload.size() + 8) >> 8);
    bytes[5] = static_cast<char>((payload.size() + 8) & 0xff);
    return bytes.append(payload);
}

struct Step {
    uint8_t kind, size;
    uint16_t place;
};

class Run {
public:
    explicit Run(std::string_view payload) : payload_(payload), ip_(ip_of(payload)) {}

    void take(const Step& step) {
        const bool is_forged = step.kind & 1;
        const size_t at = step.place * size_t{8} % (ip_.size() + 8);
        const size_t size =
            std::min<size_t>(size_t{step.size} * 8 + (step.kind & 2), ip_.size() - std::min(at, ip_.size()));
        std::string bytes = ip_.substr(std::min(at, ip_.size()), size);
        if (is_forged && !bytes.empty()) bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
        // A forger has addresses of his own: the same datagram would be his word against the sender's.
        Packet packet{.bytes = bytes, .standing = static_cast<Standing>(step.kind >> 2 & 1 ? 1 : 2)};
        packet.head.source.address.word[3] = is_forged ? 1 : 2;
        packet.head.sequence = step.kind >> 3 & 1;
        packet.head.time_ns = now_ += step.kind >> 4 & 1 ? fragment_life_ns / 8 : 1;
        packet.head.length = static_cast<uint32_t>(bytes.size() + (step.kind >> 5 & 1 ? 1 : 0));
        packet.head.fragment_offset = static_cast<uint32_t>(at);
        packet.head.protocol = 17;
        const bool ends = at + size == ip_.size() || step.kind >> 6 & 1;
        packet.head.flags = static_cast<uint16_t>(RECORD_FRAGMENT | (ends ? +RECORD_LAST_FRAGMENT : 0));
        const auto whole = fragments_.on_fragment(packet);
        if (whole && !is_forged) MUST_HOLD(whole->payload == payload_ && whole->is_whole);
        for (const auto standing : {Standing::known, Standing::stranger})
            MUST_HOLD(fragments_.budget(standing).bytes() <= 4 * 65536);
    }
    void end() {
        fragments_.expire(now_ + fragment_life_ns);
        for (const auto standing : {Standing::known, Standing::stranger})
            MUST_HOLD(fragments_.budget(standing).bytes() == 0 && fragments_.budget(standing).items() == 0);
    }

private:
    std::string_view payload_;
    std::string ip_;
    uint64_t now_ = fragment_life_ns;
    Fragments fragments_;
};

} // namespace
} // namespace ringwall::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace ringwall::transport;
    if (size < 1 || size > 60000) return 0;
    const size_t steps = std::min<size_t>(data[0], (size - 1) / 4);
    Run run({reinterpret_cast<const char*>(data) + 1 + 4 * steps, size - 1 - 4 * steps});
    for (const uint8_t* step = data + 1; step < data + 1 + 4 * steps; step += 4)
        run.take({step[0], step[1], static_cast<uint16_t>(step[2] << 8 | step[3])});
    run.end();
    return 0;
}
