// SPDX-License-Identifier: Apache-2.0
// The commands' side of the control socket: connect, one request, one answer, however long it comes; or one that goes on. An
// agent that says nothing for as long as the patience is one that hangs.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <optional>
#include <utility>

#include "agent/control/http.hpp"

namespace ringwall::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::local::stream_protocol;
using Stream = beast::basic_stream<stream_protocol>;

constexpr auto without_throwing = asio::as_tuple(asio::use_awaitable);
constexpr uint64_t most_answer_bytes = uint64_t{1} << 30; // 100,000 calls with their holes are some 100 MB

tl::unexpected<Error> failed(beast::error_code error, const std::string& what) {
    if (error == beast::error::timeout) return fail_errno(ETIMEDOUT, what);
    const bool is_closed = error == asio::error::broken_pipe || error == asio::error::connection_reset;
    if (!is_closed && error.category() == boost::system::system_category()) return fail_errno(error.value(), what);
    if (is_closed || error == http::error::end_of_stream || error == http::error::partial_message)
        return fail(what + ": the agent closed the connection (too many connections, or it is stopping)");
    return fail(what + ": " + error.message());
}

// Connects and writes. A server that refuses the request may answer and close before it has read all: its answer is worth
// reading, so what failed in writing is told only where none comes.
asio::awaitable<Result<beast::error_code>> send_request(Stream& stream, const std::string& path,
                                                        const Request& request) {
    if (const auto [error] = co_await stream.async_connect(stream_protocol::endpoint(path), without_throwing); error)
        co_return failed(error, request.method + " " + request.target + " at " + path);
    http::request<http::string_body> message(http::string_to_verb(request.method), request.target, 11);
    message.method_string(request.method);
    message.set(http::field::host, "ringwall");
    message.keep_alive(false);
    message.body() = request.body;
    message.prepare_payload();
    const auto [error, written] = co_await http::async_write(stream, message, without_throwing);
    co_return error;
}

asio::awaitable<Result<Response>> exchange(const std::string& path, const Request& request,
                                           std::chrono::seconds patience) {
    const std::string doing = request.method + " " + request.target + " at " + path;
    Stream stream(co_await asio::this_coro::executor);
    stream.expires_after(patience);
    const auto sent = co_await send_request(stream, path, request);
    if (!sent) co_return tl::make_unexpected(sent.error());

    http::response_parser<http::string_body> parser;
    parser.body_limit(most_answer_bytes);
    parser.skip(request.method == "HEAD");
    beast::flat_buffer buffer;
    while (!parser.is_done()) {
        stream.expires_after(patience);
        const auto [error, size] = co_await http::async_read_some(stream, buffer, parser, without_throwing);
        if (error) co_return failed(*sent ? *sent : error, doing);
    }
    auto answer = parser.release();
    co_return Response{answer.result_int(), std::string(answer[http::field::content_type]), std::move(answer.body())};
}

asio::awaitable<void> keep(asio::awaitable<Result<Response>> exchanged, std::optional<Result<Response>>& answer) {
    answer = co_await std::move(exchanged);
}

// Takes whole lines out of `text`, and leaves the rest. False: enough.
bool show_lines(std::string& text, const OnLine& on_line) {
    size_t begin = 0;
    for (size_t end = text.find('\n'); end != text.npos; begin = end + 1, end = text.find('\n', begin))
        if (end > begin && !on_line(std::string_view(text).substr(begin, end - begin))) return false;
    text.erase(0, begin);
    return true;
}

asio::awaitable<Result<Response>> receive_lines(const std::string& path, const Request& request,
                                                const OnLine& on_line) {
    const std::string doing = request.method + " " + request.target + " at " + path;
    Stream stream(co_await asio::this_coro::executor);
    stream.expires_after(default_patience);
    const auto sent = co_await send_request(stream, path, request);
    if (!sent) co_return tl::make_unexpected(sent.error());
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    beast::flat_buffer buffer;
    std::string text;
    while (true) {
        stream.expires_after(default_patience);
        const auto [error, size] = co_await http::async_read_some(stream, buffer, parser, without_throwing);
        if (error) co_return failed(*sent ? *sent : error, doing);
        const bool is_good = parser.is_header_done() && parser.get().result() == http::status::ok;
        if (is_good) {
            text += std::exchange(parser.get().body(), {});
            if (!show_lines(text, on_line)) co_return Response{};
        }
        if (!parser.is_done()) continue;
        if (is_good) co_return fail(doing + ": the agent ended its answer");
        auto answer = parser.release();
        co_return Response{.status = answer.result_int(), .body = std::move(answer.body())};
    }
}

// sun_path is 108 bytes with its NUL (unix(7)); Asio throws where it is longer.
bool is_too_long(const std::string& socket_path) { return socket_path.size() > 107; }

} // namespace

Result<Response> follow(const std::string& socket_path, const Request& request, const OnLine& on_line,
                        std::chrono::seconds most) {
    if (is_too_long(socket_path)) return fail_errno(ENAMETOOLONG, socket_path);
    asio::io_context loop;
    std::optional<Result<Response>> answer;
    std::exception_ptr thrown;
    asio::signal_set signals(loop, SIGINT, SIGTERM);
    asio::steady_timer timer(loop);
    const auto enough = [&](beast::error_code error, auto...) {
        if (!error) loop.stop();
    };
    signals.async_wait(enough);
    if (most > std::chrono::seconds(0)) {
        timer.expires_after(most);
        timer.async_wait(enough);
    }
    asio::co_spawn(loop, keep(receive_lines(socket_path, request, on_line), answer), [&](std::exception_ptr error) {
        thrown = error;
        loop.stop();
    });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return answer ? *std::move(answer) : Response{};
}

Result<Response> call(const std::string& socket_path, const Request& request, std::chrono::seconds patience) {
    if (is_too_long(socket_path)) return fail_errno(ENAMETOOLONG, socket_path);
    asio::io_context loop;
    std::optional<Result<Response>> answer;
    asio::co_spawn(loop, keep(exchange(socket_path, request, patience), answer), asio::detached);
    loop.run();
    if (!answer) return fail("no answer from " + socket_path);
    return *std::move(answer);
}

} // namespace ringwall::control
