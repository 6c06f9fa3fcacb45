// SPDX-License-Identifier: Apache-2.0
// draft-ietf-opsawg-pcapng: section 4.1 (section header), 4.2 (interface description), 4.3 (enhanced packet), 3.5 (options).
#include "agent/capture/pcapng_writer.hpp"

#include <algorithm>

#include "agent/capture/input.hpp"

namespace ringwall::capture {
namespace {

constexpr uint32_t section_block = 0x0a0d0d0a, interface_block = 1, packet_block = 6, order_magic = 0x1a2b3c4d;
constexpr uint16_t major = 1, minor = 0;
constexpr uint64_t length_unknown = ~uint64_t{0};
constexpr uint16_t option_end = 0, option_comment = 1, section_application = 4, interface_name = 2,
                   interface_resolution = 9, packet_flags = 2;
constexpr char nanoseconds = 9; // 10^-9
constexpr size_t longest_option = 65535;

template <class T>
void put(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void pad(std::string& to) { to.append((4 - to.size() % 4) % 4, '\0'); }

// UTF-8 that is cut must not end within a character.
std::string_view cut(std::string_view text) {
    if (text.size() <= longest_option) return text;
    size_t end = longest_option;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
    return text.substr(0, end);
}

void put_option(std::string& to, uint16_t code, std::string_view value) {
    put(to, code);
    put(to, static_cast<uint16_t>(value.size()));
    to += value;
    pad(to);
}

std::string block(uint32_t type, std::string_view body) {
    const auto length = static_cast<uint32_t>(body.size() + 3 * sizeof(uint32_t));
    std::string whole;
    put(whole, type);
    put(whole, length);
    whole += body;
    put(whole, length);
    return whole;
}

std::string describe(const std::string& name, uint32_t link_type) {
    std::string body;
    put(body, static_cast<uint16_t>(link_type));
    put(body, uint16_t{0});
    put(body, longest_packet);
    if (!name.empty()) put_option(body, interface_name, cut(name));
    put_option(body, interface_resolution, {&nanoseconds, 1});
    put_option(body, option_end, {});
    return block(interface_block, body);
}

uint32_t flags_of(Direction direction) { return direction == Direction::in ? 1 : direction == Direction::out ? 2 : 0; }

} // namespace

std::string PcapngWriter::begin() const {
    std::string body;
    put(body, order_magic);
    put(body, major);
    put(body, minor);
    put(body, length_unknown);
    put_option(body, section_application, cut(program_));
    put_option(body, option_end, {});
    return block(section_block, body);
}

std::string PcapngWriter::packet(const Record& record, const std::string& interface, std::string_view comment) {
    const auto [known, is_new] =
        interfaces_.try_emplace({interface, record.link_type}, static_cast<uint32_t>(interfaces_.size()));
    const std::string_view bytes = record.bytes.substr(0, longest_packet);
    std::string body;
    put(body, known->second);
    put(body, static_cast<uint32_t>(record.time_ns >> 32U));
    put(body, static_cast<uint32_t>(record.time_ns));
    put(body, static_cast<uint32_t>(bytes.size()));
    put(body, std::max(record.length, static_cast<uint32_t>(bytes.size())));
    body += bytes;
    pad(body);
    const uint32_t flags = flags_of(record.direction);
    if (flags != 0) put_option(body, packet_flags, {reinterpret_cast<const char*>(&flags), sizeof flags});
    if (!comment.empty()) put_option(body, option_comment, cut(comment));
    put_option(body, option_end, {});
    return (is_new ? describe(interface, record.link_type) : std::string()) + block(packet_block, body);
}

} // namespace ringwall::capture
