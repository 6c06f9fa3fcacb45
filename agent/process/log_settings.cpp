// SPDX-License-Identifier: Apache-2.0
#include "agent/process/log_settings.hpp"

#include "agent/dialog/keyed_hash.hpp"
#include "agent/log.hpp"

namespace ringwall::agent {

void configure_log(const policy::Log& settings, const std::array<uint64_t, 2>& secret) {
    log::configure(settings,
                   [hash = dialog::KeyedHash(secret)](std::string_view user) { return hash({"user", user}); });
}

} // namespace ringwall::agent
