// SPDX-License-Identifier: Apache-2.0
#include "agent/process/worker.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <ctime>
#include <memory>
#include <optional>

#include "agent/control/http.hpp"
#include "agent/follower.hpp"
#include "agent/kernel/rings.hpp"
#include "agent/log.hpp"
#include "agent/pinhole/map_value.hpp"
#include "agent/process/briefing.hpp"
#include "agent/process/drops.hpp"
#include "agent/process/joined.hpp"
#include "agent/process/log_settings.hpp"
#include "agent/process/messages.hpp"
#include "agent/process/notices.hpp"
#include "agent/process/privileges.hpp"
#include "agent/process/ring_loop.hpp"
#include "agent/process/routes.hpp"
#include "agent/process/sandbox.hpp"
#include "agent/process/scrape.hpp"
#include "agent/process/shared_table.hpp"

namespace ringwall::agent {
namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;
namespace {

constexpr auto tick_period = 100ms;
constexpr size_t joins_a_second = 8; // never so many that they fill the socket while the parent writes a long table
constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

Now now() { return {std::chrono::steady_clock::now(), std::time(nullptr)}; }

Result<std::pair<Briefing, policy::View>> read_briefing(Frame& frame) {
    auto briefing = decode_briefing(frame.body);
    if (!briefing) return tl::make_unexpected(briefing.error());
    auto config = policy::read(briefing->config);
    if (!config) return fail("the parent sent a configuration that does not read");
    auto table = read_table(std::move(frame.descriptor));
    if (!table) return tl::make_unexpected(table.error());
    return std::pair(std::move(*briefing), policy::View(std::move(*table), std::move(*config)));
}

class Worker {
public:
    Worker(const WorkerInheritance& inherited, FrameReader frames, kernel::Maps maps, Briefing briefing,
           policy::View policy)
        : inherited_(inherited),
          frames_(std::move(frames)),
          maps_(std::move(maps)),
          briefing_(std::move(briefing)),
          follower_(maps_, std::move(policy), now, [this](const pinhole::MapOps& wanted) { carry_out(wanted); }),
          bans_(maps_, [this]() -> const policy::View& { return follower_.policy(); }),
          lock_(inherited.lock),
          parent_(io_, asio::local::stream_protocol(), inherited.socket),
          tick_timer_(io_),
          reloaded_(io_) {
        reloaded_.expires_at(std::chrono::steady_clock::time_point::max());
    }

    Result<void> open_rings() {
        auto rings = kernel::Rings::open(
            kernel::pinned(inherited_.maps), [this](const transport::Packet& packet) { on_packet(packet); },
            [this](const transport::Packet& packet) { return follower_.is_to_stranger(packet); });
        if (!rings) return tl::make_unexpected(rings.error());
        rings_ = std::move(*rings);
        auto drops = Drops::open(kernel::pinned(inherited_.maps),
                                 {.io = io_, .maps = maps_, .briefing = briefing_, .core = follower_.core()});
        if (!drops) return tl::make_unexpected(drops.error());
        drops_ = std::move(*drops);
        ring_loop_.emplace(io_, maps_, *rings_, [this] { end_round(); });
        wall_.emplace(wall());
        return {};
    }

    void run() {
        configure_log();
        restore();
        co_spawn(io_, ring_loop_->run(), rethrow);
        co_spawn(io_, tick(), rethrow);
        co_spawn(io_, listen_to_parent(), rethrow);
        serve_commands(inherited_.listening);
        if (inherited_.scraped >= 0) serve_scrapes(inherited_.scraped);
        tell_parent(Message::ready);
        io_.run();
        ring_loop_->catch_up(); // what has been taken out of a ring and waits for another ring's, no other worker finds
    }

private:
    // A bug ends the worker, and the parent starts another: io_.run() throws it.
    static void rethrow(const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
    }

    // What the calls of a worker before us need, then what it left unread.
    void restore() {
        follower_.restore();
        ring_loop_->catch_up();
    }

    void on_packet(const transport::Packet& packet) {
        if (oldest_ns_ == 0) oldest_ns_ = packet.head.time_ns;
        follower_.on_packet(packet);
        if (oldest_ns_ == 0) oldest_ns_ = packet.head.time_ns; // the round before it has ended
    }

