// SPDX-License-Identifier: Apache-2.0
#include "agent/names/records.hpp"

#include <ares.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace ringwall::names {
namespace {

constexpr size_t header_bytes = 12, question_bytes = 4, record_bytes = 10; // beside the names
constexpr size_t srv_bytes = 6;                                            // priority, weight, port

class Reader {
public:
    explicit Reader(std::span<const unsigned char> message) : message_(message) {}

    bool has(size_t bytes) const { return message_.size() - at_ >= bytes; }
    void skip(size_t bytes) { at_ += bytes; }
    const unsigned char* here() const { return message_.data() + at_; }
    uint32_t number(size_t offset, size_t bytes) const {
        uint32_t value = 0;
        for (size_t i = 0; i < bytes; ++i) value = value << 8 | here()[offset + i];
        return value;
    }
    // Follows the pointers of compression; nothing where they lead nowhere.
    std::optional<std::string> name() {
        char* text = nullptr;
        long length = 0; // NOLINT(google-runtime-int): c-ares's
        if (ares_expand_name(here(), message_.data(), static_cast<int>(message_.size()), &text, &length) !=
            ARES_SUCCESS)
            return std::nullopt;
        std::string name(text);
        ares_free_string(text);
        skip(static_cast<size_t>(length));
        return name;
    }

private:
    std::span<const unsigned char> message_;
    size_t at_ = 0;
};

std::optional<IpAddress> address_of(const unsigned char* data, size_t length, Kind kind) {
    if (kind == Kind::a && length == 4)
        return IpAddress::v4(uint32_t{data[0]} << 24 | uint32_t{data[1]} << 16 | uint32_t{data[2]} << 8 | data[3]);
    if (kind != Kind::aaaa || length != 16) return std::nullopt;
    std::array<uint8_t, 16> bytes;
    std::memcpy(bytes.data(), data, bytes.size());
    return IpAddress(bytes);
}

bool read_target(Reader reader, size_t length, Records& into) {
    if (length <= srv_bytes) return false;
    reader.skip(srv_bytes);
    const auto target = reader.name();
    if (target && !target->empty() && *target != ".") into.targets.push_back(*target);
    return target.has_value();
}

// Leaves the reader behind the record.
bool read_record(Reader& reader, Kind kind, Records& into) {
    if (!reader.name() || !reader.has(record_bytes)) return false;
    const uint32_t type = reader.number(0, 2), length = reader.number(8, 2);
    // A time to live with its highest bit set means zero (RFC 2181 8).
    const uint32_t ttl = reader.number(4, 4) >> 31 != 0 ? 0 : reader.number(4, 4);
    into.ttl = std::min(into.ttl, std::chrono::seconds(ttl));
    reader.skip(record_bytes);
    if (!reader.has(length)) return false;
    bool is_read = true;
    if (type == static_cast<uint32_t>(kind) && kind == Kind::srv) is_read = read_target(reader, length, into);
    else if (type == static_cast<uint32_t>(kind)) {
        const auto address = address_of(reader.here(), length, kind);
        if (address) into.addresses.push_back(*address);
        is_read = address.has_value();
    }
    reader.skip(length);
    return is_read;
}

} // namespace

std::optional<Records> read_records(std::span<const unsigned char> message, Kind kind) {
    Reader reader(message);
    if (!reader.has(header_bytes)) return std::nullopt;
    const uint32_t questions = reader.number(4, 2), answers = reader.number(6, 2);
    reader.skip(header_bytes);
    for (uint32_t i = 0; i < questions; ++i) {
        if (!reader.name() || !reader.has(question_bytes)) return std::nullopt;
        reader.skip(question_bytes);
    }
    Records records{.addresses = {}, .targets = {}, .ttl = std::chrono::hours(24)};
    for (uint32_t i = 0; i < answers; ++i)
        if (!read_record(reader, kind, records)) return std::nullopt;
    return records;
}

} // namespace ringwall::names
