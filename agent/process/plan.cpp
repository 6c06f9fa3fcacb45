// SPDX-License-Identifier: Apache-2.0
#include "agent/process/plan.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>

#include "agent/process/messages.hpp"

namespace ringwall::agent {
namespace {

tl::unexpected<PlanError> configuration(std::string what) {
    return tl::make_unexpected(PlanError{true, std::move(what)});
}
tl::unexpected<PlanError> machine(std::string what) { return tl::make_unexpected(PlanError{false, std::move(what)}); }

Result<std::string, PlanError> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) return configuration("cannot read " + path + ": " + std::strerror(errno));
    // Room for the JSON that it travels to the worker in.
    if (text.view().size() > largest_to_worker / 4) return configuration(path + ": larger than 2 MiB");
    return text.str();
}

std::string all_of(const std::vector<policy::Mistake>& mistakes, const std::string& path) {
    std::string lines;
    for (const auto& mistake : mistakes) lines += (lines.empty() ? "" : "\n") + policy::to_string(mistake, path);
    return lines;
}

// Zero where no time service has told the kernel; a rule's end may then be 37 s off once one does.
std::chrono::nanoseconds tai_offset() {
    timespec tai{}, realtime{};
    clock_gettime(CLOCK_REALTIME, &realtime);
    clock_gettime(CLOCK_TAI, &tai);
    return std::chrono::seconds(tai.tv_sec - realtime.tv_sec + (tai.tv_nsec < realtime.tv_nsec ? -1 : 0));
}

} // namespace

Result<Surroundings> look_around(const policy::Config& config) {
    const auto all = kernel::list_devices();
    if (!all) return tl::make_unexpected(all.error());
    auto selection = kernel::select_devices(*all, config.outside, config.watch);
    Surroundings found{std::move(selection.devices), {}, std::move(selection.warnings)};
    if (config.protect_self) found.self = kernel::addresses_of(found.devices);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::ranges::move(policy::expired_rules(config, now), std::back_inserter(found.warnings));
    return found;
}

policy::Compiled compile(const policy::Config& config, const Surroundings& surroundings) {
    return policy::compile(config, {.self = surroundings.self, .tai_offset = tai_offset()});
}

Result<Plan, PlanError> make_plan(const std::string& config_path) {
    auto text = read_file(config_path);
    if (!text) return tl::make_unexpected(text.error());
    auto config = policy::read(*text);
    if (!config) return configuration(all_of(config.error(), config_path));
    auto surroundings = look_around(*config);
    if (!surroundings) return machine(surroundings.error().message());
    auto compiled = compile(*config, *surroundings);
    return Plan{std::move(*text), std::move(*config), std::move(*surroundings), std::move(compiled)};
}

} // namespace ringwall::agent
