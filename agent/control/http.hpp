// SPDX-License-Identifier: Apache-2.0
// HTTP on a Unix socket and on TCP: the server that the worker runs, and the client that the commands use. Knows no
// route: the agent gives it a handler for each socket.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "maps/net/result.hpp"

namespace ringwall::control {

struct Request {
    std::string method; // "GET"
    std::string target; // "/api/v1/calls"
    std::string body;
};

// The next piece of a body; none at its end. One that waits for news says an empty line within a second, so that either side
// hears that the other lives. What the function holds goes with the connection.
using Pieces = std::function<boost::asio::awaitable<std::optional<std::string>>()>;

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    Pieces pieces{}; // instead of the body, where set: it is made while it is sent, and others have their turn
};

using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

// The most bytes that the body of a request for this target may have.
using LongestBody = std::function<uint64_t(std::string_view target)>;
uint64_t short_bodies(std::string_view target); // 48 KiB each

// Accepts on a listening stream socket, Unix or TCP (owned from here on), until cancelled. Bounded: at most 64 connections,
// 16 KiB of headers, 10 s for a request to arrive.
boost::asio::awaitable<void> serve(int listening_fd, Handler handler, LongestBody longest_body = short_bodies);

// How long a command waits for the next byte of an agent: one that lives has said it long before.
constexpr std::chrono::seconds default_patience{5};

// One request, blocking. Error code ENOENT or ECONNREFUSED means that no agent answers there, ETIMEDOUT that it has said
// nothing for as long as the patience.
Result<Response> call(const std::string& socket_path, const Request& request,
                      std::chrono::seconds patience = default_patience);

// Lines as they come; false: enough.
using OnLine = std::function<bool(std::string_view line)>;
// One request whose answer goes on until `on_line` has enough, `most` is over (zero: never), or SIGINT or SIGTERM comes: then
// the response has status 200 and no body. Empty lines are not shown. An agent that refuses answers as in call().
Result<Response> follow(const std::string& socket_path, const Request& request, const OnLine& on_line,
                        std::chrono::seconds most);

} // namespace ringwall::control
