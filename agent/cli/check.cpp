// SPDX-License-Identifier: Apache-2.0
// `ringwall check`: the configuration alone, without agent and without privileges.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include "agent/cli/commands.hpp"
#include "policy/config.hpp"

namespace ringwall::cli {
namespace {

// Block by block: an istreambuf_iterator throws where a directory is read, istream::read does not.
Result<std::string> contents(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text, block(size_t{64} << 10, '\0');
    while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
        text.append(block, 0, static_cast<size_t>(file.gcount()));
    if (!file.is_open() || file.bad()) return fail_errno(errno != 0 ? errno : EIO, path);
    return text;
}

bool is_denied(const Error& error) {
    return error.code == std::errc::permission_denied || error.code == std::errc::operation_not_permitted;
}

} // namespace

int check(const agent::Options& options) {
    const auto text = contents(options.config);
    if (!text) {
        std::cerr << "ringwall: " << text.error().message() << '\n';
        return is_denied(text.error()) ? agent::exit_not_permitted : agent::exit_bad_config;
    }
    const auto config = policy::read(*text);
    if (!config) {
        for (const policy::Mistake& mistake : config.error())
            std::cerr << policy::to_string(mistake, options.config) << '\n';
        return agent::exit_bad_config;
    }
    std::cout << "good\n";
    auto warnings = config->warnings;
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::ranges::move(policy::expired_rules(*config, now), std::back_inserter(warnings));
    for (const std::string& warning : warnings) std::cerr << options.config << ": warning: " << warning << '\n';
    return agent::exit_good;
}

} // namespace ringwall::cli
