// SPDX-License-Identifier: Apache-2.0
// The control socket's server: a real Unix socket, good clients and bad ones.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "tests/unit/control/server.hpp"

namespace ringwall::control {
namespace {

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

TEST(HttpServer, hands_method_target_and_body_to_the_handler_and_its_answer_back) {
    const Server server;
    const auto answer = call(server.path(), {"POST", "/api/v1/reload?x=1", "hello"});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(answer->content_type, "application/json");
    EXPECT_EQ(answer->body, "POST /api/v1/reload?x=1 hello");
}

TEST(HttpServer, gives_the_handlers_status_to_the_client) {
    const Server server;
    const auto answer = call(server.path(), {"GET", "/missing", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 404U);
}

TEST(HttpServer, hands_methods_that_it_does_not_know_to_the_handler) {
    const Server server;
    const auto answer = call(server.path(), {"BREW", "/pot", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "BREW /pot ");
}

TEST(HttpServer, answers_head_with_the_length_and_without_the_body) {
    const Server server;
    const auto raw = converse(server.path(), "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_NE(raw.find("Content-Length: 7\r\n"), raw.npos) << raw;
    EXPECT_TRUE(raw.ends_with("\r\n\r\n")) << raw;
    const auto answer = call(server.path(), {"HEAD", "/", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "");
}

TEST(HttpServer, carries_an_answer_of_16_mib) {
    const Server server(large);
    const auto answer = call(server.path(), {"GET", "/", ""});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body.size(), size_t{16} << 20);
}

TEST(HttpServer, sends_an_answer_in_pieces_and_goes_on_with_the_connection) {
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

TEST(HttpServer, sends_pieces_as_they_come_to_who_knows_no_chunks) {
    const Server server(in_pieces);
    const auto raw = converse(server.path(), "GET / HTTP/1.0\r\n\r\n");
    EXPECT_NE(raw.find("\r\n\r\nonetwothreexxx"), raw.npos);
    EXPECT_EQ(raw.find("chunked"), raw.npos);
}

TEST(HttpServer, answers_several_requests_on_one_connection) {
    const Server server;
    const auto raw = converse(server.path(),
                              "GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
                              "GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_NE(raw.find("GET /one"), raw.npos) << raw;
    EXPECT_NE(raw.find("GET /two"), raw.npos) << raw;
}

TEST(HttpServer, refuses_a_body_over_48_kib_and_takes_one_of_48_kib) {
    const Server server;
    const auto most = call(server.path(), {"POST", "/", std::string(48 << 10, 'x')});
    ASSERT_TRUE(most) << most.error().message();
    EXPECT_EQ(most->status, 200U);
    const auto over = call(server.path(), {"POST", "/", std::string((48 << 10) + 1, 'x')});
    ASSERT_TRUE(over) << over.error().message();
    EXPECT_EQ(over->status, 413U);
    EXPECT_EQ(over->body, R"({"ok":false,"errors":["longer than 48 KiB, the most that is read here"]})");
}

TEST(HttpServer, refuses_a_header_without_end) {
    const Server server;
    const auto raw = converse(server.path(), "GET / HTTP/1.1\r\nX: " + std::string(100 << 10, 'x'));
    EXPECT_TRUE(raw.empty() || raw.starts_with("HTTP/1.1 431")) << raw;
    EXPECT_TRUE(call(server.path(), {"GET", "/", ""}));
}

TEST(HttpServer, refuses_what_is_no_http_and_goes_on_serving) {
    const Server server;
    const std::string noise("\x16\x03\x01\x00\xff nothing that anyone reads\r\n\r\n", 33);
    EXPECT_TRUE(converse(server.path(), noise).starts_with("HTTP/1.1 400"));
    EXPECT_TRUE(call(server.path(), {"GET", "/", ""}));
}

TEST(HttpServer, closes_on_a_client_that_does_not_finish_its_request) {
    const Server server;
    const int slow = connect_to(server.path());
    ASSERT_EQ(send(slow, "GET /", 5, MSG_NOSIGNAL), 5);
    char byte = 0;
    EXPECT_EQ(recv(slow, &byte, 1, 0), 0); // closed by the server's 10 s, before our 20
    close(slow);
}

TEST(HttpServer, serves_others_while_a_slow_client_waits) {
    const Server server;
    const int slow = connect_to(server.path());
    ASSERT_EQ(send(slow, "GET /", 5, MSG_NOSIGNAL), 5);
    EXPECT_TRUE(call(server.path(), {"GET", "/", ""}));
    close(slow);
}

TEST(HttpServer, closes_the_65th_connection_and_serves_again_once_one_is_gone) {
    const Server server;
    std::vector<int> open;
    for (int i = 0; i < 64; ++i) open.push_back(connect_to(server.path()));
    const auto refused = call(server.path(), {"GET", "/", ""});
    ASSERT_TRUE(refused) << refused.error().message();
    EXPECT_EQ(refused->status, 503U);
    EXPECT_NE(refused->body.find("64 connections are open already"), std::string::npos) << refused->body;
    for (const int fd : open) close(fd);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    bool is_served = false;
    while (!is_served && std::chrono::steady_clock::now() < end)
        is_served = call(server.path(), {"GET", "/", ""}).value_or(Response{.status = 503}).status == 200;
    EXPECT_TRUE(is_served);
}

TEST(HttpServer, accepts_nobody_once_it_is_cancelled) {
    const test::Directory directory;
    const std::string path = directory.file("control.sock");
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
}

} // namespace
} // namespace ringwall::control
