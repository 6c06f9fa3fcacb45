// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/in_force.hpp"

#include <boost/json/value.hpp>
#include <exception>
#include <optional>

#include "agent/inspect/answer.hpp"
#include "agent/kernel/name_memory.hpp"
#include "agent/process/config_files.hpp"

namespace ringwall::inspect {
namespace {

struct Loaded {
    std::string path;
    std::vector<policy::ConfigFile> files;
};

// None where what answers does not know the question.
std::optional<Loaded> loaded_by_agent(const std::string& socket) try {
    const auto document = answer_of(socket, "/api/v1/config");
    if (!document) return std::nullopt;
    return Loaded{std::string(document->at("path").as_string()), agent::config_files_of(document->at("files"))};
} catch (const std::exception&) { return std::nullopt; }

std::string change_since(const Loaded& loaded) {
    const auto now = agent::read_config(loaded.path);
    return now ? agent::first_change(loaded.files, *now) : loaded.path;
}

} // namespace

policy::View InForce::view() const {
    return {policy::Lookup(policy::Lookup::image_of(plan.compiled.networks, plan.compiled.stated)), plan.config};
}

Result<InForce, agent::PlanError> in_force(const agent::Options& options) {
    const agent::Known known{{}, kernel::remembered_names(options.pin_path)};
    const auto loaded = loaded_by_agent(options.socket);
    if (!loaded) {
        auto plan = agent::make_plan(options.config, known);
        if (!plan) return tl::make_unexpected(plan.error());
        return InForce{options.config, std::move(*plan), false, {}};
    }
    auto plan = agent::plan_of(loaded->files, known);
    if (!plan) return tl::make_unexpected(plan.error());
    return InForce{loaded->path, std::move(*plan), true, change_since(*loaded)};
}

} // namespace ringwall::inspect
