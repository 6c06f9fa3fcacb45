// SPDX-License-Identifier: Apache-2.0
// A control socket in a directory of its own with a server behind it on one thread, and a client's bare socket.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "agent/control/http.hpp"
#include "tests/unit/support/directory.hpp"

namespace ringwall::control {

inline sockaddr_un unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

inline int listen_at(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = unix_address(path);
    EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd, 128), 0);
    return fd;
}

inline int connect_to(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = unix_address(path);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval limit{20, 0}; // a server that never answers fails the test instead of hanging it
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

// Sends as much as the other side takes and reads until it closes.
inline std::string converse(const std::string& path, std::string_view bytes) {
    const int fd = connect_to(path);
    while (!bytes.empty()) {
        const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
    std::string answer;
    char block[4096];
    for (ssize_t got = 0; (got = recv(fd, block, sizeof block, 0)) > 0;) answer.append(block, static_cast<size_t>(got));
    close(fd);
    return answer;
}

inline boost::asio::awaitable<Response> echo(Request request) {
    Response response;
    if (request.target == "/missing") response.status = 404;
    response.body = request.method + " " + request.target + " " + request.body;
    co_return response;
}

class Server {
public:
    explicit Server(Handler handler = echo) {
        boost::asio::co_spawn(loop_, serve(listen_at(path()), std::move(handler)), boost::asio::detached);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Server() {
        loop_.stop();
        thread_.join();
    }
    std::string path() const { return directory_.file("control.sock"); }

private:
    test::Directory directory_;
    boost::asio::io_context loop_;
    std::thread thread_;
};

} // namespace ringwall::control
