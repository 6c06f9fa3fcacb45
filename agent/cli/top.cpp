// SPDX-License-Identifier: Apache-2.0
// `ringwall top`: asks the agent each second, in a thread of its own, so that keys count while an agent is slow.
#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <optional>

#include "agent/cli/commands.hpp"
#include "agent/cli/top_model.hpp"
#include "agent/cli/top_page.hpp"
#include "agent/cli/top_terminal.hpp"
#include "agent/cli/words.hpp"
#include "agent/control/http.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto between_looks = 1s;
constexpr auto patience = 2s; // of a look; quitting may wait for it
constexpr int key_wait_ms = 100;

std::atomic<bool> is_ending{false}; // SIGTERM, SIGINT and SIGHUP: the terminal is given back

// What one look has found; what is null was not asked for.
struct Found {
    json::value status, list, drops;
    TopPage page = TopPage::reasons;
    std::string trouble;
};

std::optional<json::value> get(const std::string& socket, const char* target, std::string& trouble) {
    const auto answer = control::call(socket, {"GET", target, ""}, patience);
    if (!answer) {
        const auto& code = answer.error().code;
        const bool is_gone = code == std::errc::no_such_file_or_directory || code == std::errc::connection_refused;
        trouble = is_gone ? "none answers at " + socket : answer.error().message();
        return std::nullopt;
    }
    boost::system::error_code unreadable;
    json::value document = json::parse(answer->body, unreadable);
    if (!unreadable && answer->status == 200) return document;
    trouble = "its answer is none that can be shown";
    return std::nullopt;
}

Found look(const std::string& socket, TopPage page) {
    Found found{.status = nullptr, .list = nullptr, .drops = nullptr, .page = page, .trouble = {}};
    auto status = get(socket, "/api/v1/status", found.trouble);
    if (!status) return found;
    found.status = std::move(*status);
    std::optional<json::value> more;
    if (page == TopPage::sources && (more = get(socket, "/api/v1/drops?most=1000", found.trouble)))
        found.drops = std::move(*more);
    if (page == TopPage::calls && number(found.status, "calls") <= most_listed &&
        (more = get(socket, "/api/v1/calls", found.trouble)))
        found.list = std::move(*more);
    if (page == TopPage::pinholes && number(found.status, "pinholes") <= most_listed &&
        (more = get(socket, "/api/v1/pinholes", found.trouble)))
        found.list = std::move(*more);
    return found;
}

void take(Found found, TopModel& model) {
    if (!found.trouble.empty()) return model.lose_agent(std::move(found.trouble));
    const std::chrono::duration<double> now = Clock::now().time_since_epoch();
    model.take_status(std::move(found.status), now.count());
    if (found.page == TopPage::sources) model.take_drops(std::move(found.drops));
    if (found.page == TopPage::calls) model.take_calls(std::move(found.list));
    if (found.page == TopPage::pinholes) model.take_pinholes(std::move(found.list));
}

void turn_to(TopView& view, size_t page) {
    constexpr size_t all = 4;
    view = {.page = static_cast<TopPage>(page % all), .sort = 0, .first = 0, .now_s = view.now_s};
}

// True where the page is another one, of which nothing has been asked yet.
bool carry_out(TopKey key, TopView& view, size_t height) {
    const auto page = static_cast<size_t>(view.page);
    const size_t back = std::max<size_t>(height, 8) - 7;
    switch (key) {
        case TopKey::sort: ++view.sort; break;
        case TopKey::next_page: turn_to(view, page + 1); break;
        case TopKey::previous_page: turn_to(view, page + 3); break;
        case TopKey::page_1: turn_to(view, 0); break;
        case TopKey::page_2: turn_to(view, 1); break;
        case TopKey::page_3: turn_to(view, 2); break;
        case TopKey::page_4: turn_to(view, 3); break;
        case TopKey::up: view.first -= view.first > 0 ? 1 : 0; break;
        case TopKey::down: ++view.first; break;
        case TopKey::page_up: view.first -= std::min(view.first, back); break;
        case TopKey::page_down: view.first += back; break;
        case TopKey::top: view.first = 0; break;
        default: break;
    }
    return static_cast<size_t>(view.page) != page;
}

void run(const std::string& socket, TopTerminal& terminal) {
    TopModel model;
    TopView view;
    std::future<Found> looking;
    auto next_look = Clock::now();
    while (!is_ending) {
        if (looking.valid() && looking.wait_for(0s) == std::future_status::ready) take(looking.get(), model);
        if (!looking.valid() && Clock::now() >= next_look) {
            next_look = Clock::now() + between_looks;
            looking = std::async(std::launch::async, look, socket, view.page);
        }
        view.now_s = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
        terminal.show(top_screen(model, view, terminal.width(), terminal.height()));
        const TopKey key = terminal.key(key_wait_ms);
        if (key == TopKey::quit) return;
        if (carry_out(key, view, terminal.height())) next_look = Clock::now();
    }
}

} // namespace

int top(const agent::Options& options) {
    auto terminal = TopTerminal::open();
    if (!terminal) {
        std::cerr << "ringwall: top needs a terminal on standard input and output, of a kind (TERM) whose cursor can "
                     "be moved; "
                     "`ringwall status` and `ringwall drops` need none\n";
        return agent::exit_usage;
    }
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, [](int) { is_ending = true; });
    run(options.socket, *terminal);
    return agent::exit_good;
}

} // namespace ringwall::cli
