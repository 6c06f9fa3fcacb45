// SPDX-License-Identifier: Apache-2.0
#include "agent/process/ring_loop.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ringwall::agent {
namespace asio = boost::asio;
using namespace std::chrono_literals;
namespace {

constexpr auto patience = 2ms; // a record that wakes nobody waits no longer

uint64_t now_ns() { return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / 1ns); }

} // namespace

// Asio closes what it is given; libbpf and Rings own theirs.
RingLoop::RingLoop(asio::io_context& io, kernel::Maps& maps, kernel::Rings& rings, std::function<void()> on_read)
    : maps_(maps), rings_(rings), on_read_(std::move(on_read)), woken_(io, dup(rings.wait_fd())), timer_(io) {}

bool RingLoop::read() {
    const bool has_more = rings_.drain(now_ns());
    on_read_();
    return has_more;
}

void RingLoop::catch_up() {
    maps_.set_asleep(false);
    const uint64_t began = now_ns();
    do beat();
    while (read() && rings_.read_until() < began); // what comes meanwhile is the loop's, or a flood would keep us here
}

asio::awaitable<void> RingLoop::run() {
    while (true) {
        beat();
        if (read()) {
            co_await asio::post(asio::use_awaitable); // the clock and the operator get their turn
            continue;
        }
        // Between the drain and this word a record may have come that woke nobody: look once more.
        maps_.set_asleep(true);
        if (!read()) co_await sleep();
        maps_.set_asleep(false);
    }
}

// The heartbeat comes from this loop alone: what it proves is that SIP is being read.
void RingLoop::beat() { maps_.beat(now_ns()); }

asio::awaitable<void> RingLoop::sleep() {
    if (!is_armed_) arm();
    timer_.expires_after(patience);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void RingLoop::arm() {
    is_armed_ = true;
    woken_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
        is_armed_ = false;
        if (!error) timer_.cancel();
    });
}

} // namespace ringwall::agent
