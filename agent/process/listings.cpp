// SPDX-License-Identifier: Apache-2.0
#include "agent/process/listings.hpp"

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <set>

#include "agent/control/holes.hpp"
#include "agent/control/sources.hpp"
#include "agent/dialog/record.hpp"
#include "agent/process/give_way.hpp"

namespace ringwall::agent {
namespace asio = boost::asio;
namespace json = boost::json;
using asio::awaitable;
namespace {

constexpr size_t at_a_time = 128; // a millisecond or two

control::Standing standing(const kernel::Maps& maps) {
    return {.pinhole =
                [&maps](const struct pinhole_key& key) {
                    const auto found = maps.find({&key, 1});
                    return found.empty() ? std::nullopt : std::optional(found.front());
                },
            .refusal = [&maps](const struct pinhole_key& key) { return maps.find_refusal(key); },
            .dialog = [&maps](uint64_t leg) { return maps.find_dialog(leg); }};
}

class Pinholes {
public:
    Pinholes(const Wall& wall, Now now) : maps_(wall.maps), holes_(holes_of(wall, now)) {}
    void gather(kernel::MapWalk& walk) {
        for (const auto& key : maps_.next_pinholes(walk)) keys_.insert(key);
    }
    bool is_empty() const { return keys_.empty(); }
    std::optional<json::object> take() {
        const auto key = keys_.extract(keys_.begin()).value();
        const auto found = maps_.find({&key, 1});
        return found.empty() ? std::nullopt : std::optional(holes_.pinhole(found.front()));
    }

private:
    const kernel::Maps& maps_;
    control::Holes holes_;
    std::set<struct pinhole_key, ByBytes> keys_;
};

class Calls {
public:
    Calls(const Wall& wall, Now now) : maps_(wall.maps), core_(wall.core), holes_(holes_of(wall, now)) {}
    void gather(kernel::MapWalk& walk) {
        for (const auto& [leg, record] : maps_.next_dialogs(walk))
            if (control::is_live_call(record)) legs_.emplace(record.started_ns, leg);
    }
    bool is_empty() const { return legs_.empty(); }
    std::optional<json::object> take() {
        const uint64_t leg = legs_.extract(legs_.begin()).value().second;
        const auto record = maps_.find_dialog(leg);
        if (!record || !control::is_live_call(*record)) return std::nullopt;
        return holes_.call(*record, core_.elsewhere_of(leg));
    }

private:
    const kernel::Maps& maps_;
    const Core& core_;
    control::Holes holes_;
    std::set<std::pair<uint64_t, uint64_t>> legs_; // by when they began
};

class Sources {
public:
    Sources(const Wall& wall, Now now) : wall_(wall), now_(now) {}
    void gather(kernel::MapWalk& walk) {
        for (const auto& [key, known] : wall_.maps.next_known(walk)) known_.emplace(key, known);
    }
    bool is_empty() const { return known_.empty(); }
    std::optional<json::object> take() {
        const auto one = known_.extract(known_.begin());
        return control::source(one.key(), one.mapped(), wall_.core.policy(), now_);
    }

private:
    const Wall& wall_;
    Now now_;
    std::map<struct known_key, struct known, ByBytes> known_;
};

// A JSON array of all that `Of` has.
template <class Of>
class Listing {
public:
    Listing(const Wall& wall, Now now) : of_(wall, now) {}

    awaitable<std::optional<std::string>> next() {
        if (is_over_) co_return std::optional<std::string>();
        std::string piece;
        if (!walk_.is_over) piece = "[";
        while (!walk_.is_over) { // of a co_await in a for's head g++ 12 cannot tell the type
            of_.gather(walk_);
            co_await give_way();
        }
        for (size_t looked_at = 0; looked_at < at_a_time && !of_.is_empty(); ++looked_at) {
            const auto entry = of_.take();
            if (!entry) continue;
            if (std::exchange(has_some_, true)) piece += ',';
            piece += json::serialize(*entry);
        }
        is_over_ = of_.is_empty();
        if (is_over_) piece += ']';
        co_await give_way();
        co_return piece;
    }

private:
    Of of_;
    kernel::MapWalk walk_;
    bool has_some_ = false, is_over_ = false;
};

template <class Of>
control::Pieces pieces(const Wall& wall, Now now) {
    return [listing = std::make_shared<Listing<Of>>(wall, now)] { return listing->next(); };
}

} // namespace

control::Holes holes_of(const Wall& wall, Now now) {
    control::Holes holes(standing(wall.maps), wall.core.policy(), now);
    for (const auto& opening : wall.core.opened_by_hand({})) holes.note_by_hand(dialog::record_of(opening));
    return holes;
}

control::Pieces pinholes(const Wall& wall, Now now) { return pieces<Pinholes>(wall, now); }
control::Pieces calls(const Wall& wall, Now now) { return pieces<Calls>(wall, now); }
control::Pieces sources(const Wall& wall, Now now) { return pieces<Sources>(wall, now); }

} // namespace ringwall::agent
