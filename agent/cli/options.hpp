// SPDX-License-Identifier: Apache-2.0
// What may be said beside each command. Of CLI11: for arguments.cpp alone.
#pragma once

#include <CLI/CLI.hpp>

#include "agent/cli/commands.hpp"

namespace ringwall::cli {

inline constexpr const char* common_options =
    "Every command takes --config FILE, --pin-path DIR and --socket PATH, see ringwall --help\nExample:\n  ";

// The options and commands that this command has of its own; what is said goes into `invocation`.
void add_options_of(Command which, CLI::App& command, Invocation& invocation);

} // namespace ringwall::cli
