// SPDX-License-Identifier: Apache-2.0
// The commands' side of the control socket: connect, one request, one answer, all within one time limit.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>

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
    if (error.category() == boost::system::system_category()) return fail_errno(error.value(), what);
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return fail(what + ": the agent closed the connection (too many connections, or it is stopping)");
    return fail(what + ": " + error.message());
}

asio::awaitable<Result<Response>> exchange(const std::string& path, const Request& request, int timeout_s) {
    const std::string doing = request.method + " " + request.target + " at " + path;
    Stream stream(co_await asio::this_coro::executor);
    stream.expires_after(std::chrono::seconds(timeout_s));
    if (const auto [error] = co_await stream.async_connect(stream_protocol::endpoint(path), without_throwing); error)
        co_return failed(error, doing);

    http::request<http::string_body> message(http::string_to_verb(request.method), request.target, 11);
    message.method_string(request.method);
    message.set(http::field::host, "ringwall");
    message.keep_alive(false);
    message.body() = request.body;
    message.prepare_payload();
    // A server that refuses the request may answer and close before it has read all: its answer is worth reading.
    const auto [write_error, written] = co_await http::async_write(stream, message, without_throwing);

    http::response_parser<http::string_body> parser;
    parser.body_limit(most_answer_bytes);
    parser.skip(request.method == "HEAD");
    beast::flat_buffer buffer;
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, without_throwing);
    if (read_error) co_return failed(write_error ? write_error : read_error, doing);
    auto answer = parser.release();
    co_return Response{answer.result_int(), std::string(answer[http::field::content_type]), std::move(answer.body())};
}

asio::awaitable<void> keep(asio::awaitable<Result<Response>> exchanged, std::optional<Result<Response>>& answer) {
    answer = co_await std::move(exchanged);
}

} // namespace

Result<Response> call(const std::string& socket_path, const Request& request, int timeout_s) {
    // sun_path is 108 bytes with its NUL (unix(7)); Asio throws where it is longer.
    constexpr size_t longest_path = 107;
    if (socket_path.size() > longest_path) return fail_errno(ENAMETOOLONG, socket_path);
    asio::io_context loop;
    std::optional<Result<Response>> answer;
    asio::co_spawn(loop, keep(exchange(socket_path, request, timeout_s), answer), asio::detached);
    loop.run();
    if (!answer) return fail("no answer from " + socket_path);
    return *std::move(answer);
}

} // namespace ringwall::control
