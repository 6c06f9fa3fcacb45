// SPDX-License-Identifier: Apache-2.0
#include "agent/core.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "agent/core_state.hpp"
#include "agent/dialog/permitted.hpp"
#include "agent/dialog/record.hpp"
#include "policy/renumbering.hpp"

namespace ringwall {
namespace {

using pinhole::MapOps;
using pinhole::PresentPinhole;

// Of a leg: its ports, and who may send to them.
struct Reach {
    size_t ports = 0, senders = 0;
};

Reach reach_of(const dialog::Leg& leg, const policy::View& policy) {
    Reach reach;
    for (const pinhole::Claim& claim : dialog::permitted(leg.claims(), policy)) {
        ++reach.ports;
        reach.senders += claim.peers.size();
    }
    return reach;
}

std::map<pinhole::LegId, Reach> reaches(dialog::Table& table, const policy::View& policy) {
    std::map<pinhole::LegId, Reach> all;
    table.legs().each([&](pinhole::LegId id, const auto& leg) { all.emplace(id, reach_of(*leg, policy)); });
    return all;
}

// Live calls that a reload has taken something from.
void say_narrowed(dialog::Table& table, const std::map<pinhole::LegId, Reach>& before, const policy::View& policy,
                  Journal& journal) {
    table.legs().each([&](pinhole::LegId id, const auto& leg) {
        const Reach then = before.at(id), now = reach_of(*leg, policy);
        std::string what;
        if (now.ports < then.ports)
            what = "closes " + std::to_string(then.ports - now.ports) + " of the call's " + std::to_string(then.ports) +
                   " ports";
        else if (now.senders < then.senders) what = "denies who sends the call's media";
        if (what.empty()) return;
        journal.notice({Level::warn, "call.narrowed", "the new policy " + what, {{"call_id", leg->call_id}}});
    });
}

void say_shut(const dialog::ByHand& by_hand, const policy::View& before, const policy::View& policy, Journal& journal) {
    for (const auto& [id, opening] : by_hand.all()) {
        if (dialog::claims_of(opening, before).size() <= dialog::claims_of(opening, policy).size()) continue;
        journal.notice({Level::warn,
                        "pinhole.narrowed",
                        "the new policy shuts ports of " + opening.name + ", which were opened by hand at " +
                            opening.local.to_string(),
                        {{"name", opening.name}}});
    }
}

} // namespace

Core::Core(policy::View policy, std::array<uint64_t, 2> secret)
    : state_(std::make_unique<State>(std::move(policy), secret)) {}
Core::Core(Core&&) noexcept = default;
Core& Core::operator=(Core&&) noexcept = default;
Core::~Core() = default;

MapOps Core::restore(const pinhole::Present& present, Now now) {
    State& state = *state_;
    state.book.restore(present.pinholes);
    state.outsiders.restore(present);
    dialog::Effects effects;
    for (const auto& [id, record] : present.dialogs) {
        if (record.state == DIALOG_ENDED) {
            state.ended.add(now.monotonic, {id, holes_of(record)});
            continue;
        }
        if (record.flags & DIALOG_BY_HAND) {
            state.by_hand.restore(id, dialog::opening_of(record));
            continue;
        }
        state.table.restore(dialog::leg_of(id, record, state.claims_in(record), state.policy), now.monotonic);
        effects.changed.insert(id);
    }
    state.table.reconsider(state.policy); // the configuration may have changed while nobody ran
    state.note(effects, now);
    state.claim_by_hand();
    return state.plan(now);
}

void Core::hear(const Datagram& datagram, Now now) {
    State& state = *state_;
    const auto event = state.reader.read(datagram, now);
    if (!event) return;
    state.defend(*event, datagram.protocol);
    const dialog::Effects effects = state.table.on(*event);
    state.reach(effects, event->reached_at);
    state.note(effects, now);
}

const MapOps& Core::changes(Now now) { return state_->plan(now); }

MapOps Core::on_datagram(const Datagram& datagram, Now now) {
    hear(datagram, now);
    return changes(now);
}

MapOps Core::open(const dialog::Opening& opening, Now now) {
    const pinhole::LegId id = state_->by_hand.open(opening);
    if (id != 0) {
        state_->claim(id, opening);
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(opening.life).count();
        const std::string local = opening.local.to_string();
        state_->journal.notice(
            {Level::info,
             "pinhole.by_hand",
             local + " is opened by hand, for " + opening.name + ", for " + std::to_string(seconds) + " s",
             {{"local", local}, {"name", opening.name}}});
    }
    return state_->plan(now);
}

bool Core::is_open(const dialog::Opening& opening) const {
    const auto claims = dialog::claims_of(opening, state_->policy);
    const bool is_known = !state_->by_hand.matching({opening.name, opening.local, opening.protocol}).empty();
    return is_known && std::ranges::all_of(claims, [&](const pinhole::Claim& claim) {
               return state_->book.present(claim.key()) != nullptr;
           });
}

std::vector<dialog::Opening> Core::opened_by_hand(const dialog::Closing& closing) const {
    std::vector<dialog::Opening> found;
    for (const pinhole::LegId id : state_->by_hand.matching(closing)) found.push_back(state_->by_hand.all().at(id));
    return found;
}

MapOps Core::close(const dialog::Closing& closing, Now now) {
    for (const pinhole::LegId id : state_->by_hand.matching(closing)) state_->let_go(id, now);
    return state_->plan(now);
}

std::vector<struct pinhole_key> Core::due(Now now) const {
    std::vector<struct pinhole_key> keys;
    state_->book.due(now.monotonic, keys);
    std::vector<pinhole::HoleKey> asked;
    state_->table.due(now.monotonic, asked);
    for (const pinhole::HoleKey& key : asked) keys.push_back(key.abi());
    return keys;
}

MapOps Core::tick(std::span<const PresentPinhole> seen, Now now) {
    State& state = *state_;
    std::unordered_map<pinhole::HoleKey, dialog::MediaSeen> media;
    for (const PresentPinhole& hole : seen)
        media[pinhole::HoleKey::from(hole.key)] = {pinhole::from_ns(hole.value.last_in_ns),
                                                   pinhole::from_ns(hole.value.last_out_ns), hole.value.packets};
    dialog::Effects effects = state.table.tick(now.monotonic, [&](const pinhole::HoleKey& key) {
        const auto found = media.find(key);
        return found == media.end() ? dialog::MediaSeen{} : found->second;
    });
    state.book.bury(seen, now.monotonic);
    state.outsiders.tick(now.monotonic);
    state.defence.tick(now.monotonic);
    state.note(effects, now);
    for (const pinhole::LegId id : state.by_hand.expired(now.monotonic)) state.let_go(id, now);
    state.take_ceilings(now, true);
    return state.plan(now);
}

std::vector<Endpoint> Core::watched() const { return state_->defence.watched(); }

MapOps Core::on_excess(std::span<const std::pair<Endpoint, uint32_t>> packets, Now now) {
    State& state = *state_;
    for (const auto& [source, count] : packets)
        state.defence.on_excess(source, count, state.policy, state.outsiders.parties(), now.monotonic);
    return state.plan(now);
}

MapOps Core::on_failed(std::span<const struct operation> failed, Now now) {
    for (const struct operation& operation : failed) {
        if (operation.code <= OP_DELETE_PINHOLE) state_->book.on_failed(operation, now.monotonic);
        else if (operation.code == OP_CHANGE_DIALOG) state_->has_no_record(operation);
        else if (operation.code != OP_END_DIALOG)
            state_->journal.count(operation.code == OP_PUT_BAN ? "bans_full" : "party_map_full");
    }
    return state_->book.plan(now.monotonic);
}

MapOps Core::reload(policy::View policy, Now now) {
    State& state = *state_;
    const auto before = reaches(state.table, state.policy);
    const auto numbers = policy::renumbering(state.policy.config(), policy.config());
    state.outsiders.renumber(numbers, policy);
    state.book.renumber(numbers, now.monotonic, state.next);
    const policy::View old_policy = std::exchange(state.policy, std::move(policy));
    const policy::Timers& timers = state.policy.config().timers;
    state.book.set_timers(book_timers(timers));
    state.table.set_timers(table_timers(timers));
    state.table.reconsider(state.policy);
    say_narrowed(state.table, before, state.policy, state.journal);
    dialog::Effects effects;
    state.table.legs().each([&](pinhole::LegId id, const auto&) { effects.changed.insert(id); });
    state.note(effects, now);
    say_shut(state.by_hand, old_policy, state.policy, state.journal);
    state.claim_by_hand();
    state.take_ceilings(now, true);
    return state.plan(now);
}

const policy::View& Core::policy() const { return state_->policy; }

bool Core::is_stranger(const Endpoint& outside, uint8_t zone, pinhole::TimePoint now) const {
    return !state_->policy.is_declared_peer(zone) && !state_->outsiders.parties().is_told(outside, now);
}

dialog::CallCounts Core::calls_from_outside() const { return state_->table.ceilings().counts(); }

std::optional<Endpoint> Core::elsewhere_of(pinhole::LegId leg) const {
    return state_->elsewhere_of(state_->table.leg(leg));
}

std::optional<dialog::Elsewhere> Core::elsewhere_at(Port port) const {
    for (const unsigned named : {unsigned{port.value}, port.value - 1U}) {
        const auto found = state_->elsewhere.find(static_cast<uint16_t>(named));
        const dialog::Leg* leg = found == state_->elsewhere.end() ? nullptr : state_->table.leg(found->second);
        if (const auto endpoint = state_->elsewhere_of(leg); endpoint && endpoint->port.value == named)
            return dialog::Elsewhere{leg->call_id, *endpoint, leg->counterpart};
    }
    return std::nullopt;
}

// By its address, or as one of a declared peer's: what scans the ports is not taken for it.
bool Core::is_sent_elsewhere(const Endpoint& source, const Endpoint& destination) const {
    const auto call = elsewhere_at(destination.port);
    if (!call || call->named.address.is_v4() != destination.address.is_v4()) return false;
    const dialog::Counterpart& party = call->party;
    return party.signalling.address == source.address ||
           (party.is_declared && state_->policy.zone_of(source.address) == party.zone);
}

Census Core::census() const { return {.pinholes = state_->book.standing(), .calls = state_->calls}; }

std::vector<CoreCounter> Core::counters() const {
    const dialog::TableCounters& table = state_->table.counters();
    const pinhole::BookCounters& book = state_->book.counters();
    const dialog::Outsiders& outsiders = state_->outsiders;
    const dialog::ExternalsCounters& externals = outsiders.externals().counters();
    const dialog::DefenceCounters& defence = state_->defence.counters();
    const dialog::CallCounts ceilings = state_->table.ceilings().counts();
    std::vector<CoreCounter> all{{"calls_answered", table.calls_answered},
                                 {"calls_failed", table.calls_failed},
                                 {"calls_ended", table.calls_ended},
                                 {"unknown_transaction", table.unknown_transaction},
                                 {"refused_elsewhere", table.refused_elsewhere},
                                 {"unknown_dialog", table.unknown_dialog},
                                 {"legs_full", table.legs_full},
                                 {"forks_full", table.forks_full},
                                 {"transactions_full", table.transactions_full},
                                 {"descriptions_full", table.descriptions_full},
                                 {"pinholes_opened", book.opened},
                                 {"pinholes_closed", book.closed},
                                 {"pinholes_refused_full", book.refused_full},
                                 {"pinholes_widened", book.widened},
                                 {"peer_sets_full", book.peer_sets_full},
                                 {"known_full", outsiders.parties().refused_full()},
                                 {"learned_full", outsiders.learned_ports().refused_full()},
                                 {"externals_full", externals.refused_full},
                                 {"phones_registered", defence.phones_registered},
                                 {"sources_proven", defence.sources_proven},
                                 {"sources_unproven_full", defence.sources_unproven_full},
                                 {"guesses_passwords", defence.guesses_passwords},
                                 {"guesses_names", defence.guesses_names},
                                 {"attack_tools", defence.attack_tools},
                                 {"excess_packets", defence.excess_packets},
                                 {"calls_over_ceiling", ceilings.over},
                                 {"calls_without_ports", ceilings.without_ports}};
    for (const auto& [label, count] : state_->journal.counters()) all.push_back({label, count});
    return all;
}

std::vector<dialog::Join> Core::take_joins(size_t most) { return state_->outsiders.take_joins(most); }
void Core::set_debugged(bool is_debugged) { state_->is_debugged = is_debugged; }
std::vector<Notice> Core::take_notices() { return state_->journal.take_notices(); }

} // namespace ringwall
