// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_page.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <functional>

#include "agent/cli/table.hpp"
#include "agent/cli/words.hpp"
#include "agent/control/text.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;
using Align = Table::Align;
using Style = TopLine::Style;

struct Page {
    TopPage page;
    std::string_view name;
    std::vector<std::string_view> orders;
};
const std::array<Page, 4> pages{{{TopPage::reasons, "drops", {"rate", "total", "name"}},
                                 {TopPage::sources, "sources", {"packets", "last", "address"}},
                                 {TopPage::calls, "calls", {"newest", "refused", "peer"}},
                                 {TopPage::pinholes, "pinholes", {"address", "refused", "packets"}}}};
const Page& page_of(const TopView& view) { return pages[static_cast<size_t>(view.page)]; }
size_t order_of(const TopView& view) { return view.sort % page_of(view).orders.size(); }

// Code points, as display_width() counts them.
std::string fit(const std::string& raw, size_t width) {
    const std::string line = control::printable(raw);
    size_t end = 0, taken = 0;
    while (end < line.size()) {
        size_t next = end + 1;
        while (next < line.size() && (static_cast<unsigned char>(line[next]) & 0xc0U) == 0x80) ++next;
        if (taken++ == width) break;
        end = next;
    }
    return line.substr(0, end);
}

std::string per_second(double rate) {
    return rate > 0 && rate < 10
               ? std::to_string(std::lround(rate * 10) / 10) + "." + std::to_string(std::lround(rate * 10) % 10)
               : grouped(static_cast<uint64_t>(std::llround(rate)));
}

// The last 20 looks, each as high as its share of the highest. ASCII: it means the same in every terminal.
std::string curve(const std::vector<double>& rates) {
    constexpr std::string_view heights = " .:-=+*#";
    constexpr size_t wide = 20;
    const size_t from = rates.size() > wide ? rates.size() - wide : 0;
    const double highest =
        rates.empty() ? 0 : *std::max_element(rates.begin() + static_cast<ptrdiff_t>(from), rates.end());
    std::string line(wide - (rates.size() - from), ' ');
    for (size_t i = from; i < rates.size(); ++i) {
        const double share = highest > 0 ? rates[i] / highest : 0;
        const auto height = static_cast<size_t>(std::ceil(share * static_cast<double>(heights.size() - 1)));
        line += heights[height];
    }
    return line;
}

template <class T, class... Orders>
void sort_by(std::vector<T>& rows, size_t order, Orders... orders) {
    const std::array<std::function<bool(const T&, const T&)>, sizeof...(Orders)> all{orders...};
    std::ranges::stable_sort(rows, all.at(order));
}

Table reason_table(const TopModel& model, size_t order) {
    auto rows = model.reasons();
    sort_by(
        rows, order,
        [](const auto& a, const auto& b) { return a.rate != b.rate ? a.rate > b.rate : a.total > b.total; },
        [](const auto& a, const auto& b) { return a.total > b.total; },
        [](const auto& a, const auto& b) { return a.reason < b.reason; });
    Table table({{"a second", Align::right}, {"total", Align::right}, {"lately"}, {"reason"}, {"meaning"}});
    for (const TopReason& row : rows)
        table.add({per_second(row.rate), grouped(row.total), curve(row.history), row.reason, row.sentence});
    return table;
}

Table source_table(const TopModel& model, size_t order, double now_s) {
    auto rows = model.sources();
    sort_by(
        rows, order, [](const auto& a, const auto& b) { return a.packets > b.packets; },
        [](const auto& a, const auto& b) { return a.last_s > b.last_s; },
        [](const auto& a, const auto& b) { return a.source < b.source; });
    Table table({{"packets", Align::right}, {"source"}, {"of"}, {"last"}, {"for"}});
    for (const TopSource& row : rows)
        table.add({grouped(row.packets), row.source, row.peer, duration(now_s - row.last_s) + " ago", row.reason});
    return table;
}

std::vector<const json::value*> entries(const json::value& document) {
    std::vector<const json::value*> all;
    if (document.is_array())
        for (const json::value& each : document.get_array())
            if (each.is_object()) all.push_back(&each);
    return all;
}

auto more_of(std::string_view key) {
    return [key](const json::value* a, const json::value* b) { return number(*a, key) > number(*b, key); };
}
auto by_text(std::string_view key) {
    return [key](const json::value* a, const json::value* b) { return text(*a, key) < text(*b, key); };
}

Table call_table(const TopModel& model, size_t order, double now_s) {
    auto rows = entries(model.calls());
    sort_by(rows, order, more_of("started"), more_of("refused"), by_text("peer"));
    Table table({{"state"}, {"for"}, {"with"}, {"refused", Align::right}, {"from"}, {"to"}});
    for (const json::value* row : rows)
        table.add({text(*row, "state"), duration(now_s - static_cast<double>(number(*row, "started"))),
                   text(*row, "peer"), grouped(number(*row, "refused")), text(*row, "from"), text(*row, "to")});
    return table;
}

