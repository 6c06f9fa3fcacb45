// SPDX-License-Identifier: Apache-2.0
// The command line. CLI11 is met here and in options.cpp only.
#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

#include "agent/cli/ask.hpp"
#include "agent/cli/commands.hpp"
#include "agent/cli/descriptions.hpp"
#include "agent/cli/options.hpp"
#include "agent/cli/syntax.hpp"
#include "policy/words.hpp"

namespace ringwall::cli {
namespace {

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
        command->footer(std::string(common_options) + description.example);
        command->fallthrough(); // --config and the like stand before or after the command
        if (description.has_json) command->add_flag("--json", invocation.json, "Print JSON");
        add_options_of(description.command, *command, invocation);
        // `pinholes open` and `close` are commands of their own; what `bans` does is told by its action.
        command->final_callback([&invocation, command, which = description.command] {
            if (which != Command::pinholes || command->get_subcommands().empty()) invocation.command = which;
        });
    }
}

std::string no_command(const std::string& word) {
    std::vector<std::string_view> names;
    for (const Description& description : descriptions) names.push_back(description.name);
    const auto meant = policy::nearest(word, names);
    return "No command is called " + policy::quoted(word) +
           (meant ? ", did you mean " + std::string(*meant) + "?" : "");
}

// CLI11 says of any other word in a command's place that a command is missing, and of a command's option before it that
// it did not expect it.
std::string refusal(const CLI::App* app, const CLI::Error& error) {
    const auto words = app->remaining();
    const std::string first = words.empty() ? "" : words.front();
    const auto commands = app->get_subcommands();
    std::string told;
    if (commands.empty() && !first.empty() && first[0] != '-') told = no_command(first);
    if (!commands.empty() && commands[0]->get_option_no_throw(first) != nullptr)
        told = first + " belongs behind its command: ringwall " + commands[0]->get_name() + " " + first;
    return told.empty() ? CLI::FailureMessage::simple(app, error) : told + "\nRun with --help for more information.\n";
}

void define(CLI::App& app, Invocation& invocation) {
    app.name("ringwall");
    app.description(
        "Ringwall, a SIP-aware firewall: media ports open for the calls that negotiated them, and for nobody else");
    app.require_subcommand(1);
    app.failure_message(refusal);
    app.set_version_flag("--version", "ringwall " RINGWALL_VERSION);
    app.footer(
        "Exit codes: 0 good, 1 failed, 2 wrong usage, 3 no agent, 4 not permitted, 5 configuration invalid\n"
        "Example:\n  ringwall calls");
    add_options(app, invocation.options);
    add_commands(app, invocation);
}

OptionSyntax described(const CLI::Option& option) {
    OptionSyntax made{.names = {},
                      .value = option.get_items_expected_max() == 0 ? "" : option.get_type_name(),
                      .unsaid = option.get_default_str(),
                      .about = option.get_description(),
                      .is_positional = !option.nonpositional(),
                      .is_required = option.get_required()};
    for (const auto& name : option.get_snames()) made.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) made.names.push_back("--" + name);
    if (made.is_positional) made.names = {option.get_name()};
    return made;
}

// Of the footer, what stands behind "Example:".
std::string examples_of(const CLI::App& app) {
    constexpr std::string_view heading = "Example:\n";
    const std::string footer = app.get_footer();
    const size_t at = footer.find(heading);
    return at == footer.npos ? std::string() : footer.substr(at + heading.size());
}

CommandSyntax described(const CLI::App& app, const std::string& above) {
    CommandSyntax made{.path = above + app.get_name(),
                       .about = app.get_description(),
                       .examples = examples_of(app),
                       .options = {},
                       .commands = {}};
    for (const CLI::Option* option : app.get_options()) made.options.push_back(described(*option));
    for (const CLI::App* command : app.get_subcommands({}))
        made.commands.push_back(described(*command, made.path + " "));
    return made;
}

} // namespace

CommandSyntax syntax() {
    Invocation unused;
    CLI::App app;
    define(app, unused);
    return described(app, "");
}

Parsed parse_arguments(int argc, const char* const* argv) {
    Parsed parsed;
    CLI::App app;
    define(app, parsed.invocation);
    try {
        app.parse(argc, argv);
        parsed.is_invocation = true;
        parsed.invocation.names_config = app.count("--config") > 0;
    } catch (const CLI::ParseError& error) {
        std::ostringstream help;
        parsed.exit_code = app.exit(error, help, std::cerr) == 0 ? print(help.str()) : agent::exit_usage;
    }
    return parsed;
}

} // namespace ringwall::cli
