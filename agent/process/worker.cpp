// SPDX-License-Identifier: Apache-2.0
#include "agent/process/worker.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <ctime>
#include <optional>

#include "agent/control/http.hpp"
#include "agent/core.hpp"
#include "agent/kernel/rings.hpp"
#include "agent/log.hpp"
#include "agent/pinhole/book.hpp"
#include "agent/process/briefing.hpp"
#include "agent/process/messages.hpp"
#include "agent/process/notices.hpp"
#include "agent/process/privileges.hpp"
#include "agent/process/ring_loop.hpp"
#include "agent/process/routes.hpp"
#include "agent/transport/transport.hpp"

namespace ringwall::agent {
namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;
namespace {

constexpr auto tick_period = 100ms;
constexpr int retries = 3; // of operations that found no room, each time planned anew
constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

Now now() { return {std::chrono::steady_clock::now(), std::time(nullptr)}; }
Now at(uint64_t monotonic_ns) {
    return {std::chrono::steady_clock::time_point(std::chrono::nanoseconds(monotonic_ns)), std::time(nullptr)};
}

class Worker {
public:
    Worker(const WorkerInheritance& inherited, kernel::Maps maps, Briefing briefing, policy::View policy)
        : inherited_(inherited),
          maps_(std::move(maps)),
          briefing_(std::move(briefing)),
          core_(std::move(policy), maps_.secret()),
          transport_(maps_.secret(), [this](const Datagram& datagram,
                                            uint64_t time_ns) { carry_out(core_.on_datagram(datagram, at(time_ns))); }),
          parent_(io_, asio::local::stream_protocol(), inherited.socket),
          tick_timer_(io_),
          reloaded_(io_) {
        reloaded_.expires_at(std::chrono::steady_clock::time_point::max());
    }

    Result<void> open_rings() {
        auto rings = kernel::Rings::open(inherited_.maps.directory,
                                         [this](const transport::Packet& packet) { transport_.on_packet(packet); });
        if (!rings) return tl::make_unexpected(rings.error());
        rings_ = std::move(*rings);
        ring_loop_.emplace(io_, maps_, *rings_);
        return {};
    }

    void run() {
        restore();
        co_spawn(io_, ring_loop_->run(), rethrow);
        co_spawn(io_, tick(), rethrow);
        co_spawn(io_, listen_to_parent(), rethrow);
        co_spawn(io_, control::serve(inherited_.listening, routes(wall())), rethrow);
        tell_parent(Message::ready);
        io_.run();
    }

private:
    // A bug ends the worker, and the parent starts another: io_.run() throws it.
    static void rethrow(const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
    }

    // What the calls of a worker before us need, then what it left unread.
    void restore() {
        carry_out(core_.restore(maps_.read(), now()));
        ring_loop_->catch_up();
    }

    void carry_out(const pinhole::MapOps& wanted) {
        if (wanted.empty()) return;
        auto failed = maps_.apply(wanted);
        for (int left = retries; !failed.empty() && left > 0; --left)
            failed = maps_.apply(core_.on_failed(failed, now()));
        failed_operations_ += failed.size();
        if (!failed.empty())
            log_.say("maps.refused", std::to_string(failed.size()) + " changes of the maps failed, the first with: " +
                                         std::error_code(-failed[0].result, std::generic_category()).message());
    }

    awaitable<void> tick() {
        for (unsigned count = 0;; ++count) {
            tick_timer_.expires_after(tick_period);
            co_await tick_timer_.async_wait(tuple);
            transport_.tick(pinhole::to_ns(now().monotonic));
            const auto due = core_.due(now());
            carry_out(core_.tick(maps_.find(due), now()));
            log_.say(core_.take_notices());
            if (count % (1s / tick_period) != 0) continue;
            refusals_.look(maps_, core_.policy(), now(), log_);
            log_.each_second();
        }
    }

    awaitable<void> listen_to_parent() {
        FrameReader frames(largest_to_worker);
        std::array<char, 4096> bytes;
        while (true) {
            const auto [error, size] = co_await parent_.async_read_some(asio::buffer(bytes), tuple);
            if (error) break; // the parent is gone, and its death signal on the way
            frames.feed({bytes.data(), size});
            for (auto frame = frames.next(); frame && *frame; frame = frames.next()) {
                if ((*frame)->message == Message::stop) co_return io_.stop();
                on_frame(**frame);
            }
        }
        io_.stop();
    }

