// SPDX-License-Identifier: Apache-2.0
// Who talks to us, as a telephone technician reads it.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace ringwall::cli {

std::string sources_screen(const boost::json::value& sources);
// All about one address.
std::string source_screen(const boost::json::value& source);

} // namespace ringwall::cli
