// SPDX-License-Identifier: Apache-2.0
// `ringwall check`: the configuration alone, without agent and without privileges.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <iostream>
#include <iterator>
#include <system_error>

#include "agent/cli/ask.hpp"
#include "agent/cli/commands.hpp"
#include "agent/cli/json_text.hpp"
#include "agent/control/text.hpp"
#include "agent/process/config_files.hpp"
#include "agent/process/lists.hpp"
#include "policy/config.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

// Line 0: of a file as a whole.
struct Report {
    int code = agent::exit_good;
    std::vector<policy::Mistake> errors, warnings, of_lists; // where there are errors, only these
};

bool is_denied(const Error& error) {
    return error.code == std::errc::permission_denied || error.code == std::errc::operation_not_permitted;
}

// As read_config() says it: "PATH" and a code, or "PATH: why not".
policy::Mistake unread(const Error& error) {
    if (error.code) return {0, 0, error.code.message(), error.what};
    const size_t colon = error.what.rfind(": ");
    return {0, 0, error.what.substr(colon + 2), error.what.substr(0, colon)};
}

Report examine(const std::string& path) {
    const auto files = agent::read_config(path);
    if (!files)
        return {.code = is_denied(files.error()) ? agent::exit_not_permitted : agent::exit_bad_config,
                .errors = {unread(files.error())}};
    const auto config = policy::read(*files);
    if (!config) return {.code = agent::exit_bad_config, .errors = config.error()};
    Report report{.warnings = config->warnings};
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::ranges::move(policy::expired_rules(*config, now), std::back_inserter(report.warnings));
    for (const std::string& each : agent::overlooked(path))
        report.warnings.push_back({0, 0, "not read: its name does not end in .yaml", each});
    for (const agent::LoadedList& list : agent::load_lists(config->lists, {}))
        std::ranges::move(agent::mistakes_in(list), std::back_inserter(report.of_lists));
    return report;
}

void tell(const std::vector<policy::Mistake>& found, std::string_view of_whole_files, std::string_view severity) {
    for (const policy::Mistake& each : found)
        if (each.line == 0) std::cerr << of_whole_files << each.file << ": " << severity << each.what << '\n';
        else std::cerr << policy::to_string(each, {}, severity) << '\n';
}

json::value number(int line_or_column) { return line_or_column == 0 ? json::value() : json::value(line_or_column); }

void add(json::array& findings, const std::vector<policy::Mistake>& found, std::string_view severity) {
    for (const policy::Mistake& each : found)
        findings.push_back(json::object{{"file", control::to_utf8(each.file)},
                                        {"line", number(each.line)},
                                        {"column", number(each.column)},
                                        {"severity", severity},
                                        {"text", control::to_utf8(each.what)}});
}

json::value document_of(const Report& report) {
    json::array findings;
    add(findings, report.errors, "error");
    add(findings, report.warnings, "warning");
    add(findings, report.of_lists, "warning");
    return json::object{{"good", report.code == agent::exit_good}, {"findings", std::move(findings)}};
}

} // namespace

int check(const agent::Options& options, bool as_json) {
    const Report report = examine(options.config);
    if (as_json) {
        const int printed = print(json_text(document_of(report)));
        return report.code == agent::exit_good ? printed : report.code;
    }
    const int printed = report.code == agent::exit_good ? print("good\n") : report.code;
    tell(report.errors, "ringwall: ", "");
    tell(report.warnings, "", "warning: ");
    tell(report.of_lists, "", "warning: ");
    return printed;
}

} // namespace ringwall::cli
