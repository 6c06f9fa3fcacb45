// SPDX-License-Identifier: Apache-2.0
// The worker's side of its listening sockets: accept, read one request after the other, ask the handler, answer. Every
// wait has an end, every buffer a size; what is over them is refused in HTTP's own words.
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <tuple>

#include "agent/control/http.hpp"

namespace ringwall::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::generic::stream_protocol; // of the Unix socket, and of TCP
using Stream = beast::basic_stream<stream_protocol>;

constexpr auto without_throwing = asio::as_tuple(asio::use_awaitable);
constexpr size_t most_connections = 64;
constexpr size_t most_request_bytes = size_t{64} << 10;
constexpr std::uint32_t most_header_bytes = 16U << 10;
constexpr auto request_time = std::chrono::seconds(10);

struct Service {
    Handler handler;
    LongestBody longest_body;
};

// One of the connections that may be open at once; counts down when its session ends, however it ends.
using Connection = std::shared_ptr<void>;

class Connections {
public:
    Connection take() {
        if (*open_ >= most_connections) return nullptr;
        ++*open_;
        return Connection(static_cast<void*>(open_.get()), [open = open_](void*) { --*open; });
    }

private:
    std::shared_ptr<size_t> open_ = std::make_shared<size_t>(0);
};

http::response<http::string_body> to_http(Response&& response, const http::request<http::string_body>& request) {
    http::response<http::string_body> answer(static_cast<http::status>(response.status), request.version());
    answer.set(http::field::content_type, response.content_type);
    answer.keep_alive(request.keep_alive());
    answer.content_length(response.body.size());
    if (request.method() != http::verb::head) answer.body() = std::move(response.body);
    return answer;
}

http::status refusal(beast::error_code error) {
    if (error == http::error::body_limit) return http::status::payload_too_large;
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return http::status::request_header_fields_too_large;
    return http::status::bad_request;
}

bool is_http_error(beast::error_code error) {
    return error.category() == make_error_code(http::error::bad_method).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message;
}

asio::awaitable<bool> write(Stream& stream, http::response<http::string_body> answer) {
    stream.expires_after(request_time);
    const auto [error, size] = co_await http::async_write(stream, answer, without_throwing);
    co_return !error && answer.keep_alive();
}

asio::awaitable<bool> write_piece(Stream& stream, const std::string& piece, bool is_chunked) {
    stream.expires_after(request_time);
    const asio::const_buffer bytes(piece.data(), piece.size());
    const auto [error, size] = is_chunked
                                   ? co_await asio::async_write(stream, http::make_chunk(bytes), without_throwing)
                                   : co_await asio::async_write(stream, bytes, without_throwing);
    co_return !error;
}

// In chunks; to HTTP/1.0 as it comes, up to the end of the connection.
asio::awaitable<bool> write_pieces(Stream& stream, const Response& response,
                                   const http::request<http::string_body>& request) {
    const bool is_chunked = request.version() >= 11;
    http::response<http::empty_body> head(static_cast<http::status>(response.status), request.version());
    head.set(http::field::content_type, response.content_type);
    head.keep_alive(is_chunked && request.keep_alive());
    head.chunked(is_chunked);
    http::response_serializer<http::empty_body> serializer(head);
    stream.expires_after(request_time);
    const auto [error, size] = co_await http::async_write_header(stream, serializer, without_throwing);
    if (error) co_return false;
    if (request.method() == http::verb::head) co_return head.keep_alive();
    while (true) {
        stream.expires_never();
        const auto piece = co_await response.pieces();
        if (!piece) break;
        if (!piece->empty() && !co_await write_piece(stream, *piece, is_chunked))
            co_return false; // an empty one would end it
    }
    if (!is_chunked) co_return false;
    stream.expires_after(request_time);
    const auto [end_error, end_size] = co_await asio::async_write(stream, http::make_chunk_last(), without_throwing);
    co_return !end_error && head.keep_alive();
}

// "48 KiB": limits are whole ones.
std::string size_text(uint64_t bytes) {
    const bool is_in_mib = bytes >= uint64_t{1} << 20;
    return std::to_string(bytes >> (is_in_mib ? 20 : 10)) + (is_in_mib ? " MiB" : " KiB");
}

