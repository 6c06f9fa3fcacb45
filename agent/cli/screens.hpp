// SPDX-License-Identifier: Apache-2.0
// The documents of the control socket as a telephone technician reads them.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace ringwall::cli {

std::string status_screen(const boost::json::value& status);
std::string calls_screen(const boost::json::value& calls);
std::string pinholes_screen(const boost::json::value& pinholes);
std::string bans_screen(const boost::json::value& bans);
std::string lists_screen(const boost::json::value& lists);
std::string explanation_screen(const boost::json::value& explanation);

} // namespace ringwall::cli
