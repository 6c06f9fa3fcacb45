// SPDX-License-Identifier: Apache-2.0
#include "policy/networks.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace ringwall::policy {
namespace {

// What is said of a prefix and of those around it, before what follows from all of it.
struct Sum {
    struct network network = {};
    bool is_on_feed = false;
};

uint32_t first_of(uint32_t a, uint32_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

void add(Sum& sum, const Statement& stated) {
    switch (stated.claim) {
        case Claim::zone: sum.network.zone = first_of(sum.network.zone, stated.number); break;
        case Claim::inside: sum.network.flags |= NETWORK_PROTECTED; break;
        case Claim::shared: sum.network.flags |= NETWORK_SHARED; break;
        case Claim::allowed: sum.network.flags |= NETWORK_ALLOWED; break;
        case Claim::bypass: sum.network.flags |= NETWORK_ALLOWED | NETWORK_BYPASS; break;
        case Claim::denied: sum.network.flags |= NETWORK_DENIED; break;
        case Claim::feed: sum.is_on_feed = true; break;
        case Claim::rule_from: sum.network.rules_from |= uint64_t{1} << stated.number; break;
        case Claim::rule_to: sum.network.rules_to |= uint64_t{1} << stated.number; break;
    }
}

struct network answer_of(const Sum& sum, uint32_t peers, const std::map<uint32_t, uint64_t>& rules_from) {
    struct network answer = sum.network;
    const bool is_peer = answer.zone != 0 && answer.zone <= peers;
    if (sum.is_on_feed && !is_peer) answer.flags |= NETWORK_DENIED;
    if (const auto by_zone = rules_from.find(answer.zone); by_zone != rules_from.end())
        answer.rules_from |= by_zone->second;
    return answer;
}

constexpr auto in_order = [](const Statement& a, const Statement& b) {
    return std::tie(a.prefix, a.source, a.line) < std::tie(b.prefix, b.source, b.line);
};

} // namespace

uint32_t Stated::add_source(std::string name, bool is_file) {
    sources.push_back({std::move(name), is_file});
    return static_cast<uint32_t>(sources.size() - 1);
}

void Stated::add(uint32_t source, Claim claim, uint8_t number, const std::vector<Prefix>& prefixes) {
    for (uint32_t i = 0; i < prefixes.size(); ++i) statements.push_back({prefixes[i], claim, number, 0, source, i});
}

// In the order of prefixes those around another stand before it: one walk, with the prefixes around on a stack.
std::vector<std::pair<Prefix, struct network>> resolve(std::vector<Statement>& statements, uint32_t peers,
                                                       const std::map<uint32_t, uint64_t>& rules_from) {
    std::ranges::sort(statements, in_order);
    std::vector<std::pair<Prefix, struct network>> resolved;
    resolved.reserve(statements.size());
    std::vector<std::pair<Prefix, Sum>> around;
    for (size_t i = 0; i < statements.size();) {
        const Prefix prefix = statements[i].prefix;
        while (!around.empty() && !around.back().first.contains(prefix)) around.pop_back();
        Sum sum = around.empty() ? Sum{} : around.back().second;
        for (; i < statements.size() && statements[i].prefix == prefix; ++i) add(sum, statements[i]);
        resolved.emplace_back(prefix, answer_of(sum, peers, rules_from));
        around.emplace_back(prefix, sum);
    }
    return resolved;
}

std::string sentence_of(const Statement& statement, const Source& source, std::string_view zone_name) {
    const std::string where = source.is_file        ? source.name + ":" + std::to_string(statement.line)
                              : source.name.empty() ? std::string("this machine")
                                                    : source.name + "[" + std::to_string(statement.line) + "]";
    const auto what = [&]() -> std::string {
        switch (statement.claim) {
            case Claim::zone: return "is " + std::string(zone_name);
            case Claim::inside: return "is protected";
            case Claim::shared: return "is shared by hosts";
            case Claim::allowed: return "is allowed";
            case Claim::bypass: return "is allowed, to guarded ports too";
            case Claim::denied: return "is denied";
            case Claim::feed: return "is denied, but for declared peers";
            case Claim::rule_from: return "may send by rules[" + std::to_string(statement.number) + "]";
            case Claim::rule_to: return "is opened by rules[" + std::to_string(statement.number) + "]";
        }
        return {};
    };
    return statement.prefix.to_string() + " " + what() + ": " + where;
}

} // namespace ringwall::policy