    void end_round() {
        follower_.end_round();
        oldest_ns_ = 0;
        drops_->read();
    }

    // How long what a round's first packet said took to be true of the maps. What the clock brings about took no time.
    void note_delay() {
        const uint64_t seen_ns = std::exchange(oldest_ns_, 0), now_ns = pinhole::to_ns(now().monotonic);
        if (seen_ns != 0 && now_ns > seen_ns) delays_.note(static_cast<double>(now_ns - seen_ns) / 1e9);
    }

    void carry_out(const pinhole::MapOps& wanted) {
        if (std::ranges::any_of(wanted.operations, [](const auto& each) { return each.code == OP_PUT_BAN; }))
            bans_.noted();
        if (const auto failed = follower_.apply(wanted); !failed.empty())
            log_.say({Level::error, "maps.refused",
                      std::to_string(failed.size()) + " changes of the maps failed, the first with: " +
                          std::error_code(-failed[0].result, std::generic_category()).message()});
        if (!wanted.operations.empty()) note_delay();
    }

    awaitable<void> tick() {
        for (unsigned count = 0;; ++count) {
            tick_timer_.expires_after(tick_period);
            co_await tick_timer_.async_wait(tuple);
            follower_.tick();
            bans_.sweep(now());
            drops_->tick();
            for (const Notice& notice : follower_.take_notices()) log_.say(notice);
            if (count % (1s / tick_period) != 0) continue;
            for (const dialog::Join& join : follower_.take_joins(joins_a_second))
                tell_parent(Message::joined, encode(join));
            refusals_.look(maps_, follower_.policy(), now(), log_);
            log_.each_second();
        }
    }

    awaitable<void> listen_to_parent() {
        while (true) {
            auto frame = frames_.next();
            if (!frame) {
                log::error("worker", frame.error().message());
                break;
            }
            if (*frame) {
                if ((*frame)->message == Message::stop) break;
                on_frame(**frame);
                continue;
            }
            const auto [error] = co_await parent_.async_wait(asio::socket_base::wait_read, tuple);
            const auto size = error ? 0 : receive(parent_.native_handle(), MSG_DONTWAIT, frames_).value_or(0);
            if (size == 0) break; // the parent is gone, and its death signal on the way
        }
        io_.stop();
    }

    void on_frame(Frame& frame) {
        if (frame.message == Message::listen) return serve_commands(frame.descriptor.release());
        if (frame.message == Message::lock) return lock_.reset(frame.descriptor.release());
        if (frame.message == Message::scrape) return serve_scrapes(frame.descriptor.release());
        if (frame.message == Message::policy) on_policy(frame);
        else on_surroundings(frame);
        reloaded_.cancel();
    }

    void on_policy(Frame& frame) {
        if (!adopt(frame)) return;
        events_at_load_ = maps_.events();
        counters_at_load_ = counters();
    }

    // With the table that we have, calls need no look.
    void on_surroundings(Frame& frame) {
        auto briefing = decode_briefing(frame.body);
        if (briefing && briefing->table == briefing_.table) briefing_ = std::move(*briefing);
        else adopt(frame);
    }

    // What does not read is a bug, and the kernel has that policy already: another worker begins with it.
    bool adopt(Frame& frame) {
        auto briefed = read_briefing(frame);
        if (!briefed) {
            log::error("worker", briefed.error().message());
            io_.stop();
            return false;
        }
        briefing_ = std::move(briefed->first);
        follower_.reload(std::move(briefed->second));
        configure_log();
        return true;
    }

    void serve_scrapes(int listening) {
        co_spawn(io_, control::serve(listening, scrapes(*wall_, delays_, resources_)), rethrow);
    }

    // From now on there, and nowhere else; who is connected stays. A signal of its own for each: the one that ends does so
    // after the next has begun, and clears its slot then.
    void serve_commands(int listening) {
        if (serving_) serving_->emit(asio::cancellation_type::terminal);
        serving_ = std::make_shared<asio::cancellation_signal>();
        co_spawn(io_, control::serve(listening, routes(*wall_), longest_body),
                 asio::bind_cancellation_slot(
                     serving_->slot(), [signal = serving_](const std::exception_ptr& error) { rethrow(error); }));
    }

    void configure_log() const { agent::configure_log(follower_.policy().config().log, maps_.secret()); }

