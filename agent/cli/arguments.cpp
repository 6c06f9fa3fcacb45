// SPDX-License-Identifier: Apache-2.0
// The command line. CLI11 is met here only.
#include <CLI/CLI.hpp>
#include <array>
#include <iostream>

#include "agent/cli/commands.hpp"

namespace ringwall::cli {
namespace {

struct Description {
    Command command;
    const char* name;
    const char* about;
    const char* example;
    bool has_json;
};

constexpr std::array<Description, 8> descriptions{{
    {Command::run, "run", "Attach the wall and follow the calls, until SIGTERM; the datapath then stays in place",
     "ringwall run --config /etc/ringwall/ringwall.yaml", false},
    {Command::check, "check", "Read the configuration and say every mistake in it; needs no agent and no root",
     "ringwall check --config new.yaml && cp new.yaml /etc/ringwall/ringwall.yaml && ringwall reload", false},
    {Command::status, "status", "What runs, where it is attached, and what has passed and dropped for which reason",
     "ringwall status --json | jq '.verdicts[] | select(.verdict == \"drop\")'", true},
    {Command::calls, "calls", "Live calls, the media ports open for each, and what was refused on them",
     "ringwall calls", true},
    {Command::pinholes, "pinholes", "Every media port that a call has opened, who may send to it and until when",
     "ringwall pinholes --json | jq -r '.[].local'", true},
    {Command::reload, "reload", "Take the changed configuration: all of it, or nothing where it has a mistake",
     "ringwall reload", false},
    {Command::detach, "detach", "Stop the agent and take the datapath down: nothing is filtered afterwards",
     "ringwall detach", false},
    {Command::version, "version", "The version of this program and of its maps", "ringwall version --json", true},
}};

void add_options(CLI::App& app, agent::Options& options) {
    app.add_option("--config", options.config, "Configuration file")->type_name("FILE")->capture_default_str();
    app.add_option("--pin-path", options.pin_path, "Directory of the pinned maps and programs, one for each wall")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--socket", options.socket, "Control socket of the agent")->type_name("PATH")->capture_default_str();
}

void add_commands(CLI::App& app, Invocation& invocation) {
    for (const Description& description : descriptions) {
        CLI::App* command = app.add_subcommand(description.name, description.about);
        command->footer(
            "Every command takes --config FILE, --pin-path DIR and --socket PATH, see ringwall --help\nExample:\n  " +
            std::string(description.example));
        command->fallthrough(); // --config and the like stand before or after the command
        if (description.has_json) command->add_flag("--json", invocation.json, "Print JSON");
        command->final_callback([&invocation, which = description.command] { invocation.command = which; });
    }
}

} // namespace

Parsed parse_arguments(int argc, const char* const* argv) {
    Parsed parsed;
    CLI::App app(
        "Ringwall, a SIP-aware firewall: media ports open for the calls that negotiated them, and for nobody else",
        "ringwall");
    app.require_subcommand(1);
    app.set_version_flag("--version", "ringwall " RINGWALL_VERSION);
    app.footer(
        "Exit codes: 0 good, 1 failed, 2 wrong usage, 3 no agent, 4 not permitted, 5 configuration invalid\n"
        "Example:\n  ringwall calls");
    add_options(app, parsed.invocation.options);
    add_commands(app, parsed.invocation);
    try {
        app.parse(argc, argv);
        parsed.is_invocation = true;
    } catch (const CLI::ParseError& error) {
        parsed.exit_code = app.exit(error, std::cout, std::cerr) == 0 ? agent::exit_good : agent::exit_usage;
    }
    return parsed;
}

} // namespace ringwall::cli
