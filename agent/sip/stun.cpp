// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/stun.hpp"

#include <algorithm>

namespace ringwall::sip {
namespace {

constexpr size_t header_bytes = 20, attribute_header_bytes = 4;
constexpr std::string_view magic_cookie("\x21\x12\xa4\x42", 4);
constexpr unsigned binding_request = 0x0001, binding_success = 0x0101;
constexpr unsigned mapped_address = 0x0001, username = 0x0006, xor_mapped_address = 0x0020;
constexpr unsigned family_v4 = 1, family_v6 = 2;

unsigned byte_at(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }
unsigned word_at(std::string_view bytes, size_t at) { return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1); }

// RFC 8489 14.1, 14.2: a zero byte, the family, the port, the address; both XORed with `mask`, the header from its cookie on,
// or as they are where it is empty.
std::optional<Endpoint> endpoint_of(std::string_view value, std::string_view mask) {
    if (value.size() < 4) return std::nullopt;
    const unsigned family = byte_at(value, 1);
    const std::string_view address = value.substr(4);
    if (!(family == family_v4 && address.size() == 4) && !(family == family_v6 && address.size() == 16))
        return std::nullopt;
    std::array<uint8_t, 16> bytes{};
    if (family == family_v4) bytes[10] = bytes[11] = 0xff;
    for (size_t i = 0; i < address.size(); ++i)
        bytes[bytes.size() - address.size() + i] =
            static_cast<uint8_t>(byte_at(address, i) ^ (mask.empty() ? 0 : byte_at(mask, i)));
    const unsigned port = word_at(value, 2) ^ (mask.empty() ? 0 : word_at(mask, 0));
    return Endpoint{IpAddress(bytes), Port{static_cast<uint16_t>(port)}};
}

} // namespace

bool is_stun(std::string_view datagram) {
    if (datagram.size() < header_bytes || byte_at(datagram, 0) > 0x3f) return false;
    const size_t length = word_at(datagram, 2);
    return length % 4 == 0 && length + header_bytes == datagram.size() && datagram.substr(4, 4) == magic_cookie;
}

std::optional<StunBinding> stun_binding(std::string_view datagram) {
    if (!is_stun(datagram)) return std::nullopt;
    const unsigned type = word_at(datagram, 0);
    if (type != binding_request && type != binding_success) return std::nullopt;
    StunBinding binding{.is_answer = type == binding_success};
    std::ranges::copy(datagram.substr(8, binding.transaction.size()), binding.transaction.begin());
    std::optional<Endpoint> plain;
    for (std::string_view rest = datagram.substr(header_bytes); !rest.empty();) {
        if (rest.size() < attribute_header_bytes) return std::nullopt;
        const size_t length = word_at(rest, 2), padded = attribute_header_bytes + (length + 3) / 4 * 4;
        if (padded > rest.size()) return std::nullopt;
        const std::string_view value = rest.substr(attribute_header_bytes, length);
        switch (word_at(rest, 0)) {
            case username: binding.is_check = true; break;
            case xor_mapped_address:
                if (!binding.mapped) binding.mapped = endpoint_of(value, datagram.substr(4, 16));
                break;
            case mapped_address:
                if (!plain) plain = endpoint_of(value, {});
                break;
            default: break;
        }
        rest.remove_prefix(padded);
    }
    if (!binding.mapped) binding.mapped = plain;
    return binding;
}

} // namespace ringwall::sip
