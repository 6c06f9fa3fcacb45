// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/drop_screens.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <tuple>
#include <vector>

#include "agent/cli/table.hpp"
#include "agent/cli/words.hpp"
#include "agent/control/text.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;
using Align = Table::Align;

bool has_passed(const json::value& drop) {
    const json::value* passed = drop.is_object() ? drop.get_object().if_contains("passed") : nullptr;
    return passed != nullptr && passed->is_bool() && passed->get_bool();
}

// 192.0.2.1 where there is no port to tell.
std::string endpoint(const json::value& drop, std::string_view key) {
    std::string both = text(drop, key);
    if (both.ends_with(":0")) both.erase(both.size() - 2);
    return both;
}

// "rate_limited", "rate_limited (REGISTER)".
std::string reason_of(const json::value& drop) {
    const std::string sip_class = text(drop, "class");
    return text(drop, "reason") + (sip_class.empty() ? "" : " (" + sip_class + ")");
}

// "call 17@x", "opened by hand for night-shift"; empty where it is nobody's.
std::string whose(const json::value& drop) {
    if (const std::string name = text(drop, "by_hand"); !name.empty()) return "opened by hand for " + name;
    const std::string call = text(drop, "call_id");
    return call.empty() ? call : "call " + call;
}

// The entries of a list by reason, in the order in which the reasons come.
std::vector<std::vector<const json::value*>> by_reason(const json::array& drops) {
    std::vector<std::vector<const json::value*>> groups;
    for (const json::value& drop : drops) {
        const auto is_its = [&](const auto& group) { return reason_of(*group[0]) == reason_of(drop); };
        const auto found = std::ranges::find_if(groups, is_its);
        if (found == groups.end()) groups.push_back({&drop});
        else found->push_back(&drop);
    }
    return groups;
}

std::string heading(const json::value& drop) {
    return control::printable(reason_of(drop) + ": " + text(drop, "sentence")) + "\n";
}

std::string mends(const std::vector<const json::value*>& drops) {
    std::vector<std::string> told;
    for (const json::value* drop : drops)
        if (std::string mend = text(*drop, "mend"); !mend.empty() && std::ranges::find(told, mend) == told.end())
            told.push_back(std::move(mend));
    constexpr size_t most = 5;
    std::string lines;
    for (size_t i = 0; i < std::min(told.size(), most); ++i)
        lines += "  to let it through: " + control::printable(told[i]) + "\n";
    return told.size() > most ? lines + "  and " + std::to_string(told.size() - most) + " others (--json)\n" : lines;
}

std::string group_block(const std::vector<const json::value*>& drops, double now_s) {
    Table table({{"packets", Align::right}, {"from"}, {"to"}, {""}, {"last"}, {""}});
    for (const json::value* drop : drops)
        table.add(
            {grouped(number(*drop, "packets")), endpoint(*drop, "source"), endpoint(*drop, "destination"),
             text(*drop, "proto"), duration(now_s - real(*drop, "last")) + " ago",
             whose(*drop) +
                 (has_passed(*drop) ? (whose(*drop).empty() ? "" : " ") + std::string("(monitor: passed)") : "")});
    return heading(*drops[0]) + table.to_string(2) + mends(drops) + "\n";
}

} // namespace

std::string drops_screen(const json::value& drops, double now_s, std::string_view which) {
    if (!drops.is_array() || drops.get_array().empty())
        return "nothing " + std::string(which) + "has dropped since the agent started\n";
    std::string screen;
    for (const auto& group : by_reason(drops.get_array())) screen += group_block(group, now_s);
    return screen;
}

std::string would_drop_screen(const json::value& drops, std::string_view which) {
    if (!drops.is_array() || drops.get_array().empty())
        return "monitor mode has let nothing " + std::string(which) +
               "pass that would have dropped, since the agent started\n";
    std::string screen;
    for (const auto& group : by_reason(drops.get_array())) {
        struct Sum {
            uint64_t packets = 0, sources = 0;
        };
        std::map<std::pair<std::string, std::string>, Sum> sums; // by peer and call
        for (const json::value* drop : group) {
            Sum& sum = sums[{text(*drop, "peer"), whose(*drop)}];
            sum.packets += number(*drop, "packets");
            ++sum.sources;
        }
        Table table({{"packets", Align::right}, {"of"}, {""}, {""}});
        for (const auto& [of, sum] : sums)
            table.add({grouped(sum.packets), of.first.empty() ? "strangers" : of.first, counted(sum.sources, "source"),
                       of.second});
        screen += heading(*group[0]) + table.to_string(2) + mends(group) + "\n";
    }
    return screen;
}

std::string drop_line_screen(const json::value& drop) {
    if (const uint64_t missed = number(drop, "missed"); missed > 0)
        return counted(missed, "line") + " left out: more than could be shown";
    std::string line = time_of_day(real(drop, "time")) + "  " + reason_of(drop) + "  " + text(drop, "proto") + " " +
                       endpoint(drop, "source") + " -> " + endpoint(drop, "destination");
    if (const std::string of = whose(drop); !of.empty()) line += "  " + of;
    if (const uint64_t packets = number(drop, "packets"); packets > 1)
        line += "  and " + grouped(packets - 1) + " more like it";
    return control::printable(has_passed(drop) ? line + "  (monitor: passed)" : line);
}

} // namespace ringwall::cli
