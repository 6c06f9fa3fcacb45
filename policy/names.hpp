// SPDX-License-Identifier: Apache-2.0
// Names that peers may have instead of addresses, as they are written. Who resolves them: agent/resolver.
#pragma once

#include <optional>
#include <string_view>

#include "policy/config.hpp"

namespace ringwall::policy {

// "sip.example.net", "_sip._udp.example.net": two labels at least (RFC 1123 2.1; of a service RFC 2782), the last one not a
// number, 253 bytes at most.
std::optional<PeerName> parse_peer_name(std::string_view text);

// The peers' name that a SIP URI with this host means: the name itself, else a SIP service of that domain (RFC 3263 4.2).
// nullptr where no peer has it.
const PeerName* name_of_host(const Config& config, std::string_view host);

} // namespace ringwall::policy
