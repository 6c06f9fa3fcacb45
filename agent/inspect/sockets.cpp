// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/sockets.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace ringwall::inspect {
namespace {

constexpr unsigned listening = 0x0a, unconnected = 0x07; // TCP_LISTEN, TCP_CLOSE

std::optional<uint32_t> hexadecimal(std::string_view text) {
    if (text.empty() || text.size() > 8) return std::nullopt;
    uint32_t value = 0;
    for (const char c : text) {
        const size_t digit = std::string_view("0123456789ABCDEF").find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        value = value << 4 | static_cast<uint32_t>(digit);
    }
    return value;
}

// One or four words, each printed as the host reads it.
std::optional<IpAddress> address_of(std::string_view words) {
    if (words.size() != 8 && words.size() != 32) return std::nullopt;
    std::array<uint8_t, 16> bytes{};
    if (words.size() == 8) bytes[10] = bytes[11] = 0xff;
    const size_t first = words.size() == 8 ? 12 : 0;
    for (size_t i = 0; i < words.size() / 8; ++i) {
        const auto word = hexadecimal(words.substr(i * 8, 8));
        if (!word) return std::nullopt;
        std::memcpy(bytes.data() + first + i * 4, &*word, 4);
    }
    return IpAddress(bytes);
}

std::optional<Endpoint> endpoint_of(std::string_view text) {
    const size_t colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    const auto address = address_of(text.substr(0, colon));
    const auto port = hexadecimal(text.substr(colon + 1));
    if (!address || !port || *port > 65535) return std::nullopt;
    return Endpoint{*address, Port{static_cast<uint16_t>(*port)}};
}

} // namespace

std::vector<Listener> listeners_in(std::string_view table, Protocol protocol) {
    std::vector<Listener> found;
    std::istringstream lines{std::string(table)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string number, local, remote, state, queues, timer, retransmits, user, timeout;
        uint64_t inode = 0;
        words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
        const auto endpoint = endpoint_of(local);
        const auto wanted = protocol == Protocol::tcp ? listening : unconnected;
        if (endpoint && endpoint->port.value != 0 && hexadecimal(state) == wanted)
            found.push_back({*endpoint, protocol, inode, {}, {}});
    }
    return found;
}

std::vector<Listener> listeners() {
    std::vector<Listener> all;
    for (const auto& [path, protocol] : {std::pair("/proc/net/udp", Protocol::udp),
                                         {"/proc/net/udp6", Protocol::udp},
                                         {"/proc/net/tcp", Protocol::tcp},
                                         {"/proc/net/tcp6", Protocol::tcp}}) {
        std::ostringstream text;
        if (std::ifstream table(path); table) text << table.rdbuf();
        for (const Listener& each : listeners_in(text.str(), protocol)) all.push_back(each);
    }
    return all;
}

} // namespace ringwall::inspect
