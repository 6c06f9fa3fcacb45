// SPDX-License-Identifier: Apache-2.0
// `ringwall drops`: the last ones, or each as it comes.
#include <boost/json.hpp>
#include <chrono>

#include "agent/cli/ask.hpp"
#include "agent/cli/commands.hpp"
#include "agent/cli/drop_screens.hpp"
#include "agent/cli/json_text.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

double now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

int follow_drops(const Invocation& invocation) {
    int code = agent::exit_good;
    const int followed = follow(invocation.options, "/api/v1/drops/follow" + drop_parameters(invocation.drops),
                                [&](const json::value& line) {
                                    if (line.is_object() && line.get_object().contains("following")) return true;
                                    code = print((invocation.json ? json_line(line) : drop_line_screen(line)) + "\n");
                                    return code == agent::exit_good;
                                });
    return followed == agent::exit_good ? code : followed;
}

} // namespace

// Labels and prefixes have been checked: nothing in them needs escaping in a URL.
std::string drop_parameters(const DropsInvocation& drops) {
    std::string all, reasons;
    const auto add = [&](const std::string& parameter) { all += (all.empty() ? "?" : "&") + parameter; };
    for (const auto& each : drops.reasons) reasons += (reasons.empty() ? "" : ",") + each;
    if (!reasons.empty()) add("reason=" + reasons);
    if (!drops.source.empty()) add("source=" + drops.source);
    if (drops.would) add("passed=yes");
    return all;
}

int drops(const Invocation& invocation) {
    if (invocation.drops.follow) return follow_drops(invocation);
    const auto list = ask(invocation.options, {"GET", "/api/v1/drops" + drop_parameters(invocation.drops), ""});
    if (!list) return list.error();
    if (invocation.json) return print(json_text(*list));
    const bool has_choice = !invocation.drops.reasons.empty() || !invocation.drops.source.empty();
    const std::string_view which = has_choice ? "that fits " : "";
    return print(invocation.drops.would ? would_drop_screen(*list, which) : drops_screen(*list, now_s(), which));
}

} // namespace ringwall::cli
