// SPDX-License-Identifier: Apache-2.0
#include "agent/process/drops.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <deque>

#include "agent/capture/flow.hpp"
#include "agent/clock.hpp"
#include "agent/control/text.hpp"
#include "maps/reasons.hpp"

namespace ringwall::agent {
namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;
namespace {

constexpr size_t most_followers = 8;
constexpr size_t most_waiting = size_t{8} << 20; // bytes that a slow follower may be behind
constexpr auto renewal = 100ms;                  // of the word that asks for more samples; tick()
constexpr auto capture_life = 1s;                // so long it holds: a dead worker's soon does not
// Until every CPU's budgets have been renewed as the word says, and the packets' clock has a tick more (4 ms at HZ 250).
constexpr auto budgets_renewed = std::chrono::nanoseconds(uint64_t{1} << SAMPLE_TICK_SHIFT) + 10ms;
constexpr auto silence = 1s; // as control::Pieces wants it

} // namespace

// One who wants to see them as they come. Lives as long as his connection.
class Drops::Follower {
public:
    Follower(asio::io_context& io, control::DropRequest request) : request_(std::move(request)), timer_(io) {}

    bool is_capturing() const { return request_.frames; }

    void show(const drops::Drop& drop, const control::DropContext& context) {
        if (!request_.filter.takes(drop.reason, drop.source.address, drop.passed)) return;
        if (waiting_.size() > most_waiting) {
            ++missed_;
            return;
        }
        waiting_ += json::serialize(control::drop_line(drop, request_.frames, context)) + "\n";
        timer_.cancel();
    }

    asio::awaitable<std::optional<std::string>> next() {
        if (!has_begun_) {
            has_begun_ = true;
            if (is_capturing()) co_await wait(budgets_renewed);
            co_return std::string("{\"following\":true}\n");
        }
        if (waiting_.empty()) co_await wait(silence);
        std::string piece = std::exchange(waiting_, {});
        if (missed_ > 0) piece += "{\"missed\":" + std::to_string(std::exchange(missed_, 0)) + "}\n";
        if (piece.empty()) piece = "\n";
        co_return piece;
    }

private:
    asio::awaitable<void> wait(std::chrono::nanoseconds time) {
        timer_.expires_after(time);
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }

    control::DropRequest request_;
    asio::steady_timer timer_;
    std::string waiting_;
    uint64_t missed_ = 0;
    bool has_begun_ = false;
};

Result<std::unique_ptr<Drops>> Drops::open(const kernel::MapSource& source, Surroundings surroundings) {
    std::unique_ptr<Drops> drops(new Drops(std::move(surroundings)));
    auto ring = kernel::DropRing::open(
        source, [self = drops.get()](const auto& sample, std::string_view bytes) { self->note(sample, bytes); });
    if (!ring) return tl::make_unexpected(ring.error());
    drops->ring_ = std::move(*ring);
    return drops;
}

void Drops::read() { ring_->read(); }

void Drops::note(const struct drop_sample& sample, std::string_view bytes) {
    drops::Drop drop = drops::drop_of(sample, bytes);
    if (sample.owner != 0) drop.call = call_of(sample.owner);
    if (drops::is_of_limits(drop.reason) && !drop.is_together) {
        const auto flow = drop.is_bare ? capture::flow_of_packet(bytes) : capture::flow_of(bytes);
        if (flow) drop.sip_class = drops::class_of(flow->payload);
    }
    if (drop.reason == REASON_no_pinhole && surroundings_.core.is_sent_elsewhere(drop.source, drop.destination))
        ++sent_elsewhere_;
    book_.note(drop);
    for (const auto& each : followers_)
        if (const auto follower = each.lock()) follower->show(drop, context());
}

const drops::Call& Drops::call_of(uint64_t leg) {
    if (leg == last_leg_) return last_call_;
    const auto record = surroundings_.maps.find_dialog(leg);
    last_leg_ = record ? leg : 0; // one that is still to come is asked for again
    last_call_ = {};
    if (record)
        last_call_ = {std::string(control::until_nul(record->call_id)), (record->flags & DIALOG_BY_HAND) != 0,
                      Endpoint::from(record->outside).address};
    return last_call_;
}

std::string Drops::interface_name(uint32_t ifindex) const {
    const auto& all = surroundings_.briefing.interfaces;
    const auto found =
        std::ranges::find(all, ifindex, [](const auto& each) { return static_cast<uint32_t>(each.ifindex); });
    return found == all.end() ? std::string() : found->name;
}

control::DropContext Drops::context() const {
    return {.policy = surroundings_.core.policy(),
            .interface_name = [this](uint32_t ifindex) { return interface_name(ifindex); },
            .realtime_offset_ns = (read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC)).count(),
            .elsewhere_at = [this](Port port) { return surroundings_.core.elsewhere_at(port); }};
}

json::array Drops::list(const control::DropRequest& request) const {
    return control::drop_list(book_, request, context());
}

control::Pieces Drops::follow(const control::DropRequest& request) {
    std::erase_if(followers_, [](const auto& each) { return each.expired(); });
    if (followers_.size() >= most_followers) return {};
    const auto follower = std::make_shared<Follower>(surroundings_.io, request);
    followers_.push_back(follower);
    if (request.frames) keep_capturing();
    return [follower] { return follower->next(); };
}

void Drops::keep_capturing() {
    const auto until = (read_clock(CLOCK_MONOTONIC) + capture_life).count();
    ring_->capture_until(static_cast<uint64_t>(until));
}

void Drops::tick() {
    static_assert(capture_life > 2 * renewal);
    const auto captures = [](const auto& each) {
        const auto follower = each.lock();
        return follower && follower->is_capturing();
    };
    if (std::ranges::any_of(followers_, captures)) keep_capturing();
}

} // namespace ringwall::agent
