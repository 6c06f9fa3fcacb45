// SPDX-License-Identifier: Apache-2.0
// The table of networks between the processes: the parent writes it once into memory that can never be written again, and
// the worker reads it there. A million prefixes are so in memory once, and the worker takes them in microseconds.
#pragma once

#include <string_view>

#include "agent/fd.hpp"
#include "policy/networks.hpp"

namespace ringwall::agent {

Result<Fd> share_table(std::string_view image); // sealed (memfd_create(2))
Result<policy::Lookup> read_table(Fd table);

} // namespace ringwall::agent
