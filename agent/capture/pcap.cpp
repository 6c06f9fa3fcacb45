// SPDX-License-Identifier: Apache-2.0
// pcap (draft-ietf-opsawg-pcap): a file header that says byte order, unit of time and link type; then packets.
#include "agent/capture/input.hpp"

namespace ringwall::capture {
namespace {

constexpr uint32_t magics_of_ns[] = {0xa1b23c4d, 0x4d3cb2a1};
constexpr uint32_t magics_swapped[] = {0xd4c3b2a1, 0x4d3cb2a1};
constexpr size_t rest_of_header = 20, packet_header = 16;
constexpr uint32_t link_type_mask = 0x03ffffff; // above: the length of a frame check sequence, which is padding to us

bool is_one_of(uint32_t magic, const uint32_t (&magics)[2]) { return magic == magics[0] || magic == magics[1]; }

class Pcap : public Format {
public:
    Pcap(Input input, uint32_t link_type, bool is_swapped, bool is_ns)
        : Format(std::move(input)), link_type_(link_type), is_swapped_(is_swapped), per_fraction_(is_ns ? 1 : 1000) {}

    Result<std::optional<Record>, Defect> next() override {
        const uint64_t began = input_.offset();
        const std::string_view header = input_.take(packet_header);
        if (header.empty()) return std::nullopt;
        if (header.size() < packet_header) return ends_within("a packet", began);
        const auto field = [&](size_t at) { return number<uint32_t>(header, at, is_swapped_); };
        const uint32_t captured = field(8), on_wire = field(12);
        Record record{.time_ns = field(0) * uint64_t{1000000000} + field(4) * per_fraction_,
                      .link_type = link_type_,
                      .length = on_wire < captured ? captured : on_wire};
        if (captured > longest_packet)
            return tl::make_unexpected(
                Defect{"a packet of " + std::to_string(captured) + " bytes: the file is damaged here", began});
        record.bytes = input_.take(captured);
        if (record.bytes.size() < captured) return ends_within("a packet", began);
        return record;
    }

private:
    uint32_t link_type_;
    bool is_swapped_;
    uint64_t per_fraction_; // nanoseconds
};

} // namespace

Result<std::unique_ptr<Format>, Defect> open_pcap(Input input, uint32_t magic) {
    const bool is_swapped = is_one_of(magic, magics_swapped);
    const std::string_view rest = input.take(rest_of_header);
    if (rest.size() < rest_of_header)
        return tl::make_unexpected(Defect{"the file ends in the middle of its header", 0});
    if (const auto major = number<uint16_t>(rest, 0, is_swapped); major != 2)
        return tl::make_unexpected(Defect{"pcap of version " + std::to_string(major) + ", where 2 is read", 4});
    const uint32_t link_type = number<uint32_t>(rest, 16, is_swapped) & link_type_mask;
    return std::make_unique<Pcap>(std::move(input), link_type, is_swapped, is_one_of(magic, magics_of_ns));
}

} // namespace ringwall::capture
