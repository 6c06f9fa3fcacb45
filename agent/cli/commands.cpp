// SPDX-License-Identifier: Apache-2.0
// The commands that ask a running agent.
#include "agent/cli/commands.hpp"

#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>

#include "agent/cli/ask.hpp"
#include "agent/cli/json_text.hpp"
#include "agent/cli/screens.hpp"
#include "agent/cli/source_screens.hpp"
#include "agent/cli/syntax.hpp"
#include "agent/cli/words.hpp"
#include "maps/abi/abi.h"
#include "policy/schema.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds reload_patience{30}; // long lists are written before it is answered

struct View {
    std::string target;
    std::string (*screen)(const json::value&);
};

View view_of(const Invocation& invocation) {
    switch (invocation.command) {
        case Command::calls: return {"/api/v1/calls", calls_screen};
        case Command::pinholes: return {"/api/v1/pinholes", pinholes_screen};
        case Command::bans: return {"/api/v1/bans", bans_screen};
        case Command::sources:
            if (!invocation.address.empty()) return {"/api/v1/sources/" + invocation.address, source_screen};
            return {"/api/v1/sources", sources_screen};
        case Command::lists:
            if (!invocation.address.empty()) return {"/api/v1/lists/" + invocation.address, explanation_screen};
            return {"/api/v1/lists", lists_screen};
        default: return {"/api/v1/status", status_screen};
    }
}

bool is_same_file(const std::string& one, const std::string& other) {
    std::error_code unknown;
    return std::filesystem::absolute(one, unknown) == other || std::filesystem::equivalent(one, other, unknown);
}

// Another file than the agent's would be left unread, and "reloaded" be the answer.
int require_agents_file(const agent::Options& options) {
    const auto status = ask(options, {"GET", "/api/v1/status", ""});
    if (!status) return status.error();
    const json::value* config = status->is_object() ? status->get_object().if_contains("config") : nullptr;
    const std::string path = config == nullptr ? std::string() : text(*config, "path");
    if (path.empty() || is_same_file(options.config, path)) return agent::exit_good;
    std::fprintf(stderr,
                 "ringwall: the agent was started with %s, and reloads that: leave --config out, or start it with %s\n",
                 path.c_str(), options.config.c_str());
    return agent::exit_usage;
}

} // namespace

int show(const Invocation& invocation) {
    const View view = view_of(invocation);
    const auto document = ask(invocation.options, {"GET", view.target, ""});
    if (!document) return document.error();
    return print(invocation.json ? json_text(*document) : view.screen(*document));
}

int reload(const Invocation& invocation) {
    if (invocation.names_config)
        if (const int code = require_agents_file(invocation.options); code != agent::exit_good) return code;
    const auto answer = ask(invocation.options, {"POST", "/api/v1/reload", ""}, reload_patience);
    if (!answer) return answer.error();
    return print("reloaded\n");
}

int schema() { return print(std::string(policy::schema_text())); }

int completion(const std::string& what) {
    const CommandSyntax all = syntax();
    if (what == "man") return print(manual_page(all, RINGWALL_VERSION));
    if (what == "zsh") return print(zsh_completion(all));
    return print(what == "fish" ? fish_completion(all) : bash_completion(all));
}

int version(bool as_json) {
    if (as_json) return print(json_text(json::object{{"version", RINGWALL_VERSION}, {"abi", RINGWALL_ABI_VERSION}}));
    return print("ringwall " RINGWALL_VERSION " (maps: ABI " + std::to_string(RINGWALL_ABI_VERSION) + ")\n");
}

} // namespace ringwall::cli
