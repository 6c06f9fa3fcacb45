// SPDX-License-Identifier: Apache-2.0
// The setting that would let through what was dropped. For people, without a full stop; "" where none should.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "maps/net/address.hpp"
#include "policy/compile.hpp"

namespace ringwall::why {

// What a call's port refused. `zone`: of the call's outside party.
std::string mend_of_refusal(const policy::View& policy, uint8_t zone, uint32_t reason, const IpAddress& source);
// Of a packet alone. `reason` as in maps/abi/reason.h; `sip_class`: of a limit, where it is known; `zone_of_call`: as above,
// where it is known whose port it was for.
std::string mend_of_drop(const policy::View& policy, uint32_t reason, const IpAddress& source,
                         std::string_view sip_class = {}, std::optional<uint8_t> zone_of_call = {});

} // namespace ringwall::why
