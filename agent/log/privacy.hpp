// SPDX-License-Identifier: Apache-2.0
// `log.privacy: hash`: who telephones with whom is nobody's business who only reads the log.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ringwall::log {

// Each user of a SIP, SIPS or tel URI in `text`, password included, as ~ and ten digits of its hash:
// "sip:alice@192.0.2.1" becomes "sip:~0f3a9c1e77@192.0.2.1", "tel:+4930123" becomes "tel:~…". Hosts stay: they are whose
// packets the log is about. RFC 3261 section 19.1.1, RFC 3966.
std::string hide_users(std::string_view text, const std::function<uint64_t(std::string_view user)>& hash);

} // namespace ringwall::log
