// SPDX-License-Identifier: Apache-2.0
// `ringwall bans add | del | import`: the agent carries them out; this side reads the list and says what became of it.
#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "agent/cli/ask.hpp"
#include "agent/cli/commands.hpp"
#include "agent/cli/words.hpp"
#include "policy/scalars.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds import_patience{300};

std::optional<std::string> contents(const std::string& path) {
    std::ostringstream text;
    std::ifstream file;
    if (path != "-") file.open(path, std::ios::binary);
    std::istream& from = path == "-" ? std::cin : file;
    if (!from) return std::nullopt;
    if (from.peek() != std::istream::traits_type::eof()) text << from.rdbuf(); // of nothing, << makes an error
    return from.bad() ? std::nullopt : std::optional(std::move(text).str());
}

std::string length_of(const BansInvocation& bans) {
    const bool is_list = bans.action == BansInvocation::Action::import;
    return !bans.length.empty() ? bans.length : is_list ? "24h" : "10m";
}

json::object terms_of(const BansInvocation& bans) {
    json::object terms{{"for", length_of(bans)}};
    if (!bans.reason.empty()) terms["reason"] = bans.reason;
    return terms;
}

int add(const Invocation& invocation) {
    json::object request = terms_of(invocation.bans);
    request["source"] = invocation.bans.source;
    const auto response = ask(invocation.options, {"POST", "/api/v1/bans/add", json::serialize(request)});
    if (!response) return response.error();
    return print("banned " + invocation.bans.source + " for " + length_of(invocation.bans) + "\n");
}

int del(const Invocation& invocation) {
    const json::object request{{"source", invocation.bans.source}};
    const auto response = ask(invocation.options, {"POST", "/api/v1/bans/del", json::serialize(request)});
    if (!response) return response.error();
    if (const std::string wider = text(*response, "still_banned_by"); !wider.empty())
        std::cerr << "ringwall: warning: the ban of " << wider << " holds for it still\n";
    std::string lines;
    for (const json::value& each : list(*response, "lifted"))
        if (each.is_string()) lines += "lifted the ban of " + std::string(each.get_string()) + "\n";
    return print(lines);
}

int import(const Invocation& invocation) {
    const auto lines = contents(invocation.bans.source);
    if (!lines) {
        std::cerr << "ringwall: cannot read " << invocation.bans.source << '\n';
        return agent::exit_failed;
    }
    const std::string body = json::serialize(terms_of(invocation.bans)) + "\n" + *lines;
    const auto done = ask(invocation.options, {"POST", "/api/v1/bans/import", body}, import_patience);
    if (!done) return done.error();
    if (const uint64_t left_out = number(*done, "left_out"); left_out > 0) {
        std::cerr << "left out: " << counted(left_out, "source") << '\n';
        for (const json::value& each : list(*done, "examples"))
            if (each.is_string()) std::cerr << "  " << std::string_view(each.get_string()) << '\n';
    }
    return print("banned " + counted(number(*done, "taken"), "source") + "\n");
}

} // namespace

int bans(const Invocation& invocation) {
    switch (invocation.bans.action) {
        case BansInvocation::Action::list: return show(invocation);
        case BansInvocation::Action::add: return add(invocation);
        case BansInvocation::Action::del: return del(invocation);
        case BansInvocation::Action::import: return import(invocation);
    }
    return agent::exit_usage;
}

} // namespace ringwall::cli
