// SPDX-License-Identifier: Apache-2.0
// What each command does with the control socket or the configuration. Data goes to standard output, messages to
// standard error; each returns the process's exit code (agent::ExitCode).
#pragma once

#include <string>

#include "agent/agent.hpp"

namespace ringwall::cli {

enum class Command { run, check, status, calls, pinholes, reload, detach, version };

struct Invocation {
    Command command = Command::run;
    agent::Options options;
    bool json = false;
};

// Reads the command line. Either an invocation, or the exit code after help or a message has been printed.
struct Parsed {
    bool is_invocation = false;
    Invocation invocation;
    int exit_code = agent::exit_good;
};
Parsed parse_arguments(int argc, const char* const* argv);

// Every command but run and detach, which are agent::run and agent::detach.
int check(const agent::Options& options);
int show(const Invocation& invocation); // status, calls, pinholes
int reload(const agent::Options& options);
int version(bool as_json);

} // namespace ringwall::cli
