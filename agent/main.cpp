// SPDX-License-Identifier: Apache-2.0
// ringwall: one binary, one command a word.
#include <exception>
#include <iostream>

#include "agent/agent.hpp"
#include "agent/cli/commands.hpp"

namespace {

using namespace ringwall;

int carry_out(const cli::Invocation& invocation) {
    switch (invocation.command) {
        case cli::Command::run: return agent::run(invocation.options);
        case cli::Command::detach: return agent::detach(invocation.options);
        case cli::Command::check: return cli::check(invocation.options);
        case cli::Command::reload: return cli::reload(invocation.options);
        case cli::Command::version: return cli::version(invocation.json);
        case cli::Command::status:
        case cli::Command::calls:
        case cli::Command::pinholes: return cli::show(invocation);
    }
    return agent::exit_usage;
}

} // namespace

int main(int argc, char** argv) try {
    const cli::Parsed parsed = cli::parse_arguments(argc, argv);
    return parsed.is_invocation ? carry_out(parsed.invocation) : parsed.exit_code;
} catch (const std::exception& bug) { // errors are values; what is thrown is a bug or want of memory
    std::cerr << "ringwall: " << bug.what() << '\n';
    return agent::exit_failed;
}
