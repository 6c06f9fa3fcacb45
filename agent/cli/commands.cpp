// SPDX-License-Identifier: Apache-2.0
// The commands that ask a running agent.
#include "agent/cli/commands.hpp"

#include <boost/json.hpp>
#include <iostream>
#include <system_error>

#include "agent/cli/json_text.hpp"
#include "agent/cli/screens.hpp"
#include "agent/cli/words.hpp"
#include "agent/control/http.hpp"
#include "maps/abi/abi.h"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

int no_answer(const Error& error, const agent::Options& options) {
    if (error.code == std::errc::no_such_file_or_directory || error.code == std::errc::connection_refused ||
        error.code == std::errc::not_a_directory) {
        std::cerr << "ringwall: no agent answers at " << options.socket
                  << "; start one with `ringwall run`, or name its socket with --socket\n";
        return agent::exit_no_agent;
    }
    std::cerr << "ringwall: " << error.message() << '\n';
    const bool is_denied =
        error.code == std::errc::permission_denied || error.code == std::errc::operation_not_permitted;
    return is_denied ? agent::exit_not_permitted : agent::exit_failed;
}

// What the agent says beside a status that is no success: {"errors":["…"]}, or {"error":"…"} of one or several lines.
void print_errors(const control::Response& response) {
    boost::system::error_code unreadable;
    const json::value document = json::parse(response.body, unreadable);
    const json::array& errors = list(document, "errors");
    for (const json::value& error : errors)
        if (error.is_string()) std::cerr << std::string_view(error.get_string()) << '\n';
    if (const std::string error = text(document, "error"); !error.empty()) std::cerr << error << '\n';
    else if (errors.empty()) std::cerr << "ringwall: the agent answered with HTTP status " << response.status << '\n';
}

int refused(const control::Response& response) {
    print_errors(response);
    if (response.status == 422) return agent::exit_bad_config;
    return response.status == 403 ? agent::exit_not_permitted : agent::exit_failed;
}

// A full disk or a closed pipe is a failure: half a document must not look like a whole one.
int print(const std::string& output) {
    std::cout << output << std::flush;
    return std::cout ? agent::exit_good : agent::exit_failed;
}

struct View {
    const char* target;
    std::string (*screen)(const json::value&);
};

View view_of(Command command) {
    switch (command) {
        case Command::calls: return {"/api/v1/calls", calls_screen};
        case Command::pinholes: return {"/api/v1/pinholes", pinholes_screen};
        default: return {"/api/v1/status", status_screen};
    }
}

} // namespace

int show(const Invocation& invocation) {
    const View view = view_of(invocation.command);
    const auto response = control::call(invocation.options.socket, {"GET", view.target, ""});
    if (!response) return no_answer(response.error(), invocation.options);
    if (response->status != 200) return refused(*response);
    boost::system::error_code unreadable;
    const json::value document = json::parse(response->body, unreadable);
    if (unreadable) {
        std::cerr << "ringwall: the agent's answer is no JSON: " << unreadable.message() << '\n';
        return agent::exit_failed;
    }
    return print(invocation.json ? json_text(document) : view.screen(document));
}

int reload(const agent::Options& options) {
    const auto response = control::call(options.socket, {"POST", "/api/v1/reload", ""});
    if (!response) return no_answer(response.error(), options);
    if (response->status != 200) return refused(*response);
    return print("reloaded\n");
}

int version(bool as_json) {
    if (as_json) return print(json_text(json::object{{"version", RINGWALL_VERSION}, {"abi", RINGWALL_ABI_VERSION}}));
    return print("ringwall " RINGWALL_VERSION " (maps: ABI " + std::to_string(RINGWALL_ABI_VERSION) + ")\n");
}

} // namespace ringwall::cli
