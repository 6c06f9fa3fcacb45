// SPDX-License-Identifier: Apache-2.0
// What drops, in the worker: reads the samples, keeps the last ones added up, and hands each on to whoever follows.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/control/drops.hpp"
#include "agent/control/http.hpp"
#include "agent/core.hpp"
#include "agent/drops/book.hpp"
#include "agent/kernel/drop_ring.hpp"
#include "agent/kernel/maps.hpp"
#include "agent/process/briefing.hpp"

namespace ringwall::agent {

class Drops {
public:
    struct Surroundings { // all of it outlives us
        boost::asio::io_context& io;
        const kernel::Maps& maps;
        const Briefing& briefing;
        const Core& core;
    };
    static Result<std::unique_ptr<Drops>> open(const kernel::MapSource& source, Surroundings surroundings);

    void read(); // some of what is there
    void tick(); // every 100 ms, while somebody captures
    // How many were media of a call whose SDP names another address of that port (Core::is_sent_elsewhere).
    uint64_t sent_elsewhere() const { return sent_elsewhere_; }
    boost::json::array list(const control::DropRequest& request) const;
    // Each drop from now on, a line of JSON each; the first line says {"following":true}. Nothing where too many follow already.
    control::Pieces follow(const control::DropRequest& request);

private:
    class Follower;
    explicit Drops(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
    void note(const struct drop_sample& sample, std::string_view bytes);
    const drops::Call& call_of(uint64_t leg);
    std::string interface_name(uint32_t ifindex) const;
    control::DropContext context() const;
    void keep_capturing();

    Surroundings surroundings_;
    std::unique_ptr<kernel::DropRing> ring_;
    drops::Book book_;
    uint64_t sent_elsewhere_ = 0;
    std::vector<std::weak_ptr<Follower>> followers_;
    // Of the last sample that had one: of a flood into one call, one look into the map.
    uint64_t last_leg_ = 0;
    drops::Call last_call_;
};

} // namespace ringwall::agent