std::string complaint(beast::error_code error, uint64_t longest_body) {
    if (error == http::error::body_limit)
        return "longer than " + size_text(longest_body) + ", the most that is read here";
    return "not a request that this socket reads";
}

asio::awaitable<void> refuse(Stream& stream, beast::error_code error, uint64_t longest_body) {
    http::response<http::string_body> answer(refusal(error), 11);
    answer.set(http::field::content_type, "application/json");
    answer.keep_alive(false);
    answer.body() = R"({"ok":false,"errors":[")" + complaint(error, longest_body) + R"("]})";
    answer.prepare_payload();
    co_await write(stream, std::move(answer));
}

// False when the connection is to be closed.
asio::awaitable<bool> answer_one(Stream& stream, beast::flat_buffer& buffer, const Service& service) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(most_header_bytes);
    parser.body_limit(boost::none); // the target says how long it may be
    uint64_t longest = 0;
    stream.expires_after(request_time);
    auto [error, size] = co_await http::async_read_header(stream, buffer, parser, without_throwing);
    if (!error) {
        const auto target = parser.get().target();
        longest = service.longest_body({target.data(), target.size()});
        parser.body_limit(longest); // of one in chunks, whose length nobody says
        if (parser.content_length().value_or(0) > longest) error = http::error::body_limit;
    }
    if (!error && !parser.is_done())
        std::tie(error, size) = co_await http::async_read(stream, buffer, parser, without_throwing);
    if (is_http_error(error)) co_await refuse(stream, error, longest);
    if (error) co_return false;
    const auto request = parser.release();
    stream.expires_never(); // a reload may take longer than a request may
    // Named, not a temporary: g++ 12 destroys braced temporaries of a co_await expression twice.
    Request asked{std::string(request.method_string()), std::string(request.target()), request.body()};
    Response response = co_await service.handler(std::move(asked));
    if (response.pieces) co_return co_await write_pieces(stream, response, request);
    auto answer = to_http(std::move(response), request);
    co_return co_await write(stream, std::move(answer));
}

asio::awaitable<void> session(stream_protocol::socket socket, Service service, Connection) {
    Stream stream(std::move(socket));
    beast::flat_buffer buffer(most_request_bytes);
    while (co_await answer_one(stream, buffer, service)) {}
    beast::error_code ignored; // the peer may be gone already
    stream.socket().shutdown(stream_protocol::socket::shutdown_both, ignored);
}

// What is over the limit is told so, and waited for no longer: these bytes fit into a socket that nothing was sent by.
void turn_away(stream_protocol::socket socket) {
    const std::string body =
        R"({"ok":false,"errors":[")" + std::to_string(most_connections) +
        R"( connections are open already, and the agent takes no more: some of them are to be closed"]})";
    const std::string answer =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    beast::error_code ignored; // the peer may be gone already
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(answer), ignored);
    socket.shutdown(stream_protocol::socket::shutdown_both, ignored);
}

// Out of descriptors or memory: what is open goes on, and accepting is tried again when some may have closed.
asio::awaitable<void> pause() {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(100));
    co_await timer.async_wait(without_throwing);
}

// Of a listening socket that somebody else made.
stream_protocol protocol_of(int fd) {
    int family = AF_UNIX;
    socklen_t size = sizeof family;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return {family, 0};
}

} // namespace

uint64_t short_bodies(std::string_view) { return most_request_bytes - most_header_bytes; }

asio::awaitable<void> serve(int listening_fd, Handler handler, LongestBody longest_body) {
    const Service service{std::move(handler), std::move(longest_body)};
    const auto executor = co_await asio::this_coro::executor;
    asio::basic_socket_acceptor<stream_protocol> acceptor(executor, protocol_of(listening_fd), listening_fd);
    Connections connections;
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    while (cancellation.cancelled() == asio::cancellation_type::none) {
        auto [error, socket] = co_await acceptor.async_accept(without_throwing);
        if (error == asio::error::operation_aborted) co_return;
        if (error) {
            co_await pause();
            continue;
        }
        if (auto connection = connections.take())
            asio::co_spawn(executor, session(std::move(socket), service, std::move(connection)), asio::detached);
        else turn_away(std::move(socket));
    }
}

} // namespace ringwall::control
