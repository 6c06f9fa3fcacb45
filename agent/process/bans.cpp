// SPDX-License-Identifier: Apache-2.0
#include "agent/process/bans.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>

#include "agent/pinhole/map_value.hpp"
#include "agent/process/give_way.hpp"

namespace ringwall::agent {
namespace asio = boost::asio;
namespace json = boost::json;
using asio::awaitable;
using namespace std::chrono_literals;
namespace {

constexpr auto walk_interval = 30s;
constexpr size_t part = 2048; // of a long list: a millisecond or two
constexpr int tries = 20;     // the kernel refills its memory for elements between two looks
constexpr size_t most_named = 10;

class Importing {
public:
    explicit Importing(bool& flag) : flag_(flag) { flag_ = true; }
    ~Importing() { flag_ = false; }
    Importing(const Importing&) = delete;
    Importing& operator=(const Importing&) = delete;

private:
    bool& flag_;
};

// A JSON array of them all.
class Listing {
public:
    Listing(const kernel::Maps& maps, Now now) : maps_(maps), now_(now) {}

    awaitable<std::optional<std::string>> next() {
        if (walk_.is_over) co_return std::optional<std::string>();
        std::string piece = walk_.is_begun ? "" : "[", some;
        for (const auto& [key, ban] : maps_.next_bans(walk_)) control::append_ban(some, key, ban, now_);
        if (!some.empty() && std::exchange(has_some_, true)) piece += ',';
        piece += some;
        if (walk_.is_over) piece += ']';
        co_await give_way();
        co_return piece;
    }

private:
    const kernel::Maps& maps_;
    Now now_;
    kernel::MapWalk walk_;
    bool has_some_ = false;
};

} // namespace

std::string Bans::protector_of(const struct ban_key& key) const {
    const policy::View& policy = policy_();
    const IpAddress address = IpAddress::from(key.address);
    if (policy.is_protected(address)) return "lies inside (protect.networks)";
    if (policy.is_allowed(address)) return "is on the allow list, which no ban overrides";
    if (policy.is_declared_peer(policy.zone_of(address)))
        return "belongs to peer " + std::string(policy.zone_name(policy.zone_of(address))) +
               ", which no ban overrides: deny.networks does";
    return {};
}

Result<std::string> Bans::add(const control::BanRequest& request, Now now) {
    if (const auto protector = protector_of(request.key); !protector.empty())
        return fail(to_string(request.key) + " " + protector);
    pinhole::MapOps ops;
    ops.operations.push_back(pinhole::put_ban(request.key, control::ban_by_command(request.terms, now)));
    const auto failed = maps_.apply(ops);
    noted();
    if (failed.empty()) return json::serialize(json::object{{"ok", true}, {"source", to_string(request.key)}});
    if (failed[0].result == -E2BIG) return fail("no room: " + std::to_string(BANS) + " bans stand");
    return fail_errno(-failed[0].result, "ban " + to_string(request.key));
}

awaitable<Bans::BanKeys> Bans::standing_within(struct ban_key key, Now now) const {
    const auto stands = [now_ns = pinhole::to_ns(now.monotonic)](const struct ban& ban) {
        return ban.until_ns > now_ns; // what is over is the walk's, which has not met it yet
    };
    BanKeys found; // a set: a walk that begins anew in mid-way meets some twice
    if (const auto own = maps_.find_ban(key); own && stands(*own)) found.insert(key);
    if (key.port != BAN_ADDRESS && key.port != BAN_NETWORK) co_return found;
    for (kernel::MapWalk walk; !walk.is_over; co_await give_way())
        for (const auto& [each, ban] : maps_.next_bans(walk))
            if (stands(ban) && lies_within(each, key)) found.insert(each);
    co_return found;
}

std::string Bans::still_banned_by(const struct ban_key& key, Now now) const {
    const IpAddress address = IpAddress::from(key.address);
    const uint32_t port = key.port == BAN_ADDRESS || key.port == BAN_NETWORK ? 0 : key.port;
    for (const struct ban_key& wider : ban_keys_of({address, Port{static_cast<uint16_t>(port)}})) {
        if (lies_within(wider, key) || !lies_within(key, wider)) continue;
        const auto ban = maps_.find_ban(wider);
        if (ban && ban->until_ns > pinhole::to_ns(now.monotonic)) return to_string(wider);
    }
    return {};
}

// Not a coroutine: g++ 12 takes the temporaries of one for mismatched news and deletes.
Result<std::string> Bans::lift(const BanKeys& found, const struct ban_key& key, const std::string& wider) {
    const std::string but = wider.empty() ? "" : "; the ban of " + wider + " holds for it";
    if (found.empty()) return fail("no ban of " + to_string(key) + but + "; `ringwall bans` lists them");
    pinhole::MapOps ops;
    json::array lifted;
    for (const struct ban_key& each : found) {
        ops.operations.push_back(pinhole::delete_ban(each));
        lifted.emplace_back(to_string(each));
    }
    for (const auto& failed : maps_.apply(ops))
        if (failed.result != -ENOENT) // it has ended meanwhile
            return fail_errno(-failed.result, "lift the ban of " + to_string(key));
    json::object done{{"ok", true}, {"source", to_string(key)}, {"lifted", std::move(lifted)}};
    if (!wider.empty()) done["still_banned_by"] = wider;
    return json::serialize(done);
}

awaitable<Result<std::string>> Bans::remove(struct ban_key key, Now now) {
    const BanKeys found = co_await standing_within(key, now);
    co_return lift(found, key, still_banned_by(key, now));
}

control::Pieces Bans::list(Now now) const {
    return [listing = std::make_shared<Listing>(maps_, now)] { return listing->next(); };
}

awaitable<size_t> Bans::new_among(const std::vector<struct ban_key>& keys) {
    size_t fresh = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
        fresh += !maps_.find_ban(keys[i]);
        if (i % part == part - 1) co_await give_way();
    }
    co_return fresh;
}

