// SPDX-License-Identifier: Apache-2.0
#include "agent/process/plan.hpp"

#include <algorithm>
#include <chrono>
#include <span>

#include "agent/clock.hpp"
#include "agent/kernel/addresses.hpp"
#include "agent/process/config_files.hpp"

namespace ringwall::agent {
namespace {

constexpr size_t most_error_bytes = size_t{64} << 10;

tl::unexpected<PlanError> configuration(std::string what) {
    return tl::make_unexpected(PlanError{true, std::move(what)});
}
tl::unexpected<PlanError> machine(std::string what) { return tl::make_unexpected(PlanError{false, std::move(what)}); }

// Into a log and a briefing: nobody corrects thousands by hand.
std::string all_of(const std::vector<policy::Mistake>& mistakes) {
    std::string lines;
    for (size_t i = 0; i < mistakes.size(); ++i) {
        if (lines.size() > most_error_bytes)
            return lines + "\nand " + std::to_string(mistakes.size() - i) + " more: see `ringwall check`";
        lines += (lines.empty() ? "" : "\n") + policy::to_string(mistakes[i]);
    }
    return lines;
}

// Zero where no time service has told the kernel; a rule's end may then be 37 s off once one does.
std::chrono::nanoseconds tai_offset() {
    const auto realtime = read_clock(CLOCK_REALTIME);
    return std::chrono::floor<std::chrono::seconds>(read_clock(CLOCK_TAI) - realtime);
}

// A glob waits for what may never be there; a name says that there is one.
std::vector<std::string> missing_of(const std::vector<std::string>& outside, std::span<const kernel::Device> all) {
    std::vector<std::string> missing;
    for (const std::string& wanted : outside)
        if (wanted.find_first_of("*?[") == wanted.npos &&
            std::ranges::find(all, wanted, &kernel::Device::name) == all.end() &&
            std::ranges::find(missing, wanted) == missing.end())
            missing.push_back(wanted);
    return missing;
}

} // namespace

Result<Surroundings> look_around(const policy::Config& config) {
    const auto all = kernel::list_devices();
    if (!all) return tl::make_unexpected(all.error());
    auto selection = kernel::select_devices(*all, config.outside, config.watch);
    const auto addresses = kernel::list_addresses();
    if (!addresses) return tl::make_unexpected(addresses.error());
    Surroundings found{.devices = std::move(selection.devices),
                       .reached = std::move(selection.reached),
                       .left_out = std::move(selection.left_out),
                       .twice = std::move(selection.twice),
                       .missing = missing_of(config.outside, *all),
                       .self = {},
                       .shared = {},
                       .warnings = std::move(selection.warnings)};
    found.shared = kernel::shared_prefixes_of(found.reached, *addresses);
    if (config.protect_self) found.self = kernel::addresses_of(found.reached, *addresses);
    if (config.protect_self && found.self.empty())
        found.warnings.emplace_back("protect.networks: self stands for no address yet: no outside interface has one");
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    for (const auto& rule : policy::expired_rules(config, now)) found.warnings.push_back(policy::to_string(rule));
    return found;
}

policy::Facts facts_of(const Surroundings& surroundings, const Known& known) {
    policy::Facts facts{.self = surroundings.self,
                        .shared = surroundings.shared,
                        .tai_offset = tai_offset(),
                        .lists = contents_of(known.lists),
                        .names = {}};
    for (const auto& [name, party] : known.names) facts.names[name] = party.addresses();
    return facts;
}

policy::Compiled compile(const policy::Config& config, const Surroundings& surroundings, const Known& known) {
    return policy::compile(config, facts_of(surroundings, known));
}

Result<Plan, PlanError> make_plan(const std::string& config_path, const Known& before) {
    auto files = read_config(config_path);
    if (!files) return configuration("cannot read " + files.error().message());
    return plan_of(std::move(*files), before);
}

Result<Plan, PlanError> plan_of(std::vector<policy::ConfigFile> files, const Known& before) {
    auto config = policy::read(files);
    if (!config) return configuration(all_of(config.error()));
    auto surroundings = look_around(*config);
    if (!surroundings) return machine(surroundings.error().message());
    Known known{.lists = load_lists(config->lists, before.lists), .names = before.names};
    auto compiled = compile(*config, *surroundings, known);
    return Plan{std::move(files), std::move(*config), std::move(*surroundings), std::move(known), std::move(compiled)};
}

} // namespace ringwall::agent
