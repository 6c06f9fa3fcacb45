// SPDX-License-Identifier: Apache-2.0
#include "agent/process/routes.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>

#ifndef RINGWALL_VERSION
#error "RINGWALL_VERSION comes from CMakeLists.txt"
#endif

namespace ringwall::agent {
namespace json = boost::json;
using boost::asio::awaitable;
using control::Request;
using control::Response;
namespace {

Response good(const json::value& document) { return {.status = 200, .body = json::serialize(document)}; }
Response bad(unsigned status, std::string_view error) {
    return {.status = status, .body = json::serialize(json::object{{"ok", false}, {"errors", json::array{error}}})};
}

Now now() { return {std::chrono::steady_clock::now(), std::time(nullptr)}; }

uint64_t live_calls(const pinhole::Present& present) {
    return static_cast<uint64_t>(
        std::ranges::count_if(present.dialogs, [](const auto& entry) { return entry.second.state != DIALOG_ENDED; }));
}

json::value status(const Wall& wall) {
    const auto present = wall.maps.read();
    const control::Status status{.version = RINGWALL_VERSION,
                                 .pid = getppid(), // the parent's: the one to signal
                                 .started_s = wall.started_s,
                                 .config_path = wall.briefing.config_path,
                                 .config_loaded_s = wall.briefing.loaded_s,
                                 .config_error = wall.config_error,
                                 .interfaces = wall.briefing.interfaces,
                                 .reasons = wall.maps.reasons(),
                                 .events = wall.maps.events(),
                                 .core = wall.counters(),
                                 .pinholes = present.pinholes.size(),
                                 .pinholes_capacity = wall.maps.pinhole_capacity(),
                                 .calls = live_calls(present)};
    return control::status(status, wall.core.policy(), now());
}

Response get(const Wall& wall, std::string_view target) {
    if (target == "/api/v1/status") return good(status(wall));
    if (target == "/api/v1/calls")
        return good(control::calls(wall.maps.read(), wall.maps.refusals(), wall.core.policy(), now()));
    if (target == "/api/v1/pinholes")
        return good(control::pinholes(wall.maps.read(), wall.maps.refusals(), wall.core.policy(), now()));
    return bad(404, "no such document: status, calls, pinholes");
}

awaitable<Response> reload(const Wall& wall) {
    const auto reloaded = co_await wall.reload();
    if (!reloaded) co_return bad(422, reloaded.error().message());
    co_return good({{"ok", true}});
}

} // namespace

control::Handler routes(Wall wall) {
    return [wall = std::move(wall)](Request request) -> awaitable<Response> {
        if (request.method == "GET") co_return get(wall, request.target);
        if (request.method != "POST") co_return bad(405, "GET or POST");
        if (request.target == "/api/v1/reload") co_return co_await reload(wall);
        co_return bad(404, "no such action: reload");
    };
}

} // namespace ringwall::agent
