// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/ceilings.hpp"

#include <algorithm>
#include <cstring>

#include "agent/dialog/guesses.hpp"
#include "maps/fnv1a.hpp"

namespace ringwall::dialog {
namespace {

// What was on its way when the kernel was told: the same instant, and a clock that is 4 ms stale.
constexpr std::chrono::milliseconds in_flight{20};

bool is_reached(uint64_t count, uint32_t most) { return most != 0 && count >= most; }

// As the programs compare it: the first digit in the lowest byte.
uint64_t packed(const std::string& number) {
    uint64_t value = 0;
    if (number.size() > sizeof value) return 0;
    for (size_t i = 0; i < number.size(); ++i) value |= uint64_t{static_cast<uint8_t>(number[i])} << 8 * i;
    return value;
}

std::string name_of(const struct known_key& source) {
    const IpAddress address = IpAddress::from(source.address);
    if (source.port != 0) return Endpoint{address, Port{static_cast<uint16_t>(source.port)}}.to_string();
    const Prefix household = household_of(address);
    return household.length == 128 ? address.to_string() : household.to_string();
}

} // namespace

Outset outset_of(const Counterpart& caller, bool is_registered, bool is_strangers) {
    const Endpoint& from = caller.signalling;
    const struct known_key source = is_registered ? known_key{from.address.abi(), from.port.value}
                                                  : known_key{household_of(from.address).address.abi(), 0};
    return {.source = source, .zone = caller.zone, .is_strangers = is_strangers};
}

void Ceilings::add(const Outset& outset, int calls, int half_open) {
    has_changed_ = true;
    Count& count = sources_[outset.source];
    count.calls += static_cast<uint32_t>(calls);
    count.half_open += static_cast<uint32_t>(half_open);
    calls_ += static_cast<uint64_t>(calls);
    half_open_ += static_cast<uint64_t>(half_open);
    by_zone_[outset.zone] += static_cast<uint64_t>(calls);
    if (outset.is_strangers) {
        strangers_ += static_cast<uint64_t>(calls);
        strangers_half_open_ += static_cast<uint64_t>(half_open);
    }
    touched_.insert(outset.source);
}

// Over UDP the programs refuse it: this one came by TCP, or while they were being told.
bool Ceilings::is_over(const Outset& outset, TimePoint now) const {
    const auto is_past = [&](TimePoint since) { return since != TimePoint{} && now > since + in_flight; };
    const auto source = sources_.find(outset.source);
    return (source != sources_.end() && is_past(source->second.full_since)) ||
           (outset.is_strangers && is_past(strangers_full_since_));
}

void Ceilings::began(Leg& leg, TimePoint now) {
    if (!leg.outset) return;
    const bool is_over_ceiling = is_over(*leg.outset, now);
    over_ += is_over_ceiling;
    // What the programs let through has its ports, however far behind them we are: it passed before they were told.
    leg.outset->opens_nothing =
        is_over_ceiling && leg.outset->is_by_stream && leg.outset->is_strangers && has_no_ports_left_;
    without_ports_ += leg.outset->opens_nothing;
    add(*leg.outset, leg.outset->is_half_open ? 0 : 1, leg.outset->is_half_open ? 1 : 0);
}

void Ceilings::heard(Leg& leg) {
    if (!leg.outset || !leg.outset->is_half_open) return;
    leg.outset->is_half_open = false;
    add(*leg.outset, 1, -1);
}

void Ceilings::ended(Leg& leg) {
    if (!leg.outset) return;
    add(*leg.outset, leg.outset->is_half_open ? 0 : -1, leg.outset->is_half_open ? -1 : 0);
    leg.outset.reset();
}

void Ceilings::moved(Leg& leg) {
    if (!leg.outset) return;
    Outset outset = *leg.outset;
    ended(leg);
    outset.zone = leg.counterpart.zone;
    leg.outset = outset;
    add(outset, outset.is_half_open ? 0 : 1, outset.is_half_open ? 1 : 0);
}

bool Ceilings::is_at_ceiling(const struct known_key& source, const Count& count, const policy::View& policy) const {
    const policy::Ceiling& ceiling = policy.ceiling(policy.zone_of(IpAddress::from(source.address)));
    return is_reached(count.calls, ceiling.calls_per_source) ||
           is_reached(count.half_open, ceiling.half_open_per_source);
}

std::vector<Ceilings::Full> Ceilings::look(const policy::View& policy, const Rooms& rooms, TimePoint now, bool is_due) {
    std::vector<Full> changes;
    if (!std::exchange(has_changed_, false) && !is_due) return changes;
    for (const struct known_key& source : std::exchange(touched_, {})) {
        const auto found = sources_.find(source);
        if (found == sources_.end()) continue;
        Count& count = found->second;
        const bool was_full = count.full_since != TimePoint{}, is_full = is_at_ceiling(source, count, policy);
        if (is_full != was_full) {
            changes.push_back({source, is_full});
            count.full_since = is_full ? now : TimePoint{};
            is_full ? ++sources_full_ : --sources_full_;
            if (is_full)
                notices_.push_back(name_of(source) + " has as many calls as it may (" + std::to_string(count.calls) +
                                   ", and " + std::to_string(count.half_open) + " half-open): the next are refused");
        }
        if (count.is_empty()) sources_.erase(found);
    }
    look_at_parties(policy);
    look_at_all(policy, rooms, now);
    return changes;
}

void Ceilings::notice_party(size_t zone, const policy::View& policy) {
    notices_.push_back(std::string(policy.is_declared_peer(static_cast<uint8_t>(zone)) ? "peer " : "zone ") +
                       std::string(policy.zone_name(static_cast<uint8_t>(zone))) + " has as many calls as it may (" +
                       std::to_string(by_zone_[zone]) + "): the next are refused");
}

void Ceilings::look_at_parties(const policy::View& policy) {
    const size_t count = 1 + policy.config().peers.size() + policy.config().zones.size();
    for (size_t number = 0; number < count; ++number) {
        const auto zone = static_cast<uint8_t>(number);
        const bool is_full = is_reached(by_zone_[number], policy.ceiling(zone).calls);
        if (is_full && wanted_.full_zones[number] == 0) notice_party(number, policy);
        wanted_.full_zones[number] = is_full ? fnv1a(policy.zone_name(zone)) : 0; // as the compiler names them
    }
    std::memset(wanted_.full_zones + count, 0, (ZONES - count) * sizeof *wanted_.full_zones); // of a policy before
}

// Where no peer is declared everyone is a stranger, and has all that there is.
void Ceilings::look_at_all(const policy::View& policy, const Rooms& rooms, TimePoint now) {
    const uint64_t most = policy.config().ceilings.calls;
    const uint64_t share = policy.config().peers.empty() ? most : std::max<uint64_t>(most / 2, 1);
    const uint64_t ports = rooms.ports + strangers_half_open_ * ports_per_half_open;
    has_no_ports_left_ = rooms.ports + rooms.port_capacity / reserved_part >= rooms.port_capacity;
    const bool is_tight = ports + rooms.port_capacity / reserved_part >= rooms.port_capacity;
    const bool is_strangers_end = strangers_ >= share || strangers_half_open_ >= most_half_open || is_tight ||
                                  rooms.legs >= policy::most_calls ||
                                  rooms.strangers_transactions >= 2 * most_half_open;
    const uint32_t flags = (is_strangers_end ? CEILING_STRANGERS : 0) | (calls_ >= most ? CEILING_ALL : 0);
    if (flags & ~wanted_.flags)
        notices_.push_back(flags & CEILING_ALL
                               ? "all together have as many calls from outside as they may: the next are refused"
                               : "strangers have as many calls as they may: their next are refused");
    wanted_.flags = flags;
    if (!is_strangers_end) strangers_full_since_ = {};
    else if (strangers_full_since_ == TimePoint{}) strangers_full_since_ = now;
    const auto& numbers = policy.config().emergency;
    for (size_t i = 0; i < EMERGENCY_NUMBERS; ++i) wanted_.emergency[i] = i < numbers.size() ? packed(numbers[i]) : 0;
}

std::optional<struct call_ceilings> Ceilings::take_changes() {
    if (was_told_ && std::memcmp(&told_, &wanted_, sizeof told_) == 0) return std::nullopt;
    was_told_ = true;
    told_ = wanted_;
    return told_;
}

CallCounts Ceilings::counts() const {
    return {.calls = calls_,
            .half_open = half_open_,
            .strangers = strangers_,
            .sources_full = sources_full_,
            .parties_full = static_cast<uint64_t>(
                std::ranges::count_if(told_.full_zones, [](uint64_t identity) { return identity != 0; })),
            .over = over_,
            .without_ports = without_ports_};
}

} // namespace ringwall::dialog
