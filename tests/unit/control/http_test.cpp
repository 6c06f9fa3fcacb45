// SPDX-License-Identifier: Apache-2.0
// The control socket as both sides see it: a real Unix socket in a directory of its own, a server on one thread.
#include "agent/control/http.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <memory>
#include <thread>

namespace ringwall::control {
namespace {

sockaddr_un unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

int listen_at(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = unix_address(path);
    EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd, 128), 0);
    return fd;
}

int connect_to(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = unix_address(path);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval limit{20, 0}; // a server that never answers fails the test instead of hanging it
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

// Sends as much as the other side takes and reads until it closes.
std::string converse(const std::string& path, std::string_view bytes) {
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

boost::asio::awaitable<Response> echo(Request request) {
    Response response;
    if (request.target == "/missing") response.status = 404;
    response.body = request.method + " " + request.target + " " + request.body;
    co_return response;
}

boost::asio::awaitable<Response> large(Request) {
    Response response;
    response.body = std::string(size_t{16} << 20, 'x');
    co_return response;
}

// "one", "two", ... in pieces of a word each; an empty one is none.
boost::asio::awaitable<std::optional<std::string>> next_word(std::shared_ptr<std::vector<std::string>> words) {
    if (words->empty()) co_return std::optional<std::string>();
    std::string word = std::move(words->front());
    words->erase(words->begin());
    co_return word;
}

boost::asio::awaitable<Response> in_pieces(Request) {
    auto words = std::make_shared<std::vector<std::string>>();
    for (const char* word : {"one", "", "two", "three"}) words->emplace_back(word);
    words->emplace_back(size_t{4} << 20, 'x');
    Response response;
    response.pieces = [words] { return next_word(words); };
    co_return response;
}

class Server {
public:
    explicit Server(Handler handler = echo) {
        char name[] = "/tmp/ringwall-http-XXXXXX";
        directory_ = mkdtemp(name);
        boost::asio::co_spawn(loop_, serve(listen_at(path()), std::move(handler)), boost::asio::detached);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Server() {
        loop_.stop();
        thread_.join();
        std::filesystem::remove_all(directory_);
    }
    std::string path() const { return directory_ + "/control.sock"; }

private:
    std::string directory_;
    boost::asio::io_context loop_;
    std::thread thread_;
};

TEST(Http, hands_method_target_and_body_to_the_handler_and_its_answer_back) {
    const Server server;
    const auto answer = call(server.path(), {"POST", "/api/v1/reload?x=1", "hello"});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(answer->content_type, "application/json");
    EXPECT_EQ(answer->body, "POST /api/v1/reload?x=1 hello");
}

TEST(Http, gives_the_handlers_status_to_the_client) {
    const Server server;
    const auto answer = call(server.path(), {"GET", "/missing", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 404U);
}

TEST(Http, hands_methods_that_it_does_not_know_to_the_handler) {
    const Server server;
    const auto answer = call(server.path(), {"BREW", "/pot", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "BREW /pot ");
}

TEST(Http, answers_head_with_the_length_and_without_the_body) {
    const Server server;
    const auto raw = converse(server.path(), "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_NE(raw.find("Content-Length: 7\r\n"), raw.npos) << raw;
    EXPECT_TRUE(raw.ends_with("\r\n\r\n")) << raw;
    const auto answer = call(server.path(), {"HEAD", "/", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "");
}

TEST(Http, carries_an_answer_of_16_mib) {
    const Server server(large);
    const auto answer = call(server.path(), {"GET", "/", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body.size(), size_t{16} << 20);
}

TEST(Http, sends_an_answer_in_pieces_and_goes_on_with_the_connection) {
    const Server server(in_pieces);
    const auto answer = call(server.path(), {"GET", "/", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE(answer->body.starts_with("onetwothreex"));
    EXPECT_EQ(answer->body.size(), 11 + (size_t{4} << 20));
    const auto twice = converse(server.path(),
                                "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
                                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_NE(twice.find("Transfer-Encoding: chunked"), twice.npos);
    EXPECT_NE(twice.find("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n400000\r\nxxx"), twice.npos);
    EXPECT_TRUE(twice.ends_with("x\r\n0\r\n\r\n"));
}

TEST(Http, sends_pieces_as_they_come_to_who_knows_no_chunks) {
    const Server server(in_pieces);
    const auto raw = converse(server.path(), "GET / HTTP/1.0\r\n\r\n");
    EXPECT_NE(raw.find("\r\n\r\nonetwothreexxx"), raw.npos);
    EXPECT_EQ(raw.find("chunked"), raw.npos);
}

TEST(Http, answers_several_requests_on_one_connection) {
    const Server server;
    const auto raw = converse(server.path(),
                              "GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
                              "GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_NE(raw.find("GET /one"), raw.npos) << raw;
    EXPECT_NE(raw.find("GET /two"), raw.npos) << raw;
}

TEST(Http, refuses_a_body_over_48_kib_and_takes_one_of_48_kib) {
    const Server server;
    const auto most = call(server.path(), {"POST", "/", std::string(48 << 10, 'x')});
    ASSERT_TRUE(most) << most.error().message();
    EXPECT_EQ(most->status, 200U);
    const auto over = call(server.path(), {"POST", "/", std::string((48 << 10) + 1, 'x')});
    ASSERT_TRUE(over) << over.error().message();
    EXPECT_EQ(over->status, 413U);
}

TEST(Http, refuses_a_header_without_end) {
    const Server server;
    const auto raw = converse(server.path(), "GET / HTTP/1.1\r\nX: " + std::string(100 << 10, 'x'));
    EXPECT_TRUE(raw.empty() || raw.starts_with("HTTP/1.1 431")) << raw;
    EXPECT_TRUE(call(server.path(), {"GET", "/", ""}));
}

TEST(Http, refuses_what_is_no_http_and_goes_on_serving) {
    const Server server;
    const std::string noise("\x16\x03\x01\x00\xff nothing that anyone reads\r\n\r\n", 33);
    EXPECT_TRUE(converse(server.path(), noise).starts_with("HTTP/1.1 400"));
    EXPECT_TRUE(call(server.path(), {"GET", "/", ""}));
}

TEST(Http, closes_on_a_client_that_does_not_finish_its_request) {
    const Server server;
    const int slow = connect_to(server.path());
    ASSERT_EQ(send(slow, "GET /", 5, MSG_NOSIGNAL), 5);
    char byte = 0;
    EXPECT_EQ(recv(slow, &byte, 1, 0), 0); // closed by the server's 10 s, before our 20
    close(slow);
}

TEST(Http, serves_others_while_a_slow_client_waits) {
    const Server server;
    const int slow = connect_to(server.path());
    ASSERT_EQ(send(slow, "GET /", 5, MSG_NOSIGNAL), 5);
    EXPECT_TRUE(call(server.path(), {"GET", "/", ""}));
    close(slow);
}

TEST(Http, closes_the_65th_connection_and_serves_again_once_one_is_gone) {
    const Server server;
    std::vector<int> open;
    for (int i = 0; i < 64; ++i) open.push_back(connect_to(server.path()));
    EXPECT_FALSE(call(server.path(), {"GET", "/", ""}));
    for (const int fd : open) close(fd);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    bool is_served = false;
    while (!is_served && std::chrono::steady_clock::now() < end)
        is_served = call(server.path(), {"GET", "/", ""}).has_value();
    EXPECT_TRUE(is_served);
}

TEST(Http, says_that_nobody_is_there) {
    const auto absent = call("/tmp/ringwall-no-such-directory/control.sock", {"GET", "/", ""});
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, std::errc::no_such_file_or_directory);

    std::string path;
    {
        const Server server;
        path = server.path();
    }
    char name[] = "/tmp/ringwall-http-XXXXXX";
    const std::string directory = mkdtemp(name);
    close(listen_at(directory + "/dead.sock"));
    const auto dead = call(directory + "/dead.sock", {"GET", "/", ""});
    ASSERT_FALSE(dead);
    EXPECT_EQ(dead.error().code, std::errc::connection_refused);
    std::filesystem::remove_all(directory);
}

TEST(Http, refuses_a_path_longer_than_a_unix_address) {
    const auto answer = call("/" + std::string(120, 'x'), {"GET", "/", ""});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, std::errc::filename_too_long);
}

TEST(Http, gives_up_on_a_server_that_never_answers) {
    char name[] = "/tmp/ringwall-http-XXXXXX";
    const std::string directory = mkdtemp(name);
    const int listening = listen_at(directory + "/mute.sock");
    const auto answer = call(directory + "/mute.sock", {"GET", "/", ""}, std::chrono::seconds(1));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, std::errc::timed_out);
    close(listening);
    std::filesystem::remove_all(directory);
}

// Five digits, each a moment after the one before.
boost::asio::awaitable<Response> slow_digits(Request) {
    auto digit = std::make_shared<int>(0);
    Response response;
    response.pieces = [digit]() -> boost::asio::awaitable<std::optional<std::string>> {
        if (*digit == 5) co_return std::optional<std::string>();
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, std::chrono::milliseconds(300));
        co_await pause.async_wait(boost::asio::use_awaitable);
        co_return std::to_string((*digit)++);
    };
    co_return response;
}

TEST(Http, waits_for_an_answer_as_long_as_more_of_it_comes) {
    const Server server(slow_digits);
    const auto answer = call(server.path(), {"GET", "/", ""}, std::chrono::seconds(1));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "01234");
}

TEST(Http, accepts_nobody_once_it_is_cancelled) {
    char name[] = "/tmp/ringwall-http-XXXXXX";
    const std::string directory = mkdtemp(name), path = directory + "/control.sock";
    boost::asio::io_context loop;
    boost::asio::cancellation_signal enough;
    std::exception_ptr thrown;
    boost::asio::co_spawn(
        loop, serve(listen_at(path), echo),
        boost::asio::bind_cancellation_slot(enough.slot(), [&](std::exception_ptr error) { thrown = error; }));
    loop.poll();
    close(connect_to(path));
    enough.emit(boost::asio::cancellation_type::terminal);
    loop.run(); // to its end
    EXPECT_FALSE(thrown);
    EXPECT_EQ(call(path, {"GET", "/", ""}).error().code, std::errc::connection_refused);
    std::filesystem::remove_all(directory);
}

// Three lines in two pieces with one cut through a line, and then it waits.
boost::asio::awaitable<Response> three_lines(Request request) {
    if (request.target != "/lines") co_return Response{.status = 400, .body = "no"};
    auto piece = std::make_shared<int>(0);
    Response response;
    response.pieces = [piece]() -> boost::asio::awaitable<std::optional<std::string>> {
        switch ((*piece)++) {
            case 0: co_return std::string("one\ntw");
            case 1: co_return std::string("o\nthree\n");
            default: break;
        }
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, std::chrono::milliseconds(10));
        co_await pause.async_wait(boost::asio::use_awaitable);
        co_return std::string("\n");
    };
    co_return response;
}

TEST(HttpLines, come_as_they_are_sent_until_the_reader_has_enough) {
    const Server server(three_lines);
    std::vector<std::string> lines;
    const auto read = follow(
        server.path(), {"GET", "/lines", ""},
        [&](std::string_view line) {
            lines.emplace_back(line);
            return lines.size() < 3;
        },
        std::chrono::seconds(0));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(HttpLines, end_when_their_time_is_over) {
    const Server server(three_lines);
    size_t lines = 0;
    const auto read = follow(
        server.path(), {"GET", "/lines", ""}, [&](std::string_view) { return ++lines > 0; }, std::chrono::seconds(1));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->status, 200U);
    EXPECT_EQ(lines, 3U);
}

TEST(HttpLines, are_refused_as_any_other_request) {
    const Server server(three_lines);
    const auto read = follow(
        server.path(), {"GET", "/elsewhere", ""}, [](std::string_view) { return true; }, std::chrono::seconds(0));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->status, 400U);
    EXPECT_EQ(read->body, "no");
}

TEST(HttpLines, of_an_agent_that_is_not_there_are_an_error) {
    const auto read = follow(
        "/tmp/ringwall-nobody.sock", {"GET", "/", ""}, [](std::string_view) { return true; }, std::chrono::seconds(0));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, std::errc::no_such_file_or_directory);
}

TEST(HttpLines, that_the_server_ends_are_an_error) {
    const Server server([](Request) -> boost::asio::awaitable<Response> {
        Response response;
        response.pieces = []() -> boost::asio::awaitable<std::optional<std::string>> { co_return std::nullopt; };
        co_return response;
    });
    EXPECT_FALSE(
        follow(server.path(), {"GET", "/", ""}, [](std::string_view) { return true; }, std::chrono::seconds(0)));
}

} // namespace
} // namespace ringwall::control
