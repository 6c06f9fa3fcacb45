// SPDX-License-Identifier: Apache-2.0
// What may be typed, as a value: made from the parser's own definition (arguments.cpp), so that help, completions and the
// manual page say the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ringwall::cli {

struct OptionSyntax {
    std::vector<std::string> names; // "--config"; of a positional its one name
    std::string value;              // "FILE"; empty: a flag
    std::string unsaid;             // its default, where help shows one
    std::string about;
    bool is_positional = false;
    bool is_required = false;
};

struct CommandSyntax {
    std::string path;  // "ringwall bans add"
    std::string about; // one sentence, without a full stop
    std::string examples;
    std::vector<OptionSyntax> options;
    std::vector<CommandSyntax> commands;

    std::string_view name() const { return std::string_view(path).substr(path.rfind(' ') + 1); }
};

CommandSyntax syntax(); // the whole program

// Scripts for the shells, and the page ringwall(8). `all` is the whole program.
std::string bash_completion(const CommandSyntax& all);
std::string zsh_completion(const CommandSyntax& all);
std::string fish_completion(const CommandSyntax& all);
std::string manual_page(const CommandSyntax& all, std::string_view version);

// Every command of the tree, this one first.
std::vector<const CommandSyntax*> with_commands(const CommandSyntax& all);

} // namespace ringwall::cli
