// SPDX-License-Identifier: Apache-2.0
// What who asks the control socket gets: an answer, its lines as they come, or an error that says what was wrong.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "tests/unit/control/server.hpp"

namespace ringwall::control {
namespace {

TEST(HttpClient, says_that_nobody_is_there) {
    const test::Directory directory;
    const auto absent = call(directory.file("absent.sock"), {"GET", "/", ""});
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, std::errc::no_such_file_or_directory);

    close(listen_at(directory.file("dead.sock")));
    const auto dead = call(directory.file("dead.sock"), {"GET", "/", ""});
    ASSERT_FALSE(dead);
    EXPECT_EQ(dead.error().code, std::errc::connection_refused);
}

TEST(HttpClient, refuses_a_path_longer_than_a_unix_address) {
    const auto answer = call("/" + std::string(120, 'x'), {"GET", "/", ""});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, std::errc::filename_too_long);
}

TEST(HttpClient, gives_up_on_a_server_that_never_answers) {
    const test::Directory directory;
    const int listening = listen_at(directory.file("mute.sock"));
    const auto answer = call(directory.file("mute.sock"), {"GET", "/", ""}, std::chrono::seconds(1));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, std::errc::timed_out);
    close(listening);
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

TEST(HttpClient, waits_for_an_answer_as_long_as_more_of_it_comes) {
    const Server server(slow_digits);
    const auto answer = call(server.path(), {"GET", "/", ""}, std::chrono::seconds(1));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "01234");
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
        test::Directory().file("absent.sock"), {"GET", "/", ""}, [](std::string_view) { return true; },
        std::chrono::seconds(0));
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