    void on_frame(const Frame& frame) {
        if (frame.message == Message::surroundings) return on_surroundings(frame.body);
        if (frame.message == Message::policy) config_error_ = adopt(frame.body);
        if (frame.message == Message::reload_failed) config_error_ = frame.body;
        reloaded_.cancel();
    }

    // Nobody's answer: a reload that was asked for still gets its own.
    void on_surroundings(const std::string& body) {
        auto briefing = decode_briefing(body);
        if (briefing && briefing->self == briefing_.self) briefing_ = std::move(*briefing);
        else if (const auto error = adopt(body); !error.empty()) log::error("surroundings", error);
    }

    std::string adopt(const std::string& body) {
        auto briefing = decode_briefing(body);
        if (!briefing) return briefing.error().message();
        auto config = policy::read(briefing->config);
        if (!config) return "the parent sent a configuration that does not read";
        const policy::Facts facts{.self = briefing->self};
        briefing_ = std::move(*briefing);
        carry_out(core_.reload(policy::View(std::move(*config), facts), now()));
        return {};
    }

    awaitable<Result<void>> ask_for_reload() {
        tell_parent(Message::reload);
        co_await reloaded_.async_wait(tuple); // cancelled by the answer
        if (!config_error_.empty()) co_return fail(config_error_);
        co_return Result<void>{};
    }

    void tell_parent(Message message) {
        if (auto sent = send_frame(parent_.native_handle(), message); !sent) io_.stop();
    }

    std::vector<CoreCounter> counters() const {
        auto all = core_.counters();
        for (const CoreCounter& counter : transport_.counters()) all.push_back(counter);
        all.push_back({"unreadable_records", rings_->unreadable()});
        all.push_back({"failed_operations", failed_operations_});
        all.push_back({"dialogs_refused", maps_.dialogs_refused()});
        return all;
    }

    Wall wall() {
        return {.maps = maps_,
                .core = core_,
                .briefing = briefing_,
                .config_error = config_error_,
                .started_s = std::time(nullptr),
                .counters = [this] { return counters(); },
                .reload = [this] { return ask_for_reload(); }};
    }

    const WorkerInheritance& inherited_;
    kernel::Maps maps_;
    Briefing briefing_;
    std::string config_error_;
    uint64_t failed_operations_ = 0; // after the last retry
    Core core_;
    transport::Transport transport_;
    std::unique_ptr<kernel::Rings> rings_;
    PacedLog log_{log::info};
    RefusalLog refusals_;

    asio::io_context io_{1};
    asio::local::stream_protocol::socket parent_;
    asio::steady_timer tick_timer_, reloaded_;
    std::optional<RingLoop> ring_loop_;
};

// Blocking, before the loop exists: the parent's first word.
Result<Briefing> first_briefing(int socket) {
    FrameReader frames(largest_to_worker);
    std::array<char, 4096> bytes;
    while (true) {
        const ssize_t received = recv(socket, bytes.data(), bytes.size(), 0);
        if (received <= 0) return fail("the parent left without a word");
        frames.feed({bytes.data(), static_cast<size_t>(received)});
        auto frame = frames.next();
        if (!frame) return tl::make_unexpected(frame.error());
        if (*frame) return decode_briefing((*frame)->body);
    }
}

Result<void> work(const WorkerInheritance& inherited) {
    auto briefing = first_briefing(inherited.socket);
    if (!briefing) return tl::make_unexpected(briefing.error());
    auto config = policy::read(briefing->config);
    if (!config) return fail("the parent sent a configuration that does not read");
    policy::View policy(std::move(*config), {.self = briefing->self});

    auto maps = kernel::Maps::open(inherited.maps);
    if (!maps) return tl::make_unexpected(maps.error());
    Worker worker(inherited, std::move(*maps), std::move(*briefing), std::move(policy));
    if (auto opened = worker.open_rings(); !opened) return opened;
    if (auto dropped = drop_privileges(inherited.parent); !dropped) return dropped;
    worker.run();
    return {};
}

} // namespace

int run_worker(const WorkerInheritance& inherited) noexcept try {
    // The parent decides when to stop: a terminal's ^C and a service manager's SIGTERM reach both processes.
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
    std::array kept{inherited.socket, inherited.listening, inherited.lock};
    std::sort(kept.begin(), kept.end());
    close_all_but({kept[0], kept[1], kept[2]});
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
