// SPDX-License-Identifier: Apache-2.0
// What happens, told on standard error or to the journal: an event's id, a sentence, and fields to look for. Nothing here
// waits: where nobody takes a line it is left out, and counted (`log.lost`). What outsiders can put into one (a Call-ID)
// is escaped, so that nobody writes into the operator's terminal; whoever they can make us write more of is paced by
// agent/process/notices.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "agent/event.hpp"

namespace ringwall::log {

// "parent", "worker" or "resolver", in every line. Opens what is needed: before the worker's sandbox, after every fork.
void start(std::string_view process);

using UserHash = std::function<uint64_t(std::string_view user)>;
// From now on. `hash` stands for users of SIP and tel URIs where `settings` hide them.
void configure(const policy::Log& settings, UserHash hash);

void event(Level level, std::string_view id, std::string_view text, const Fields& fields = {});
void debug(std::string_view id, std::string_view text, const Fields& fields = {});
void info(std::string_view id, std::string_view text, const Fields& fields = {});
void warn(std::string_view id, std::string_view text, const Fields& fields = {});
void error(std::string_view id, std::string_view text, const Fields& fields = {});

} // namespace ringwall::log
