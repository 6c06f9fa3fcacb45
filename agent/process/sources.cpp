// SPDX-License-Identifier: Apache-2.0
#include "agent/process/sources.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "agent/control/holes.hpp"
#include "agent/control/sources.hpp"
#include "agent/process/give_way.hpp"
#include "agent/process/listings.hpp"
#include "maps/by_bytes.hpp"

namespace ringwall::agent {
namespace asio = boost::asio;
namespace json = boost::json;
using asio::awaitable;
namespace {

constexpr uint8_t whole_address = 128, v6_network = 64;

// Of one of its ports, of all of it, of its IPv6 /64.
bool is_about(const struct ban_key& key, const IpAddress& address) {
    return Prefix::of(IpAddress::from(key.address), key.port == BAN_NETWORK ? v6_network : whole_address)
        .contains(address);
}

awaitable<json::array> known_as(const Wall& wall, IpAddress address, Now now) {
    std::map<struct known_key, struct known, ByBytes> found;
    for (kernel::MapWalk walk; !walk.is_over;) {
        for (const auto& [key, known] : wall.maps.next_known(walk))
            if (control::network_of(key, known).contains(address)) found.emplace(key, known);
        co_await give_way();
    }
    json::array list;
    for (const auto& [key, known] : found)
        if (auto entry = control::source(key, known, wall.core.policy(), now)) list.push_back(std::move(*entry));
    co_return list;
}

awaitable<json::array> bans_of(const Wall& wall, IpAddress address, Now now) {
    std::string found = "[";
    for (kernel::MapWalk walk; !walk.is_over;) {
        for (const auto& [key, ban] : wall.maps.next_bans(walk))
            if (is_about(key, address)) control::append_ban(found, key, ban, now);
        co_await give_way();
    }
    co_return json::parse(found + "]").as_array();
}

struct CallsOf {
    json::array oldest;
    size_t count = 0;
};

awaitable<CallsOf> calls_of(const Wall& wall, IpAddress address, Now now) {
    std::map<std::pair<uint64_t, uint64_t>, struct dialog_record> oldest; // by when they began
    CallsOf calls;
    for (kernel::MapWalk walk; !walk.is_over;) {
        for (const auto& [leg, record] : wall.maps.next_dialogs(walk)) {
            if (!control::is_live_call(record) || Endpoint::from(record.outside).address != address) continue;
            ++calls.count;
            oldest.emplace(std::pair(record.started_ns, leg), record);
            if (oldest.size() > calls_shown) oldest.erase(std::prev(oldest.end()));
        }
        co_await give_way();
    }
    const control::Holes holes = holes_of(wall, now);
    for (const auto& [begun, record] : oldest)
        calls.oldest.push_back(holes.call(record, wall.core.elsewhere_of(begun.second)));
    co_return calls;
}

} // namespace

awaitable<std::string> about_source(const Wall& wall, IpAddress address, Now now) {
    json::object about = control::explanation(address, wall.core.policy()).as_object();
    about["known"] = co_await known_as(wall, address, now);
    about["bans"] = co_await bans_of(wall, address, now);
    CallsOf calls = co_await calls_of(wall, address, now);
    about["call_count"] = calls.count;
    about["calls"] = std::move(calls.oldest);
    control::DropRequest drops;
    drops.filter.source = Prefix::of(address, whole_address);
    about["drops"] = wall.drops.list(drops);
    co_return json::serialize(about);
}

} // namespace ringwall::agent
