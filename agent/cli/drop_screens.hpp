// SPDX-License-Identifier: Apache-2.0
// Drops as a telephone technician reads them.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace ringwall::cli {

// `which`: what was asked for ("of it ", "that fits "), for where there is nothing. now_s: seconds since 1970.
std::string drops_screen(const boost::json::value& drops, double now_s, std::string_view which = {});
// What monitor mode let pass, added up by reason, peer and call.
std::string would_drop_screen(const boost::json::value& drops, std::string_view which = {});
// One of `--follow`, without a newline.
std::string drop_line_screen(const boost::json::value& drop);

} // namespace ringwall::cli
