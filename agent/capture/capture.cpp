// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/capture.hpp"

#include "agent/capture/input.hpp"

namespace ringwall::capture {
namespace {

constexpr uint32_t pcapng_magic = 0x0a0d0d0a; // the same in either byte order
constexpr uint32_t pcap_us = 0xa1b2c3d4, pcap_ns = 0xa1b23c4d;
constexpr uint32_t pcap_us_swapped = 0xd4c3b2a1, pcap_ns_swapped = 0x4d3cb2a1;

tl::unexpected<Defect> refuse(std::string what) { return tl::make_unexpected(Defect{std::move(what), 0}); }

Result<std::unique_ptr<Format>, Defect> open_format(Input input) {
    const std::string_view start = input.take(sizeof(uint32_t));
    if (start.empty()) return refuse("the file is empty");
    if (start.substr(0, 2) == "\x1f\x8b") return refuse("the file is compressed: unpack it with gunzip first");
    if (start.substr(0, 4) == "\x28\xb5\x2f\xfd") return refuse("the file is compressed: unpack it with unzstd first");
    if (start.size() < sizeof(uint32_t)) return refuse("neither pcap nor pcapng");
    switch (const auto magic = number<uint32_t>(start, 0, false)) {
        case pcapng_magic: return open_pcapng(std::move(input));
        case pcap_us:
        case pcap_ns:
        case pcap_us_swapped:
        case pcap_ns_swapped: return open_pcap(std::move(input), magic);
        default: return refuse("neither pcap nor pcapng: convert it with `editcap -F pcapng`");
    }
}

} // namespace

Reader::Reader(std::unique_ptr<Format> format) : format_(std::move(format)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader, Defect> Reader::open(Read read) {
    auto format = open_format(Input(std::move(read)));
    if (!format) return tl::make_unexpected(std::move(format.error()));
    return Reader(std::move(*format));
}

Result<std::optional<Record>, Defect> Reader::next() { return format_->next(); }
uint64_t Reader::offset() const { return format_->offset(); }

} // namespace ringwall::capture
