// SPDX-License-Identifier: Apache-2.0
// What parent and worker say to each other over their socket pair: a fixed set of framed messages. The worker reads what
// attackers send, so the parent takes words without contents from it, and of registrars an address and a name that must be
// one of the operator's (ADR 0029). Of the resolver, which reads what name servers send, it takes addresses.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "agent/fd.hpp"
#include "maps/net/result.hpp"

namespace ringwall::agent {

enum class Message : uint32_t {
    // to the worker
    policy = 1, // body: struct Briefing, with its table as a descriptor; the kernel has this policy already
    stop = 4,
    surroundings =
        5,      // as `policy`, but the configuration is as before: other interfaces, addresses or contents of lists,
                // or a reload that failed
    listen = 6, // with the control socket, made anew, as a descriptor
    lock = 7,   // with the pins' lock, made anew: to be kept open in place of the one before
    scrape = 8, // as `listen`, with the socket for metrics, which somebody else had before
    // to the parent
    ready = 16,
    reload = 17,
    joined = 18, // body: dialog::Join
    // of the resolver to the parent
    resolved = 32, // body: struct Resolved and its addresses
};

struct Frame {
    Message message;
    std::string body;
    Fd descriptor; // of `policy`, `surroundings`, `listen`, `lock` and `scrape`
};

constexpr size_t largest_to_worker = 8 << 20;  // a configuration with long lists
constexpr size_t largest_to_parent = 20 + 253; // a Join, with the longest name
constexpr size_t largest_of_resolver = 4096;

// Cuts a byte stream into frames. An unknown message or an over-long body is an error: the peer is not to be trusted.
class FrameReader {
public:
    explicit FrameReader(size_t largest_body) : largest_body_(largest_body) {}
    void feed(std::string_view bytes) { buffer_ += bytes; }
    void feed(Fd descriptor) { descriptors_.push_back(std::move(descriptor)); }
    Result<std::optional<Frame>> next(); // nothing until the next one is whole

private:
    size_t largest_body_;
    std::string buffer_;
    std::deque<Fd> descriptors_; // that came, for the next frames that have one
};

// Blocks until the frame is written or the socket's send timeout passes. `descriptor` goes with `policy`,
// `surroundings`, `listen`, `lock` and `scrape`, and with nothing else.
Result<void> send_frame(int socket, Message message, std::string_view body = {}, int descriptor = -1);
// What there is to read, one descriptor at most with it: bytes received, 0 at the end. errno where it fails.
Result<size_t> receive(int socket, int flags, FrameReader& into);

} // namespace ringwall::agent
