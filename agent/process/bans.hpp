// SPDX-License-Identifier: Apache-2.0
// The bans of a running wall, as the worker keeps them: by command, as a list, and taken out when they are over. The
// kernel judges by itself when that is; nothing hurries here, and calls never wait: what is many goes in parts.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agent/control/bans.hpp"
#include "agent/control/http.hpp"
#include "agent/kernel/maps.hpp"
#include "maps/by_bytes.hpp"
#include "policy/compile.hpp"

namespace ringwall::agent {

class Bans {
public:
    using Policy = std::function<const policy::View&()>;
    Bans(kernel::Maps& maps, Policy policy) : maps_(maps), policy_(std::move(policy)) {}

    void noted() { may_stand_ = was_put_ = true; } // somebody has put one into the map
    void sweep(Now now);                           // every 100 ms: some of those that are over go

    // Each answers with a JSON document.
    Result<std::string> add(const control::BanRequest& request, Now now);
    // Of an address its ports' too, of an IPv6 /64 all that stand in it: what the wall has concluded of one who lifts it.
    boost::asio::awaitable<Result<std::string>> remove(struct ban_key key, Now now);
    boost::asio::awaitable<Result<std::string>> import(std::string body, Now now);
    control::Pieces list(Now now) const;          // all of them, as they are found
    size_t standing() const { return standing_; } // as of the last walk of sweep(), a minute ago at most

private:
    // Whom no ban may cover, and why; empty where one may.
    std::string protector_of(const struct ban_key& key) const;
    using BanKeys = std::set<struct ban_key, ByBytes>;
    boost::asio::awaitable<BanKeys> standing_within(struct ban_key key, Now now) const;
    Result<std::string> lift(const BanKeys& found, const struct ban_key& key, const std::string& wider);
    std::string still_banned_by(const struct ban_key& key, Now now) const; // what is wider; empty where nothing is
    boost::asio::awaitable<size_t> new_among(const std::vector<struct ban_key>& keys);
    boost::asio::awaitable<size_t> put(const std::vector<struct ban_key>& keys, const struct ban& ban);
    void clear_hints();

    kernel::Maps& maps_;
    Policy policy_;
    kernel::MapWalk walk_;
    size_t seen_ = 0; // by this walk, that stand
    size_t standing_ = 0;
    bool may_stand_ = true, was_put_ = false;
    bool is_importing_ = false;
    std::chrono::steady_clock::time_point next_walk_{};
};

} // namespace ringwall::agent
