// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace ringwall::cli {

// A document for people and for jq: a list has one element a line, decimals are written as 117.2 (Boost.JSON would
// write 1.172E2), and a newline ends it.
std::string json_text(const boost::json::value& document);
// The same on one line, without a newline.
std::string json_line(const boost::json::value& document);

} // namespace ringwall::cli