    awaitable<Reloaded> ask_for_reload() {
        const uint64_t ours = ++reloads_asked_;
        tell_parent(Message::reload);
        while (briefing_.reloads_answered < ours) co_await reloaded_.async_wait(tuple); // cancelled by each briefing
        co_return Reloaded{.error = briefing_.config_error, .is_configuration = briefing_.is_config_refused};
    }

    void tell_parent(Message message, std::string_view body = {}) {
        if (auto sent = send_frame(parent_.native_handle(), message, body); !sent) io_.stop();
    }

    std::vector<CoreCounter> counters() const {
        auto all = follower_.counters();
        all.push_back({"unreadable_records", rings_->unreadable()});
        all.push_back({"attachments_lost", briefing_.attachments_lost});
        all.push_back({"media_elsewhere_refused", drops_->sent_elsewhere()});
        return all;
    }

    Wall wall() {
        return {.maps = maps_,
                .core = follower_.core(),
                .bans = bans_,
                .drops = *drops_,
                .briefing = briefing_,
                .events_at_load = events_at_load_,
                .counters_at_load = counters_at_load_,
                .started_s = std::time(nullptr),
                .counters = [this] { return counters(); },
                .reload = [this] { return ask_for_reload(); },
                .open = [this](const dialog::Opening& opening) { return follower_.open(opening); },
                .close = [this](const dialog::Closing& closing) { follower_.close(closing); }};
    }

    const WorkerInheritance& inherited_;
    FrameReader frames_; // of the parent: with what came behind its first word
    kernel::Maps maps_;
    Briefing briefing_;
    // When our configuration was loaded; the maps have the events of the workers before us.
    std::vector<uint64_t> events_at_load_ = maps_.events();
    std::vector<CoreCounter> counters_at_load_;
    uint64_t reloads_asked_ = 0;
    Follower follower_;
    Bans bans_;
    std::unique_ptr<kernel::Rings> rings_;
    PacedLog log_{[](const Notice& notice) { log::event(notice.level, notice.event, notice.text, notice.fields); }};
    RefusalLog refusals_{maps_.heartbeat_ns()};
    control::Delays delays_;
    uint64_t oldest_ns_ = 0; // the first packet of the round
    Resources resources_;
    Fd lock_; // kept, not used

    asio::io_context io_{1};
    asio::local::stream_protocol::socket parent_;
    asio::steady_timer tick_timer_, reloaded_;
    std::shared_ptr<asio::cancellation_signal> serving_; // of commands; kept by who listens to it
    std::unique_ptr<Drops> drops_;
    std::optional<RingLoop> ring_loop_;
    std::optional<Wall> wall_;
};

// Blocking, before the loop exists: the parent's first word.
Result<std::pair<Briefing, policy::View>> first_briefing(int socket, FrameReader& frames) {
    while (true) {
        if (receive(socket, 0, frames).value_or(0) == 0) return fail("the parent left without a word");
        auto frame = frames.next();
        if (!frame) return tl::make_unexpected(frame.error());
        if (*frame) return read_briefing(**frame);
    }
}

Result<void> work(const WorkerInheritance& inherited) {
    FrameReader frames(largest_to_worker);
    auto briefed = first_briefing(inherited.socket, frames);
    if (!briefed) return tl::make_unexpected(briefed.error());

    auto maps = kernel::Maps::open(kernel::pinned(inherited.maps));
    if (!maps) return tl::make_unexpected(maps.error());
    Worker worker(inherited, std::move(frames), std::move(*maps), std::move(briefed->first),
                  std::move(briefed->second));
    if (auto opened = worker.open_rings(); !opened) return opened;
    if (auto entered = enter_sandbox(inherited.parent); !entered) return entered;
    worker.run();
    return {};
}

} // namespace

int run_worker(const WorkerInheritance& inherited) noexcept try {
    // The parent decides when to stop: a terminal's ^C and a service manager's SIGTERM reach both processes.
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
    close_all_but({inherited.socket, inherited.listening, inherited.scraped, inherited.lock});
    log::start("worker");
    if (const auto worked = work(inherited); !worked) {
        log::error("worker", worked.error().message());
        return 1;
    }
    return 0;
} catch (const std::exception& error) {
    log::error("worker", error.what());
    return 1;
}

} // namespace ringwall::agent
