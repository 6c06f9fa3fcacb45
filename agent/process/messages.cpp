// SPDX-License-Identifier: Apache-2.0
#include "agent/process/messages.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace ringwall::agent {
namespace {

struct Header {
    uint32_t message;
    uint32_t length;
};

bool is_known(uint32_t message) {
    switch (static_cast<Message>(message)) {
        case Message::policy:
        case Message::reload_failed:
        case Message::stop:
        case Message::surroundings:
        case Message::ready:
        case Message::reload: return true;
    }
    return false;
}

Result<void> send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return fail_errno(errno, "write to the other process of the agent");
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return {};
}

} // namespace

Result<std::optional<Frame>> FrameReader::next() {
    Header header{};
    if (buffer_.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, buffer_.data(), sizeof header);
    if (!is_known(header.message)) return fail("the other process of the agent sent an unknown message");
    if (header.length > largest_body_) return fail("the other process of the agent sent an over-long message");
    if (buffer_.size() - sizeof header < header.length) return std::nullopt;
    Frame frame{static_cast<Message>(header.message), buffer_.substr(sizeof header, header.length)};
    buffer_.erase(0, sizeof header + header.length);
    return frame;
}

Result<void> send_frame(int socket, Message message, std::string_view body) {
    const Header header{static_cast<uint32_t>(message), static_cast<uint32_t>(body.size())};
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    bytes += body;
    return send_all(socket, bytes);
}

} // namespace ringwall::agent
