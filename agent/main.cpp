// SPDX-License-Identifier: Apache-2.0
// ringwall: one binary, one command a word.
#include <fcntl.h>

#include <cerrno>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "agent/agent.hpp"
#include "agent/cli/commands.hpp"
#include "agent/inspect/doctor.hpp"
#include "agent/inspect/why.hpp"
#include "agent/replay/replay.hpp"

namespace {

using namespace ringwall;

replay::Options with_json(const cli::Invocation& invocation) {
    replay::Options options = invocation.replay;
    options.json = invocation.json;
    return options;
}

int carry_out(const cli::Invocation& invocation) {
    switch (invocation.command) {
        case cli::Command::run: return agent::run(invocation.options);
        case cli::Command::detach: return agent::detach(invocation.options);
        case cli::Command::check: return cli::check(invocation.options, invocation.json);
        case cli::Command::schema: return cli::schema();
        case cli::Command::replay:
            return replay::replay(invocation.options.config, invocation.options.pin_path, with_json(invocation));
        case cli::Command::reload: return cli::reload(invocation);
        case cli::Command::completion: return cli::completion(invocation.completion);
        case cli::Command::version: return cli::version(invocation.json);
        case cli::Command::open: return cli::open(invocation);
        case cli::Command::close: return cli::close(invocation);
        case cli::Command::status:
        case cli::Command::calls:
        case cli::Command::pinholes:
        case cli::Command::sources:
        case cli::Command::lists: return cli::show(invocation);
        case cli::Command::bans: return cli::bans(invocation);
        case cli::Command::drops: return cli::drops(invocation);
        case cli::Command::capture: return cli::capture(invocation);
        case cli::Command::top: return cli::top(invocation.options);
        case cli::Command::doctor: return inspect::doctor(invocation.options, invocation.json);
        case cli::Command::why: return inspect::why(invocation.options, invocation.why, invocation.json);
    }
    return agent::exit_usage;
}

// What is opened gets the lowest free number, and whatever is read or written as "standard" would go there: to a map or a
// socket of ours. O_PATH takes the number and stays as good as closed: reading and writing fail with EBADF, where a
// /dev/null that can be written would swallow a document and exit with 0.
void occupy_standard_descriptors() {
    for (const int descriptor : {0, 1, 2})
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF && open("/dev/null", O_PATH) != descriptor)
            throw std::runtime_error("no /dev/null to stand for a closed standard descriptor");
}

} // namespace

int main(int argc, char** argv) try {
    occupy_standard_descriptors();
    const cli::Parsed parsed = cli::parse_arguments(argc, argv);
    return parsed.is_invocation ? carry_out(parsed.invocation) : parsed.exit_code;
} catch (const std::exception& bug) { // errors are values; what is thrown is a bug or want of memory
    std::cerr << "ringwall: " << bug.what() << '\n';
    return agent::exit_failed;
}
