// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/ask.hpp"

#include <boost/json.hpp>
#include <iostream>
#include <system_error>

#include "agent/cli/words.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

int no_answer(const Error& error, const agent::Options& options, std::chrono::seconds patience) {
    if (error.code == std::errc::no_such_file_or_directory || error.code == std::errc::connection_refused ||
        error.code == std::errc::not_a_directory) {
        std::cerr << "ringwall: no agent answers at " << options.socket
                  << "; start one with `ringwall run`, or name its socket with --socket\n";
        return agent::exit_no_agent;
    }
    // The second: so many wait for it that it takes no more.
    if (error.code == std::errc::timed_out || error.code == std::errc::resource_unavailable_try_again) {
        std::cerr << "ringwall: the agent at " << options.socket << " has not answered for " << patience.count()
                  << " s: it hangs, or has more to do than it can\n";
        return agent::exit_no_agent;
    }
    const bool is_denied =
        error.code == std::errc::permission_denied || error.code == std::errc::operation_not_permitted;
    std::cerr << "ringwall: " << error.message() << (is_denied ? "; be root, or in the group ringwall\n" : "\n");
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
    if (response.status == 400) return agent::exit_usage;
    if (response.status == 422) return agent::exit_bad_config;
    return response.status == 403 ? agent::exit_not_permitted : agent::exit_failed;
}

} // namespace

Result<json::value, int> ask(const agent::Options& options, const control::Request& request,
                             std::chrono::seconds patience) {
    const auto response = control::call(options.socket, request, patience);
    if (!response) return tl::make_unexpected(no_answer(response.error(), options, patience));
    if (response->status != 200) return tl::make_unexpected(refused(*response));
    boost::system::error_code unreadable;
    json::value document = json::parse(response->body, unreadable);
    if (!unreadable) return document;
    std::cerr << "ringwall: the agent's answer is no JSON: " << unreadable.message() << '\n';
    return tl::make_unexpected<int>(agent::exit_failed);
}

int follow(const agent::Options& options, const std::string& target,
           const std::function<bool(const json::value&)>& on_line, std::chrono::seconds most) {
    bool is_readable = true;
    const auto show = [&](std::string_view line) {
        boost::system::error_code unreadable;
        const json::value document = json::parse({line.data(), line.size()}, unreadable);
        is_readable = !unreadable;
        return is_readable && on_line(document);
    };
    const auto response = control::follow(options.socket, {"GET", target, ""}, show, most);
    if (!response) return no_answer(response.error(), options, control::default_patience);
    if (response->status != 200) return refused(*response);
    if (is_readable) return agent::exit_good;
    std::cerr << "ringwall: the agent's answer is no JSON\n";
    return agent::exit_failed;
}

int print(const std::string& output) {
    std::cout << output << std::flush;
    if (std::cout) return agent::exit_good;
    std::cerr << "ringwall: cannot write to standard output\n";
    return agent::exit_failed;
}

} // namespace ringwall::cli