Table pinhole_table(const TopModel& model, size_t order) {
    auto rows = entries(model.pinholes());
    sort_by(rows, order, by_text("local"), more_of("refused"), more_of("packets"));
    Table table({{"local"}, {"kind"}, {"phase"}, {"packets", Align::right}, {"refused", Align::right}, {"call"}});
    for (const json::value* row : rows)
        table.add({text(*row, "local"), text(*row, "component"), text(*row, "phase"), grouped(number(*row, "packets")),
                   grouped(number(*row, "refused")), text(*row, "call_id")});
    return table;
}

Table table_of(const TopModel& model, const TopView& view) {
    const size_t order = order_of(view);
    switch (view.page) {
        case TopPage::sources: return source_table(model, order, view.now_s);
        case TopPage::calls: return call_table(model, order, view.now_s);
        case TopPage::pinholes: return pinhole_table(model, order);
        default: return reason_table(model, order);
    }
}

std::string nothing_there(const TopModel& model, const TopView& view) {
    const std::string_view counted_as = view.page == TopPage::calls ? "calls" : "pinholes";
    const bool is_listing = view.page == TopPage::calls || view.page == TopPage::pinholes;
    if (const uint64_t many = number(model.status(), counted_as); is_listing && many > most_listed)
        return grouped(many) + " " + std::string(counted_as) + ": more than are listed here; see ringwall " +
               std::string(counted_as);
    return view.page == TopPage::reasons || view.page == TopPage::sources ? "nothing has dropped" : "none";
}

std::vector<std::string> lines_of(const std::string& block) {
    std::vector<std::string> lines;
    for (size_t begin = 0, end = 0; (end = block.find('\n', begin)) != block.npos; begin = end + 1)
        lines.push_back(block.substr(begin, end - begin));
    return lines;
}

std::string summary(const TopModel& model) {
    const json::value& status = model.status();
    if (!status.is_object()) return "ringwall";
    return "ringwall " + text(status, "version") + "  " + text(status, "mode") + "  up " +
           duration(static_cast<double>(number(status, "uptime"))) + "  " + counted(number(status, "calls"), "call") +
           "  " + counted(number(status, "pinholes"), "pinhole");
}

std::string rates(const TopModel& model) {
    const bool is_monitor = text(model.status(), "mode") == "monitor";
    return per_second(model.rate(false)) + " packets/s pass, " + per_second(model.rate(true)) +
           (is_monitor ? " would drop" : " drop");
}

std::string tabs(const TopView& view) {
    std::string line;
    for (size_t i = 0; i < pages.size(); ++i) {
        const bool is_shown = pages[i].page == view.page;
        line += (i == 0 ? "" : " ") + std::string(is_shown ? "[" : " ") + std::to_string(i + 1) + " " +
                std::string(pages[i].name) + (is_shown ? "]" : " ");
    }
    return line;
}

} // namespace

std::vector<TopLine> top_screen(const TopModel& model, TopView& view, size_t width, size_t height) {
    constexpr size_t around = 5; // lines beside the table's rows
    const bool is_alone = !model.trouble().empty();
    const std::string agent = model.is_first() ? model.trouble() : "no agent: " + model.trouble();
    std::vector<TopLine> screen{{Style::title, fit(summary(model), width)},
                                {is_alone ? Style::trouble : Style::plain, fit(is_alone ? agent : rates(model), width)},
                                {Style::bar, fit(tabs(view), width)}};
    const Table table = table_of(model, view);
    if (table.empty()) {
        screen.push_back({Style::plain, fit(nothing_there(model, view), width)});
    } else {
        const auto lines = lines_of(table.to_string());
        const size_t room = height > around ? height - around : 0, rows = lines.size() - 1;
        view.first = std::min(view.first, rows > room ? rows - room : 0);
        screen.push_back({Style::strong, fit(lines[0], width)});
        for (size_t i = 0; i < std::min(room, rows); ++i)
            screen.push_back({Style::plain, fit(lines[1 + view.first + i], width)});
    }
    if (height > 0) {
        screen.resize(std::min(screen.size(), height - 1));
        while (screen.size() + 1 < height) screen.push_back({});
        screen.push_back(
            {Style::bar, fit("q quit  1-4 Tab page  s sort: " + std::string(page_of(view).orders[order_of(view)]) +
                                 "  arrows, PgUp, PgDn scroll",
                             width)});
    } else {
        screen.clear();
    }
    return screen;
}

} // namespace ringwall::cli
