// SPDX-License-Identifier: Apache-2.0
// How a registrar that goes by a peer's name is told to the parent (Message::joined): seconds, address, name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/dialog/joins.hpp"

namespace ringwall::agent {

std::string encode(const dialog::Join& join);
std::optional<dialog::Join> decode_join(std::string_view body);

} // namespace ringwall::agent
