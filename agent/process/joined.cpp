// SPDX-License-Identifier: Apache-2.0
#include "agent/process/joined.hpp"

#include <array>
#include <cstring>

#include "agent/process/messages.hpp"

namespace ringwall::agent {
namespace {

struct Fixed {
    uint32_t seconds;
    std::array<uint8_t, 16> address;
};
static_assert(sizeof(Fixed) == 20);

} // namespace

std::string encode(const dialog::Join& join) {
    const Fixed fixed{static_cast<uint32_t>(join.lasts.count()), join.registrar.bytes()};
    return std::string(reinterpret_cast<const char*>(&fixed), sizeof fixed) + join.peer_name;
}

std::optional<dialog::Join> decode_join(std::string_view body) {
    Fixed fixed{};
    if (body.size() <= sizeof fixed || body.size() > largest_to_parent) return std::nullopt;
    std::memcpy(&fixed, body.data(), sizeof fixed);
    return dialog::Join{std::string(body.substr(sizeof fixed)), IpAddress(fixed.address),
                        std::chrono::seconds(fixed.seconds)};
}

} // namespace ringwall::agent
