// SPDX-License-Identifier: Apache-2.0
// Completion scripts. All three go the same way: the words so far lead down the tree of commands; what may come there is
// its commands and options, those of the program, and file names where a file is expected.
#include <algorithm>
#include <array>
#include <ranges>

#include "agent/cli/syntax.hpp"

namespace ringwall::cli {
namespace {

bool takes_file(const OptionSyntax& option) {
    static constexpr std::array<std::string_view, 4> files{"FILE", "DIR", "PATH", "OUT"};
    return std::ranges::find(files, option.value) != files.end();
}

bool is_named(const OptionSyntax& option) { return !option.is_positional; }

bool wants_file(const CommandSyntax& command) {
    return std::ranges::any_of(command.options,
                               [](const OptionSyntax& each) { return each.is_positional && takes_file(each); });
}

// Of the command, and of the program: they may stand behind every command.
std::vector<OptionSyntax> options_at(const CommandSyntax& command, const CommandSyntax& all) {
    std::vector<OptionSyntax> options;
    std::ranges::copy_if(command.options, std::back_inserter(options), is_named);
    if (command.path == all.path) return options;
    std::ranges::copy_if(all.options, std::back_inserter(options),
                         [](const OptionSyntax& each) { return is_named(each) && !each.value.empty(); });
    return options;
}

// Of a positional that is one of a few words, these.
std::vector<std::string> choices(const CommandSyntax& command) {
    std::vector<std::string> words;
    for (const OptionSyntax& option : command.options)
        if (option.is_positional && option.value.find('|') != option.value.npos)
            for (const auto word : std::views::split(option.value, '|')) words.emplace_back(word.begin(), word.end());
    return words;
}

// In single quotes, as all three shells take it.
std::string quoted(std::string_view text, std::string_view escaped_quote) {
    std::string safe = "'";
    for (const char c : text)
        if (c == '\'') safe += escaped_quote;
        else safe += c;
    return safe + "'";
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : std::string(between)) + word;
    return text;
}

// 'ringwall run'|'ringwall bans'|'ringwall bans add': what leads further down.
std::string all_paths(const CommandSyntax& all, std::string_view between) {
    std::vector<std::string> paths;
    for (const CommandSyntax* each : with_commands(all) | std::views::drop(1)) paths.push_back("'" + each->path + "'");
    return joined(paths, between);
}

// Names of the options that take a value: of files, or of something else.
std::string names_with_value(const CommandSyntax& all, bool of_files) {
    std::vector<std::string> names;
    for (const CommandSyntax* command : with_commands(all))
        for (const OptionSyntax& option : command->options)
            if (is_named(option) && !option.value.empty() && takes_file(option) == of_files)
                for (const auto& name : option.names)
                    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    return joined(names, "|");
}

} // namespace

std::vector<const CommandSyntax*> with_commands(const CommandSyntax& all) {
    std::vector<const CommandSyntax*> list{&all};
    for (const CommandSyntax& each : all.commands) std::ranges::copy(with_commands(each), std::back_inserter(list));
    return list;
}

std::string bash_completion(const CommandSyntax& all) {
    std::string text = R"(# Completion of ringwall for bash: made by `ringwall completion bash`.
_ringwall() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} path=ringwall words='' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$path ${COMP_WORDS[i]}" in
            )" + all_paths(all, "|") +
                       R"() path="$path ${COMP_WORDS[i]}" ;;
        esac
    done
    case $previous in
        )" + names_with_value(all, true) +
                       R"() mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        )" + names_with_value(all, false) +
                       R"() return ;;
    esac
    case $path in
)";
    for (const CommandSyntax* command : with_commands(all)) {
        std::vector<std::string> words = choices(*command);
        for (const auto& each : command->commands) words.emplace_back(each.name());
        for (const auto& option : options_at(*command, all)) std::ranges::copy(option.names, std::back_inserter(words));
        text += "        '" + command->path + "') words='" + joined(words, " ") + "' ;;\n";
    }
    text += "    esac\n    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n    case $path in\n";
    for (const CommandSyntax* command : with_commands(all))
        if (wants_file(*command))
            text += "        '" + command->path +
                    "') [[ $current == -* ]] || mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- "
                    "\"$current\") ;;\n";
    return text + "    esac\n}\ncomplete -o filenames -F _ringwall ringwall\n";
}

std::string zsh_completion(const CommandSyntax& all) {
    const auto entry = [](std::string_view word, std::string_view about) {
        return " " + quoted(std::string(word) + ":" + std::string(about), R"('\'')");
    };
    std::string text = R"(#compdef ringwall
# Completion of ringwall for zsh: made by `ringwall completion zsh`.
_ringwall() {
    local where=ringwall word
    local -a commands options
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$where $word" in
            ()" + all_paths(all, "|") +
                       R"() where="$where $word" ;;
        esac
    done
    case ${words[CURRENT-1]} in
        ()" + names_with_value(all, true) +
                       R"() _files; return ;;
        ()" + names_with_value(all, false) +
                       R"() return ;;
    esac
    case $where in
)";
    for (const CommandSyntax* command : with_commands(all)) {
        text += "        ('" + command->path + "')\n            commands=(";
        for (const auto& each : command->commands) text += entry(each.name(), each.about);
        for (const auto& word : choices(*command)) text += " " + word;
        text += " )\n            options=(";
        for (const auto& option : options_at(*command, all))
            for (const auto& name : option.names) text += entry(name, option.about);
        text += " )\n            ";
        text += wants_file(*command) ? "_files\n            ;;\n" : ";;\n";
    }
    return text + R"(    esac
    (( $#commands )) && _describe -t commands command commands
    _describe -t options option options
}
_ringwall "$@"
)";
}

std::string fish_completion(const CommandSyntax& all) {
    std::string text = R"(# Completion of ringwall for fish: made by `ringwall completion fish`.
function __ringwall_at
    set -l where ringwall
    for word in (commandline -opc)[2..]
        switch "$where $word"
            case )" + all_paths(all, " ") +
                       R"(
                set where "$where $word"
        end
    end
    test "$where" = "$argv[1]"
end
)";
    for (const CommandSyntax* command : with_commands(all)) {
        const std::string line = "complete -c ringwall -n \"__ringwall_at '" + command->path + "'\"";
        const auto about = [](std::string_view words) { return " -d " + quoted(words, R"(\')") + "\n"; };
        if (!wants_file(*command)) text += line + " -f\n";
        for (const auto& each : command->commands) text += line + " -a " + std::string(each.name()) + about(each.about);
        for (const auto& word : choices(*command)) text += line + " -a " + word + "\n";
        for (const auto& option : options_at(*command, all))
            for (const auto& name : option.names) {
                const std::string value = option.value.empty() ? "" : takes_file(option) ? " -r -F" : " -x";
                text += line + (name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1)) + value +
                        about(option.about);
            }
    }
    return text;
}

} // namespace ringwall::cli
