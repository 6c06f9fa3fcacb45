// SPDX-License-Identifier: Apache-2.0
// When the rings are read: at once while there is something, else when a program wakes us, and every two milliseconds, as
// most records wake nobody. Says in the map `liveness` that it lives, and whether it sleeps.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "agent/kernel/maps.hpp"
#include "agent/kernel/rings.hpp"

namespace ringwall::agent {

class RingLoop {
public:
    // Both outlive the loop. `on_read` follows each look into the rings.
    RingLoop(boost::asio::io_context& io, kernel::Maps& maps, kernel::Rings& rings, std::function<void()> on_read);

    void catch_up(); // reads what stands in the rings by now; for the start and the end
    boost::asio::awaitable<void> run();

private:
    void beat();
    bool read();
    boost::asio::awaitable<void> sleep();
    void arm();

    kernel::Maps& maps_;
    kernel::Rings& rings_;
    std::function<void()> on_read_;
    boost::asio::posix::stream_descriptor woken_;
    boost::asio::steady_timer timer_;
    bool is_armed_ = false;
};

} // namespace ringwall::agent
