// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/limited_lately.hpp"

#include <boost/json.hpp>
#include <chrono>

#include "agent/cli/words.hpp"
#include "agent/inspect/answer.hpp"

namespace ringwall::inspect {
namespace {

namespace json = boost::json;
constexpr double lately_s = 600;

double now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

} // namespace

std::optional<Limited> limited_lately(const std::string& socket, const why::Question& question) {
    const std::string target =
        "/api/v1/drops?reason=rate_limited,rate_limit_full,total_limited&source=" + question.source.address.to_string();
    const auto drops = answer_of(socket, target);
    if (!drops || !drops->is_array()) return std::nullopt;
    for (const json::value& drop : drops->get_array()) { // the latest first
        const std::string sip_class = cli::text(drop, "class");
        const auto destination = Endpoint::parse(cli::text(drop, "destination"));
        if (sip_class.empty() || !destination || destination->address != question.destination.address) continue;
        const double ago_s = now_s() - cli::real(drop, "last");
        if (ago_s > lately_s) return std::nullopt;
        return Limited{sip_class == "RESPONSE" ? "response" : sip_class,
                       sip_class + " of this source dropped " + cli::duration(ago_s) + " ago, as " +
                           cli::text(drop, "reason") + ": so it is what is asked about (--method asks about another)"};
    }
    return std::nullopt;
}

} // namespace ringwall::inspect
