// SPDX-License-Identifier: Apache-2.0
#include "agent/process/messages.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
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
        case Message::stop:
        case Message::surroundings:
        case Message::listen:
        case Message::lock:
        case Message::scrape:
        case Message::ready:
        case Message::reload:
        case Message::joined:
        case Message::resolved: return true;
    }
    return false;
}

bool has_descriptor(Message message) {
    return message == Message::policy || message == Message::surroundings || message == Message::listen ||
           message == Message::lock || message == Message::scrape;
}

// The descriptor goes with the first byte: whoever reads the frame has it by then (unix(7)).
ssize_t send_some(int socket, std::string_view bytes, int descriptor) {
    if (descriptor < 0) return send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)]{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

Result<void> send_all(int socket, std::string_view bytes, int descriptor) {
    while (!bytes.empty()) {
        const ssize_t sent = send_some(socket, bytes, descriptor);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return fail_errno(errno, "write to the other process of the agent");
        bytes.remove_prefix(static_cast<size_t>(sent));
        descriptor = -1;
    }
    return {};
}

void keep_descriptor(msghdr& message, FrameReader& into) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
        into.feed(Fd(descriptor));
    }
}

} // namespace

Result<std::optional<Frame>> FrameReader::next() {
    Header header{};
    if (buffer_.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, buffer_.data(), sizeof header);
    if (!is_known(header.message)) return fail("the other process of the agent sent an unknown message");
    if (header.length > largest_body_) return fail("the other process of the agent sent an over-long message");
    if (buffer_.size() - sizeof header < header.length) return std::nullopt;
    Frame frame{static_cast<Message>(header.message), buffer_.substr(sizeof header, header.length), {}};
    if (has_descriptor(frame.message) && !descriptors_.empty()) {
        frame.descriptor = std::move(descriptors_.front());
        descriptors_.pop_front();
    }
    buffer_.erase(0, sizeof header + header.length);
    return frame;
}

Result<void> send_frame(int socket, Message message, std::string_view body, int descriptor) {
    const Header header{static_cast<uint32_t>(message), static_cast<uint32_t>(body.size())};
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    bytes += body;
    return send_all(socket, bytes, descriptor);
}

Result<size_t> receive(int socket, int flags, FrameReader& into) {
    std::array<char, 4096> bytes;
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (size < 0) return fail_errno(errno, "read from the other process of the agent");
    keep_descriptor(message, into);
    into.feed({bytes.data(), static_cast<size_t>(size)});
    return static_cast<size_t>(size);
}

} // namespace ringwall::agent
