// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/source_screens.hpp"

#include <boost/json.hpp>
#include <ctime>

#include "agent/cli/drop_screens.hpp"
#include "agent/cli/screens.hpp"
#include "agent/cli/table.hpp"
#include "agent/cli/words.hpp"
#include "agent/control/text.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;
using Align = Table::Align;

const json::value& member(const json::value& object, std::string_view key) {
    static const json::value none = json::array();
    const json::value* found = object.is_object() ? object.get_object().if_contains(key) : nullptr;
    return found == nullptr ? none : *found;
}

std::string known_table(const json::array& sources) {
    Table table({{"source"}, {"peer or zone"}, {"time left"}, {"over limits", Align::right}, {"what it is"}});
    for (const json::value& each : sources)
        table.add({text(each, "source"), control::printable(text(each, "peer")), duration(real(each, "expires_in")),
                   grouped(number(each, "excess")), text(each, "sentence")});
    return table.to_string();
}

std::string section(std::string_view heading, const std::string& body) {
    return "\n" + std::string(heading) + "\n" + body;
}

std::string calls_of(const json::value& source) {
    const json::value& calls = member(source, "calls");
    const uint64_t all = number(source, "call_count"), shown = calls.is_array() ? calls.get_array().size() : 0;
    if (all == 0) return "\nno calls\n";
    return section(all > shown ? "its oldest calls, of " + grouped(all) : "its calls", calls_screen(calls));
}

} // namespace

std::string sources_screen(const json::value& sources) {
    if (!sources.is_array() || sources.get_array().empty())
        return "nobody is known: no live calls, no registrations, none of the last seven days\n";
    return known_table(sources.get_array()) + "\n" + counted(sources.get_array().size(), "source") + "\n";
}

std::string source_screen(const json::value& source) {
    const json::array& known = list(source, "known");
    std::string screen = explanation_screen(source);
    // Declared peers and what is inside are no strangers, whatever else is known of them.
    const std::string is = text(source, "is");
    const bool is_declared = is == "protected" || is == "allowed" || is.starts_with("of peer ");
    screen += known.empty() ? std::string(is_declared ? "\n" : "\na stranger: ") + "in no call, and not registered\n"
                            : section("known", known_table(known));
    screen += section("bans", bans_screen(member(source, "bans")));
    screen += calls_of(source);
    return screen + section("dropped of late",
                            drops_screen(member(source, "drops"), static_cast<double>(std::time(nullptr)), "of it "));
}

} // namespace ringwall::cli
