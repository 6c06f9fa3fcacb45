// SPDX-License-Identifier: Apache-2.0
// `ringwall check`: the configuration alone, without agent and without privileges.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <system_error>

#include "agent/cli/commands.hpp"
#include "agent/process/config_files.hpp"
#include "agent/process/lists.hpp"
#include "policy/config.hpp"

namespace ringwall::cli {
namespace {

bool is_denied(const Error& error) {
    return error.code == std::errc::permission_denied || error.code == std::errc::operation_not_permitted;
}

} // namespace

int check(const agent::Options& options) {
    const auto files = agent::read_config(options.config);
    if (!files) {
        std::cerr << "ringwall: " << files.error().message() << '\n';
        return is_denied(files.error()) ? agent::exit_not_permitted : agent::exit_bad_config;
    }
    const auto config = policy::read(*files);
    if (!config) {
        for (const policy::Mistake& mistake : config.error()) std::cerr << policy::to_string(mistake) << '\n';
        return agent::exit_bad_config;
    }
    std::cout << "good\n";
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto warnings = config->warnings;
    std::ranges::move(policy::expired_rules(*config, now), std::back_inserter(warnings));
    for (const policy::Mistake& warning : warnings) std::cerr << policy::to_string(warning, {}, "warning: ") << '\n';
    for (const agent::LoadedList& list : agent::load_lists(config->lists, {}))
        for (const std::string& remark : agent::remarks_on(list)) std::cerr << remark << '\n';
    return agent::exit_good;
}

} // namespace ringwall::cli
