// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/answer.hpp"

#include <boost/json.hpp>

#include "agent/control/http.hpp"

namespace ringwall::inspect {

namespace json = boost::json;

std::optional<json::value> answer_of(const std::string& socket, const std::string& target) {
    const auto answer = control::call(socket, {"GET", target, ""});
    if (!answer || answer->status != 200) return std::nullopt;
    boost::system::error_code unreadable;
    json::value document = json::parse(answer->body, unreadable);
    return unreadable ? std::nullopt : std::optional(std::move(document));
}

} // namespace ringwall::inspect
