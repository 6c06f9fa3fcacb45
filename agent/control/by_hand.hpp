// SPDX-License-Identifier: Apache-2.0
// Requests to open and close pinholes by hand: JSON in, what they mean out. Whether it may be is dialog::checked()'s.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialog/by_hand.hpp"

namespace ringwall::control {

inline constexpr std::string_view default_name = "hand";
inline constexpr std::string_view default_life = "1h";

// {"local":"192.0.2.10:40000","proto":"udp","media":"rtp","rtcp":false,"from":["198.51.100.7:30000"],"for":"1h","name":"…"}
// All but `local` may be left out. An error is a sentence for who asked.
Result<dialog::Opening, std::string> opening(std::string_view body);
// {"local":"192.0.2.10:40000","proto":"udp","name":"…"}: `local` or `name` at least.
Result<dialog::Closing, std::string> closing(std::string_view body);

// {"ok":true,"name":"…","ports":["192.0.2.10:40000"],"expires_in":3600,"denied":[]}
boost::json::value opened(const dialog::Opening& opening, const policy::View& policy);
// {"ok":true,"closed":[{"name":"…","local":"192.0.2.10:40000","ports":["192.0.2.10:40000"],"proto":"udp"}]}
boost::json::value closed(const std::vector<dialog::Opening>& openings);

} // namespace ringwall::control
