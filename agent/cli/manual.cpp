// SPDX-License-Identifier: Apache-2.0
// The page ringwall(8), in man(7)'s macros.
#include <algorithm>

#include "agent/cli/syntax.hpp"

namespace ringwall::cli {
namespace {

// A hyphen that is typed, a backslash, and a control character at the beginning of a line.
std::string roff(std::string_view text) {
    std::string safe;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool begins = i == 0 || text[i - 1] == '\n';
        if (begins && (text[i] == '.' || text[i] == '\'')) safe += "\\&";
        if (text[i] == '\\') safe += "\\e";
        else if (text[i] == '-') safe += "\\-";
        else if (text[i] == '\'') safe += "\\(aq";
        else safe += text[i];
    }
    return safe;
}

// "ringwall bans add [OPTIONS] SOURCE"
std::string usage(const CommandSyntax& command) {
    std::string line = ".B " + roff(command.path) + "\n";
    for (const OptionSyntax& option : command.options) {
        if (option.is_positional)
            line += option.is_required ? ".I " + roff(option.value) + "\n" : ".RI [ " + roff(option.value) + " ]\n";
    }
    return line;
}

std::string about_option(const OptionSyntax& option) {
    std::string names;
    for (const auto& name : option.names) names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
    if (option.is_positional) names = "\\fI" + roff(option.value) + "\\fR";
    else if (!option.value.empty()) names += " \\fI" + roff(option.value) + "\\fR";
    const std::string unsaid = option.unsaid.empty() ? "" : " (" + roff(option.unsaid) + ")";
    return ".TP\n" + names + "\n" + roff(option.about) + unsaid + ".\n";
}

std::string about_options(const CommandSyntax& command) {
    std::string text;
    for (const OptionSyntax& option : command.options)
        if (command.path.find(' ') == command.path.npos || option.names.back() != "--help")
            text += about_option(option);
    return text;
}

// Examples as help shows them: lines, indented by two.
std::string examples(std::string_view lines) {
    if (lines.empty()) return {};
    std::string text = ".PP\n.EX\n";
    while (!lines.empty()) {
        const size_t end = lines.find('\n');
        std::string_view line = lines.substr(0, end);
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        text += roff(line) + "\n";
        lines = end == lines.npos ? std::string_view() : lines.substr(end + 1);
    }
    return text + ".EE\n";
}

constexpr std::string_view ending = R"(.SH EXIT STATUS
.TP
0
Good.
.TP
1
It failed; standard error says what, and mostly what to do.
.TP
2
Wrong usage.
.TP
3
No agent answers on the socket.
.TP
4
Not permitted.
.TP
5
The configuration has mistakes.
.SH FILES
.TP
.I /etc/ringwall/ringwall.yaml
The configuration.
.TP
.I /run/ringwall/ringwall.sock
The control socket: root's, and the group's
.BR ringwall .
.TP
.I /sys/fs/bpf/ringwall
The pinned maps, programs and links. They outlive the agent;
.B ringwall detach
takes them down.
.SH SEE ALSO
.IR /usr/share/doc/ringwall/ :
every key of the configuration, every reason, metric and limit.
.br
.BR nft (8),
.BR systemctl (1),
.BR promtool (1)
)";

} // namespace

std::string manual_page(const CommandSyntax& all, std::string_view version) {
    std::string text = ".\\\" Made by `ringwall completion man`.\n.TH RINGWALL 8 \"\" \"ringwall " + roff(version) +
                       "\" \"System administration\"\n.SH NAME\nringwall \\- a SIP\\-aware firewall\n.SH SYNOPSIS\n";
    std::string_view between;
    for (const CommandSyntax* each : with_commands(all)) {
        if (!each->commands.empty()) continue;
        text += std::string(between) + usage(*each) + ".RI [ options ]\n";
        between = ".br\n";
    }
    text += ".SH DESCRIPTION\n" + roff(all.about) + ".\n.SH OPTIONS\nThey may stand before or after the command.\n" +
            about_options(all) + ".SH COMMANDS\n";
    for (const CommandSyntax* each : with_commands(all)) {
        if (each == &all) continue;
        text += ".SS " + roff(each->path) + "\n" + roff(each->about) + ".\n" + about_options(*each) +
                examples(each->examples);
    }
    return text + std::string(ending);
}

} // namespace ringwall::cli
