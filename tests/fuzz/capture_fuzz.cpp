// SPDX-License-Identifier: Apache-2.0
// Whatever the bytes: the reader ends, every packet lies within them, and a frame is one that the kernel runs.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "agent/capture/flow.hpp"
#include "agent/capture/frame.hpp"

using namespace ringwall;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void read(std::string_view file) {
    size_t at = 0;
    const auto source = [&](char* to, size_t most) {
        const size_t count = std::min(most, file.size() - at);
        std::memcpy(to, file.data() + at, count);
        at += count;
        return count;
    };
    auto reader = capture::Reader::open(source);
    if (!reader) return require(reader.error().offset <= file.size());
    capture::Framer framer;
    for (uint64_t before = 0;; before = reader->offset()) {
        const auto record = reader->next();
        if (!record) return require(!record.error().what.empty() && record.error().offset <= file.size());
        if (!*record) return;
        require(reader->offset() > before && (*record)->bytes.size() <= reader->offset() - before);
        require((*record)->length >= (*record)->bytes.size());
        const auto frame = framer.frame(**record);
        if (!frame) continue;
        require(frame->bytes.size() >= 14 && frame->bytes.size() <= capture::longest_frame);
        capture::flow_of(frame->bytes);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    read({reinterpret_cast<const char*>(data), size});
    return 0;
}
