// SPDX-License-Identifier: Apache-2.0
// What parent and worker say to each other over their socket pair: a fixed set of framed messages. The worker reads what
// attackers send, so the parent takes nothing from it but three words without contents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "maps/net/result.hpp"

namespace ringwall::agent {

enum class Message : uint32_t {
    // to the worker
    policy = 1,        // body: struct Briefing; the kernel has this policy already
    reload_failed = 2, // body: why, for people; the policy before stays
    stop = 3,
    surroundings = 4, // body: struct Briefing; the same configuration, other interfaces or addresses
    // to the parent, all without a body
    ready = 16,
    reload = 17,
};

struct Frame {
    Message message;
    std::string body;
};

constexpr size_t largest_to_worker = 8 << 20; // a configuration with long lists
constexpr size_t largest_to_parent = 0;

// Cuts a byte stream into frames. An unknown message or an over-long body is an error: the peer is not to be trusted.
class FrameReader {
public:
    explicit FrameReader(size_t largest_body) : largest_body_(largest_body) {}
    void feed(std::string_view bytes) { buffer_ += bytes; }
    Result<std::optional<Frame>> next(); // nothing until the next one is whole

private:
    size_t largest_body_;
    std::string buffer_;
};

// Blocks until the frame is written or the socket's send timeout passes.
Result<void> send_frame(int socket, Message message, std::string_view body = {});

} // namespace ringwall::agent
