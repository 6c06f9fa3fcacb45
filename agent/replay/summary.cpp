// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/summary.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "agent/cli/table.hpp"
#include "agent/cli/words.hpp"
#include "agent/control/text.hpp"
#include "maps/reasons.hpp"

namespace ringwall::replay {
namespace {

namespace json = boost::json;
using cli::counted;
using cli::grouped;
using cli::Table;

constexpr size_t most_flows = 65536;
constexpr size_t most_lines = 20; // of a table on the screen; the documents have all

template <size_t size>
std::string text_of(const char (&padded)[size]) {
    return control::to_utf8(control::until_nul(padded));
}

double capture_seconds(const Tally& tally) { return static_cast<double>(tally.last_ns - tally.first_ns) / 1e9; }

std::vector<std::pair<Tally::Flow, Tally::Drops>> most_first(const Tally& tally) {
    std::vector<std::pair<Tally::Flow, Tally::Drops>> flows(tally.drops.begin(), tally.drops.end());
    std::ranges::stable_sort(flows, std::greater<>(), [](const auto& flow) { return flow.second.packets; });
    return flows;
}

struct Outcome {
    Audio audio;
    std::string_view member, words; // of the JSON summary and of the screen's last line
};
constexpr std::array outcomes{Outcome{Audio::both_ways, "both_ways", "audio both ways in "},
                              Outcome{Audio::in_only, "in_only", "inwards only in "},
                              Outcome{Audio::out_only, "out_only", "outwards only in "},
                              Outcome{Audio::refused, "refused", "refused in "},
                              Outcome{Audio::without_pinhole, "without_pinhole", "without a pinhole in "},
                              Outcome{Audio::none, "none", "none in the capture in "},
                              Outcome{Audio::not_offered, "not_offered", "none in the SDP of "}};

uint64_t calls_with(const std::vector<Call>& calls, Audio audio) {
    return static_cast<uint64_t>(
        std::ranges::count_if(calls, [&](const Call& call) { return call.is_answered && call.audio() == audio; }));
}
uint64_t answered(const std::vector<Call>& calls) {
    return static_cast<uint64_t>(std::ranges::count_if(calls, &Call::is_answered));
}

std::string head(const Summary& summary) {
    const Tally& tally = summary.tally;
    const bool is_monitor = summary.player.policy().config().mode == policy::Mode::monitor;
    const double rate = summary.seconds > 0 ? static_cast<double>(tally.packets) / summary.seconds : 0;
    return summary.capture + ": " + counted(tally.packets, "packet") + " of " + cli::duration(capture_seconds(tally)) +
           ", replayed in " + cli::duration(summary.seconds) + " (" + grouped(static_cast<uint64_t>(rate)) +
           " a second)\n" + grouped(tally.packets - tally.dropped) + " pass, " + grouped(tally.dropped) + " drop" +
           (is_monitor ? "; the configuration says mode: monitor, so these would pass and be counted\n" : "\n");
}

std::string drops_of(const Call& call) {
    std::string drops;
    for (const auto& [reason, packets] : call.dropped)
        drops += (drops.empty() ? "" : ", ") + grouped(packets) + " " + std::string(reason_text(reason).label);
    if (call.before_open > 0)
        drops += (drops.empty() ? "" : ", ") + grouped(call.before_open) + " before the pinhole was open";
    if (call.audio() == Audio::without_pinhole)
        drops += (drops.empty() ? "" : ", ") + grouped(call.said->beside_in) + " in and " +
                 grouped(call.said->beside_out) + " out passed without a pinhole";
    if (call.elsewhere)
        drops += (drops.empty() ? "" : ", ") + std::string("its SDP names ") + call.elsewhere->to_string() +
                 ", which is neither protected nor external";
    return drops;
}

std::string calls_table(const std::vector<Call>& calls) {
    if (calls.empty()) return "\nno calls\n";
    Table table({{"call"},
                 {"from"},
                 {"to"},
                 {"answered"},
                 {"audio"},
                 {"in", Table::Align::right},
                 {"out", Table::Align::right},
                 {"dropped"}});
    // Those that lack audio first: they are what one looks for.
    std::vector<const Call*> order;
    for (const Call& call : calls) order.push_back(&call);
    std::ranges::stable_sort(order, {}, [](const Call* call) {
        const Audio audio = call->audio();
        return !call->is_answered ? 2 : audio == Audio::both_ways || audio == Audio::not_offered ? 1 : 0;
    });
    for (size_t i = 0; i < std::min(order.size(), most_lines); ++i) {
        const Call& call = *order[i];
        table.add({text_of(call.record.call_id), text_of(call.record.from), text_of(call.record.to),
                   call.is_answered ? "yes" : "no", std::string(to_string(call.audio())), grouped(call.media_in),
                   grouped(call.media_out), drops_of(call)});
    }
    std::string text = "\n" + table.to_string();
    if (order.size() > most_lines) text += "and " + grouped(order.size() - most_lines) + " more (--calls writes all)\n";
    text += "\n" + counted(calls.size(), "call") + ", " + grouped(answered(calls)) + " answered";
    for (const Outcome& outcome : outcomes)
        text += (&outcome == outcomes.data() ? ": " : ", ") + std::string(outcome.words) +
                grouped(calls_with(calls, outcome.audio));
    return text + "\n";
}

json::object calls_document(const std::vector<Call>& calls) {
    json::object document{{"seen", calls.size()}, {"answered", answered(calls)}};
    for (const Outcome& outcome : outcomes) document[outcome.member] = calls_with(calls, outcome.audio);
    return document;
}

std::string drops_table(const Tally& tally) {
    if (tally.dropped == 0) return "\nnothing drops\n";
    Table table(
        {{"dropped", Table::Align::right}, {"reason"}, {"from"}, {"to"}, {"first", Table::Align::right}, {"meaning"}});
    const auto flows = most_first(tally);
    for (size_t i = 0; i < std::min(flows.size(), most_lines); ++i) {
        const auto& [reason, source, destination] = flows[i].first;
        const ReasonText text = reason_text(reason);
        table.add({grouped(flows[i].second.packets), std::string(text.label), source.to_string(),
                   destination.to_string(), grouped(flows[i].second.first), std::string(text.sentence)});
    }
    std::string text = "\n" + table.to_string();
    if (flows.size() > most_lines)
        text += "and " + grouped(flows.size() - most_lines) + " more such lines (--verdicts writes every packet)\n";
    return text;
}

// What was not as a wall would have seen it, and what the agent did not understand.
std::vector<std::string> remarks(const Summary& summary) {
    const Tally& tally = summary.tally;
    const Player& player = summary.player;
    std::vector<std::string> all;
    if (tally.by_address > 0)
        all.push_back("direction of " + counted(tally.by_address, "packet") +
                      " taken from addresses: the capture does not say it");
    if (tally.cut > 0)
        all.push_back(counted(tally.cut, "packet") +
                      " cut by the snap length, the rest taken as zeros: SIP among them opens nothing");
    if (tally.pppoe > 0)
        all.push_back(counted(tally.pppoe, "packet") +
                      " of PPPoE judged as on its PPP interface: the wall belongs there");
    if (tally.unread > 0)
        all.push_back(counted(tally.unread, "packet") + " left out, the first of link type " +
                      capture::link_type_name(tally.unread_link_type) + ": it is not read");
    if (player.without_time() > 0)
        all.push_back(counted(player.without_time(), "packet") +
                      " without time: each is taken to have come --agent-delay after the one before");
    if (player.outbound_by_xdp() > 0)
        all.push_back(counted(player.outbound_by_xdp(), "outbound packet") +
                      " went through XDP's parser: the kernel runs TC programs on 14 to 3,712 bytes only");
    if (player.went_back() > 0)
        all.push_back("time went back before " + counted(player.went_back(), "packet") +
                      ": it was held still; `reordercap` sorts a capture by time");
    for (const auto& [event, told] : player.told())
        if (event != "call.start" && event != "call.end")
            all.push_back(event + " (" + grouped(told.count) + "): " + control::printable(told.first));
    return all;
}

json::array reasons_document(const Tally& tally) {
    json::array list;
    for (uint32_t number = 1; number < REASON_LIMIT; ++number) {
        const ReasonText text = reason_text(number);
        if (tally.by_reason[number] == 0 || text.label.empty()) continue;
        list.push_back(json::object{{"reason", text.label},
                                    {"verdict", text.is_drop ? "drop" : "pass"},
                                    {"packets", tally.by_reason[number]},
                                    {"sentence", text.sentence}});
    }
    return list;
}

json::array drops_document(const Tally& tally) {
    json::array list;
    for (const auto& [flow, drops] : most_first(tally)) {
        const auto& [reason, source, destination] = flow;
        list.push_back(json::object{{"reason", reason_text(reason).label},
                                    {"src", source.to_string()},
                                    {"dst", destination.to_string()},
                                    {"packets", drops.packets},
                                    {"first", drops.first}});
    }
    return list;
}

} // namespace

void Tally::count(const VerdictLine& line, const capture::Frame& frame) {
    ++packets;
    if (first_ns == 0) first_ns = line.time_ns;
    last_ns = std::max(last_ns, line.time_ns);
    by_address += line.is_by_address ? 1 : 0;
    cut += frame.is_cut ? 1 : 0;
    pppoe += frame.is_pppoe ? 1 : 0;
    ++by_reason.at(line.reason);
    if (!reason_text(line.reason).is_drop) return;
    ++dropped;
    const capture::Flow ends = line.flow.value_or(capture::Flow{});
    const Flow flow{line.reason, ends.source.address, ends.destination};
    auto found = drops.find(flow);
    if (found == drops.end() && drops.size() < most_flows) found = drops.emplace(flow, Drops{0, line.number}).first;
    ++(found == drops.end() ? other_drops : found->second).packets;
}

json::value summary_document(const Summary& summary) {
    const Tally& tally = summary.tally;
    const std::vector<Call>& calls = summary.player.calls().all();
    json::array told;
    for (const std::string& remark : remarks(summary)) told.push_back(json::string(control::to_utf8(remark)));
    json::object core;
    for (const CoreCounter& counter : summary.player.counters()) core[counter.label] = counter.count;
    return json::object{{"capture", control::to_utf8(summary.capture)},
                        {"packets", tally.packets},
                        {"dropped", tally.dropped},
                        {"capture_seconds", capture_seconds(tally)},
                        {"seconds", summary.seconds},
                        {"calls", calls_document(calls)},
                        {"reasons", reasons_document(tally)},
                        {"drops", drops_document(tally)},
                        {"remarks", std::move(told)},
                        {"core", std::move(core)}};
}

std::string summary_screen(const Summary& summary) {
    std::string text = head(summary) + calls_table(summary.player.calls().all()) + drops_table(summary.tally);
    const auto all = remarks(summary);
    if (!all.empty()) text += "\n";
    for (const std::string& remark : all) text += remark + "\n";
    return text;
}

} // namespace ringwall::replay