// How many found no room, or no memory.
awaitable<size_t> Bans::put(const std::vector<struct ban_key>& keys, const struct ban& ban) {
    size_t refused = 0;
    for (size_t done = 0; done < keys.size(); done += part) {
        pinhole::MapOps ops;
        for (size_t i = done; i < std::min(done + part, keys.size()); ++i)
            ops.operations.push_back(pinhole::put_ban(keys[i], ban));
        for (int left = tries; !ops.operations.empty() && left > 0; --left) {
            ops.operations = maps_.apply(ops);
            co_await give_way();
        }
        refused += ops.operations.size();
        noted();
    }
    co_return refused;
}

awaitable<Result<std::string>> Bans::import(std::string body, Now now) {
    if (is_importing_) co_return fail("another list is being imported");
    const Importing importing(is_importing_);
    auto lines = control::BanLines::open(body);
    if (!lines) co_return tl::make_unexpected(lines.error());
    std::vector<struct ban_key> keys;
    json::array named;
    size_t left_out = 0;
    for (bool has_more = true; has_more;) {
        const size_t before = keys.size();
        const auto read = lines->read(part, keys);
        if (!read) co_return tl::make_unexpected(read.error());
        has_more = *read;
        const auto is_left_out = [&](const struct ban_key& key) {
            const std::string protector = protector_of(key);
            if (!protector.empty() && named.size() < most_named) named.emplace_back(to_string(key) + " " + protector);
            return !protector.empty();
        };
        const auto kept = std::remove_if(keys.begin() + static_cast<ptrdiff_t>(before), keys.end(), is_left_out);
        left_out += static_cast<size_t>(keys.end() - kept);
        keys.erase(kept, keys.end());
        co_await give_way();
    }
    size_t standing = 0;
    for (kernel::MapWalk walk; !walk.is_over; co_await give_way()) standing += maps_.next_bans(walk).size();
    if (standing + keys.size() > BANS && standing + co_await new_among(keys) > BANS)
        co_return fail("no room: " + std::to_string(standing) + " bans stand, and the table holds " +
                       std::to_string(BANS) + "; nothing was taken");
    const size_t refused = co_await put(keys, control::ban_by_command(lines->terms(), now));
    if (refused != 0)
        co_return fail(std::to_string(refused) + " of " + std::to_string(keys.size()) + " bans found no room");
    co_return json::serialize(
        json::object{{"ok", true}, {"taken", keys.size()}, {"left_out", left_out}, {"examples", std::move(named)}});
}

void Bans::sweep(Now now) {
    if (!walk_.is_begun && (!may_stand_ || now.monotonic < next_walk_)) return;
    if (!walk_.is_begun) {
        seen_ = 0;
        was_put_ = false;
        next_walk_ = now.monotonic + walk_interval;
    }
    const auto now_ns = pinhole::to_ns(now.monotonic);
    pinhole::MapOps over;
    for (const auto& [key, ban] : maps_.next_bans(walk_)) {
        if (ban.until_ns <= now_ns) over.operations.push_back(pinhole::delete_ban(key));
        else ++seen_;
    }
    maps_.apply(over);
    if (!walk_.is_over) return;
    walk_ = {};
    standing_ = seen_;
    if (seen_ != 0 || was_put_) return;
    may_stand_ = false;
    clear_hints();
}

void Bans::clear_hints() {
    pinhole::MapOps ops;
    for (uint32_t page = 0; page < HINT_PAGES; ++page) ops.operations.push_back(pinhole::clear_ban_hints(page));
    maps_.apply(ops);
}

} // namespace ringwall::agent
