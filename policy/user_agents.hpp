// SPDX-License-Identifier: Apache-2.0
// Names under which attack tools introduce themselves (`deny.user_agents`): the first product of User-Agent, without its
// version (RFC 3261 20.41: product = token ["/" product-version]). Whoever means harm can choose another name; most who
// scan the whole internet never do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::policy {

// "VaxSIPUserAgent/3.1 (x)" -> "vaxsipuseragent". Empty where it begins with no token, or one of more than 64 bytes.
std::string product_of(std::string_view user_agent);

// "default": tools made for attack, and nothing that telephones. "sipxcom": those that the guides for sipXcom name, some
// of them telephones and test tools of honest people. As product_of() gives them, sorted; nullopt for another name.
std::optional<std::vector<std::string>> user_agents_named(std::string_view list);

} // namespace ringwall::policy
