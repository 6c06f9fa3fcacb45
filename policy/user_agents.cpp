// SPDX-License-Identifier: Apache-2.0
#include "policy/user_agents.hpp"

#include <algorithm>
#include <array>

#include "maps/abi/user_agent.h"

namespace ringwall::policy {
namespace {

constexpr std::array<std::string_view, 17> attack_tools{
    "friendly-request", "friendly-scanner", "gulp",           "iwar", "pplsip",     "sip-scan", "siparmyknife",
    "sipcli",           "sipptk",           "sipscan",        "sipv", "sipvicious", "sivus",    "smap",
    "sundayddr",        "vaxipuseragent",   "vaxsipuseragent"};

// Telephones (CSipSimple, eyeBeam) and tools of administrators.
constexpr std::array<std::string_view, 4> also_in_guides{"csipsimple", "eyebeam", "sipp", "sipsak"};

} // namespace

std::string product_of(std::string_view user_agent) {
    std::string product;
    for (const char c : user_agent) {
        const uint8_t lower = lower_char(static_cast<uint8_t>(c));
        if (!is_product_char(lower)) break;
        if (product.size() == PRODUCT_LONGEST) return {};
        product += static_cast<char>(lower);
    }
    return product;
}

std::optional<std::vector<std::string>> user_agents_named(std::string_view list) {
    std::vector<std::string> names(attack_tools.begin(), attack_tools.end());
    if (list == "sipxcom") names.insert(names.end(), also_in_guides.begin(), also_in_guides.end());
    else if (list != "default") return std::nullopt;
    std::ranges::sort(names);
    return names;
}

} // namespace ringwall::policy
