// SPDX-License-Identifier: Apache-2.0
#include "agent/process/routes.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <ctime>

#include "agent/clock.hpp"
#include "agent/control/by_hand.hpp"
#include "agent/control/report.hpp"
#include "agent/log.hpp"
#include "agent/process/config_files.hpp"
#include "agent/process/listings.hpp"
#include "agent/process/sources.hpp"

#ifndef RINGWALL_VERSION
#error "RINGWALL_VERSION comes from CMakeLists.txt"
#endif

namespace ringwall::agent {
namespace json = boost::json;
using boost::asio::awaitable;
using control::Request;
using control::Response;
namespace {

constexpr std::string_view lists_target = "/api/v1/lists";
constexpr std::string_view sources_target = "/api/v1/sources";
constexpr std::string_view import_target = "/api/v1/bans/import";
constexpr uint64_t longest_request = uint64_t{48} << 10, longest_list = uint64_t{64} << 20;

Response good(const json::value& document) { return {.status = 200, .body = json::serialize(document)}; }
Response bad(unsigned status, std::string_view error) {
    return {.status = status, .body = json::serialize(json::object{{"ok", false}, {"errors", json::array{error}}})};
}

// The clock that packets are judged by, some milliseconds late: a pinhole that we say is closed refuses already.
Now now() { return {std::chrono::steady_clock::time_point(read_clock(CLOCK_MONOTONIC_COARSE)), std::time(nullptr)}; }

// All of them; or, of an address, which of their lines and of the configuration's words decide about it.
Response lists(const Wall& wall, std::string_view of) {
    if (of.empty()) return good(control::lists(wall.briefing.lists));
    const auto address = IpAddress::parse(of.substr(1));
    if (!address) return bad(400, "expected an IPv4 or IPv6 address");
    return good(control::explanation(*address, wall.core.policy()));
}

constexpr std::string_view drops_target = "/api/v1/drops", follow_target = "/api/v1/drops/follow";

bool is_path(std::string_view target, std::string_view path) { return target.substr(0, target.find('?')) == path; }

Response drops(const Wall& wall, std::string_view target) {
    const auto request = control::drop_request(target);
    if (!request) return bad(400, request.error());
    if (is_path(target, drops_target)) return good(wall.drops.list(*request));
    Response response{.status = 200, .content_type = "application/x-ndjson", .pieces = wall.drops.follow(*request)};
    return response.pieces ? response : bad(503, "eight follow already");
}

Response get(const Wall& wall, std::string_view target) {
    if (is_path(target, drops_target) || is_path(target, follow_target)) return drops(wall, target);
    if (target == lists_target || target.starts_with(std::string(lists_target) + "/"))
        return lists(wall, target.substr(lists_target.size()));
    if (target == "/api/v1/config")
        return good(json::object{{"path", wall.briefing.config_path},
                                 {"loaded", wall.briefing.loaded_s},
                                 {"files", to_json(wall.briefing.config)}});
    if (target == "/api/v1/status") return good(control::status(status_of(wall), wall.core.policy(), now()));
    if (target == "/api/v1/calls") return {.pieces = calls(wall, now())};
    if (target == "/api/v1/bans") return {.pieces = wall.bans.list(now())};
    if (target == "/api/v1/pinholes") return {.pieces = pinholes(wall, now())};
    if (target == sources_target) return {.pieces = sources(wall, now())};
    return bad(404, "no such document: status, calls, pinholes, sources, bans, lists, config, drops");
}

awaitable<Response> reload(const Wall& wall) {
    const auto reloaded = co_await wall.reload();
    if (!reloaded.error.empty()) co_return bad(reloaded.is_configuration ? 422 : 500, reloaded.error);
    co_return good({{"ok", true}});
}

Response open(const Wall& wall, const Request& request) {
    const auto wanted = control::opening(request.body);
    if (!wanted) return bad(400, wanted.error());
    auto opening = dialog::checked(*wanted, wall.core.policy());
    if (!opening) return bad(409, opening.error());
    const Now when = now();
    opening->until = when.monotonic + opening->life;
    opening->started_s = when.realtime_s;
    if (const auto opened = wall.open(*opening); !opened) return bad(503, opened.error().message());
    return good(control::opened(*opening, wall.core.policy()));
}

Response close(const Wall& wall, const Request& request) {
    auto closing = control::closing(request.body);
    if (!closing) return bad(400, closing.error());
    if (closing->local) closing->local->address = wall.core.policy().inside_of(closing->local->address);
    const auto found = wall.core.opened_by_hand(*closing);
    if (found.empty()) return bad(404, "nothing of the kind is open by hand");
    wall.close(*closing);
    return good(control::closed(found));
}

// The response is named: g++ 12 destroys braced temporaries of a co_await expression twice.
awaitable<Response> about(const Wall& wall, std::string of) {
    const auto address = IpAddress::parse(of);
    if (!address) co_return bad(400, "expected an IPv4 or IPv6 address");
    Response response;
    response.body = co_await about_source(wall, *address, now());
    co_return response;
}

// What a command changed of the bans: somebody will ask who did.
Response answer(Result<std::string> done, std::string_view what, Fields fields = {}) {
    if (!done) return bad(409, done.error().message());
    log::info("ban.command", what, fields);
    return {.status = 200, .body = std::move(*done)};
}

Response add_ban(const Wall& wall, const std::string& body) {
    const auto wanted = control::ban_request(body, true);
    if (!wanted) return bad(400, wanted.error());
    const std::string source = to_string(wanted->key);
    return answer(wall.bans.add(*wanted, now()), source + " is banned by command", {{"source", source}});
}

awaitable<Response> delete_ban(const Wall& wall, std::string body) {
    const auto wanted = control::ban_request(body, false);
    if (!wanted) co_return bad(400, wanted.error());
    const std::string source = to_string(wanted->key);
    auto done = co_await wall.bans.remove(wanted->key, now());
    const Fields fields{{"source", source}};
    co_return answer(std::move(done), "the ban of " + source + " is lifted by command", fields);
}

awaitable<Response> import_bans(const Wall& wall, std::string body) {
    auto done = co_await wall.bans.import(std::move(body), now());
    co_return answer(std::move(done), "a list of bans was taken by command");
}

awaitable<Response> post(const Wall& wall, Request request) {
    if (request.target == "/api/v1/reload") co_return co_await reload(wall);
    if (request.target == "/api/v1/bans/add") co_return add_ban(wall, request.body);
    if (request.target == "/api/v1/bans/del") co_return co_await delete_ban(wall, std::move(request.body));
    if (request.target == import_target) co_return co_await import_bans(wall, std::move(request.body));
    if (request.target == "/api/v1/pinholes/open") co_return open(wall, request);
    if (request.target == "/api/v1/pinholes/close") co_return close(wall, request);
    co_return bad(404, "no such action: reload, pinholes/open, pinholes/close, bans/add, bans/del, bans/import");
}

} // namespace

control::Status status_of(const Wall& wall) {
    return {.version = RINGWALL_VERSION,
            .pid = getppid(), // the parent's: the one to signal
            .started_s = wall.started_s,
            .config_path = wall.briefing.config_path,
            .config_loaded_s = wall.briefing.loaded_s,
            .config_error = wall.briefing.config_error,
            .pins_path = wall.briefing.pins_path,
            .pins_error = wall.briefing.pins_error,
            .http_listen = wall.briefing.http_listen,
            .http_error = wall.briefing.http_error,
            .interfaces = wall.briefing.interfaces,
            .lists = wall.briefing.lists,
            .names = wall.briefing.names,
            .reasons = wall.maps.reasons(),
            .events = wall.maps.events(),
            .core = wall.counters(),
            .events_at_load = wall.events_at_load,
            .core_at_load = wall.counters_at_load,
            .census = wall.core.census(),
            .pinholes_capacity = wall.maps.pinhole_capacity(),
            .outside = wall.core.calls_from_outside()};
}

uint64_t longest_body(std::string_view target) { return target == import_target ? longest_list : longest_request; }

control::Handler routes(Wall wall) {
    return [wall = std::move(wall)](Request request) -> awaitable<Response> {
        if (request.method == "GET" && request.target.starts_with(std::string(sources_target) + "/"))
            co_return co_await about(wall, request.target.substr(sources_target.size() + 1));
        if (request.method == "GET") co_return get(wall, request.target);
        if (request.method != "POST") co_return bad(405, "GET or POST");
        co_return co_await post(wall, std::move(request));
    };
}

} // namespace ringwall::agent
