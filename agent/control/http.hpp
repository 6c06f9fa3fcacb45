// SPDX-License-Identifier: Apache-2.0
// HTTP and JSON on a Unix socket: the server that the worker runs, and the client that the commands use. Knows no
// route: the agent gives it one handler.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "maps/net/result.hpp"

namespace ringwall::control {

struct Request {
    std::string method; // "GET"
    std::string target; // "/api/v1/calls"
    std::string body;
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
};

using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

// Accepts on a listening Unix stream socket (owned from here on) until cancelled. Bounded: at most 64 connections,
// 64 KiB of request, 10 s for a request to arrive.
boost::asio::awaitable<void> serve(int listening_fd, Handler handler);

// One request, blocking, at most `timeout_s`. Error code ENOENT or ECONNREFUSED means that no agent answers there.
Result<Response> call(const std::string& socket_path, const Request& request, int timeout_s = 30);

} // namespace ringwall::control
