// SPDX-License-Identifier: Apache-2.0
// What earns a source a ban: guesses, the name of an attack tool.
#include <algorithm>

#include "maps/abi/user_agent.h"
#include "policy/sections.hpp"
#include "policy/user_agents.hpp"

namespace ringwall::policy {
namespace {

using std::chrono::hours, std::chrono::minutes, std::chrono::nanoseconds, std::chrono::seconds;

constexpr nanoseconds shortest_ban = minutes(1), longest_ban = hours(24 * 31);

} // namespace

// Where no peer is declared, a provider may be among those who are called nothing: whoever dials through him numbers that
// the inside does not have must not shut him out.
Guessing default_guessing(const Config& config) {
    Guessing guessing;
    guessing.names = config.peers.empty() ? 0 : 20;
    return guessing;
}

void read_guessing(const Value& value, Guessing& guessing) {
    if (value.is("off")) {
        guessing.ban = {};
        return;
    }
    const Section section(value);
    section.read("passwords", as::guess_count, guessing.passwords);
    section.read("names", as::guess_count, guessing.names);
    read_duration(section, "within", seconds(10), hours(24), guessing.within);
    read_duration(section, "ban", shortest_ban, longest_ban, guessing.ban);
}

std::chrono::nanoseconds read_on_excess(const Value& value) {
    constexpr std::string_view ban = "ban ";
    if (value.is("drop")) return {};
    const auto length =
        value.text().starts_with(ban) ? as::duration.parse(value.text().substr(ban.size())) : std::nullopt;
    if (length && *length >= shortest_ban && *length <= longest_ban) return *length;
    value.refuse();
    return {};
}

std::vector<std::string> read_user_agents(const Value& value) {
    if (value.is_scalar()) {
        if (auto named = user_agents_named(value.text())) return *std::move(named);
        value.refuse();
        return {};
    }
    std::vector<std::string> listed;
    for (std::string& each : value.read_all(as::product)) {
        if (auto named = user_agents_named(each)) listed.insert(listed.end(), named->begin(), named->end());
        else listed.push_back(std::move(each));
    }
    std::ranges::sort(listed);
    listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
    if (listed.size() > USER_AGENTS) value.refuse();
    return listed;
}

} // namespace ringwall::policy
