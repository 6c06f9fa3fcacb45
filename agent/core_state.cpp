// SPDX-License-Identifier: Apache-2.0
#include "agent/core_state.hpp"

#include <algorithm>
#include <cstring>

#include "agent/dialog/permitted.hpp"
#include "agent/dialog/record.hpp"
#include "maps/bans.hpp"

namespace ringwall {
namespace {

using pinhole::PresentPinhole;

// When it is asked whether a hole still names an ended leg: once its drain is over, and then at the end of that hole.
constexpr std::chrono::seconds first_look{5}, longest_look{60};

std::string outside_of(const dialog::Leg& leg) {
    const std::string& uri = leg.begun_inside ? leg.to : leg.from;
    return uri.empty() ? leg.counterpart.signalling.to_string() : uri;
}

} // namespace

dialog::TableTimers table_timers(const policy::Timers& timers) { return {timers.early, timers.bye, timers.max_call}; }
pinhole::BookTimers book_timers(const policy::Timers& timers) {
    return {timers.drain, timers.idle, timers.held, timers.tombstone};
}

std::vector<pinhole::HoleKey> holes_of(const struct dialog_record& record) {
    std::vector<pinhole::HoleKey> keys;
    for (size_t i = 0; i < std::min<size_t>(record.claim_count, CLAIMS_PER_LEG); ++i)
        keys.push_back(pinhole::HoleKey::from(record.claims[i].key));
    return keys;
}

std::vector<pinhole::HoleKey> holes_of(const dialog::Leg& leg) {
    std::vector<pinhole::HoleKey> keys = leg.keys();
    if (keys.size() > CLAIMS_PER_LEG) keys.resize(CLAIMS_PER_LEG);
    return keys;
}

Core::State::State(policy::View view, std::array<uint64_t, 2> secret)
    : policy(std::move(view)),
      hash(secret),
      table(table_timers(policy.config().timers), hash),
      book(book_timers(policy.config().timers)),
      outsiders(hash),
      by_hand(hash),
      defence(hash),
      reader(hash, policy, table, book, outsiders, journal) {}

void Core::State::note(const dialog::Effects& effects, Now now) {
    for (const dialog::Leg& leg : effects.ended) end(leg, now);
    for (const dialog::LegId id : effects.changed) change(*table.leg(id), now);
    for (const dialog::LegId id : effects.woken) book.wake(id, now.monotonic);
}

void Core::State::reach(const dialog::Effects& effects, const std::vector<Endpoint>& named) {
    for (const dialog::LegIds* ids : {&effects.changed, &effects.woken})
        for (const dialog::LegId id : *ids)
            if (dialog::Leg* leg = table.leg(id)) outsiders.learned_ports().use(*leg, named);
}

void Core::State::end(const dialog::Leg& leg, Now now) {
    book.release(leg.id, leg.has_outlived);
    outsiders.learned_ports().release(leg);
    outsiders.parties().left(leg, now.monotonic);
    if (leg.has_outlived) say_outlived(leg);
    if (leg.is_announced) say_ended(leg);
    if (leg.elsewhere)
        if (const auto found = elsewhere.find(leg.elsewhere->port.value);
            found != elsewhere.end() && found->second == leg.id)
            elsewhere.erase(found);
    if (leg.counted_as != 0) --calls[leg.counted_as];
    if (leg.is_recorded) end_record(leg, now);
}

// Nothing once a reload, or a STUN server, has made that address ours: the next offer or answer opens its port.
std::optional<Endpoint> Core::State::elsewhere_of(const dialog::Leg* leg) const {
    if (leg == nullptr || !leg->elsewhere) return std::nullopt;
    return outsiders.externals().is_inside(leg->elsewhere->address, policy) ? std::nullopt : leg->elsewhere;
}

// What stands in the map is as of the last plan, and so are the pinholes that its holes explain.
void Core::State::end_record(const dialog::Leg& leg, Now now) {
    if (leg.is_put) {
        records_to_end.emplace_back(leg.id, pinhole::to_ns(now.monotonic));
        ended.add(now.monotonic + first_look, {leg.id, holes_of(leg)});
        return;
    }
    struct dialog_record& record = put_record(leg.id);
    dialog::write(leg, record);
    keep(leg.id, record, now);
}

struct dialog_record& Core::State::put_record(pinhole::LegId id) {
    auto& [leg, record] = next.put_dialogs.emplace_back();
    leg = id;
    return record;
}

void Core::State::keep(pinhole::LegId id, struct dialog_record& record, Now now) {
    record.state = DIALOG_ENDED;
    record.deadline_ns = pinhole::to_ns(now.monotonic);
    ended.add(now.monotonic + first_look, {id, holes_of(record)});
}

void Core::State::change(dialog::Leg& leg, Now now) {
    std::vector<pinhole::Claim> claims = claims_of(leg);
    const size_t count = claims.size();
    book.set({leg.id, leg.group, leg.deadline, leg.soft_deadline, std::move(claims)});
    const bool is_answered = leg.state != dialog::LegState::early;
    const bool is_somebodys_word = leg.awaits_ack; // who answered it is no party yet
    if ((leg.begun_inside || is_answered) && !is_somebodys_word) outsiders.parties().joined(leg, now.monotonic);
    if (is_answered && !std::exchange(leg.is_announced, true) && !leg.is_restored) say_started(leg, count);
    if (!leg.is_recorded && leg.is_strangers && leg.is_unheard) return; // the inside has not taken it up
    leg.is_recorded = true;
    if (leg.elsewhere) elsewhere[leg.elsewhere->port.value] = leg.id;
    recount(leg);
    unrecorded.push_back(leg.id);
}

void Core::State::say_started(const dialog::Leg& leg, size_t pinholes) {
    if (!is_debugged) return;
    const std::string with = outside_of(leg);
    journal.notice({Level::debug,
                    "call.start",
                    "call with " + with + " answered, " + std::to_string(pinholes) + " pinholes",
                    {{"call_id", leg.call_id}, {"with", with}}});
}

void Core::State::say_ended(const dialog::Leg& leg) {
    if (!is_debugged) return;
    const std::string with = outside_of(leg);
    journal.notice(
        {Level::debug, "call.end", "call with " + with + " ended", {{"call_id", leg.call_id}, {"with", with}}});
}

void Core::State::recount(dialog::Leg& leg) {
    if (leg.counted_as != 0) --calls[leg.counted_as];
    leg.counted_as = static_cast<uint8_t>(leg.state);
    ++calls[leg.counted_as];
}

void Core::State::say_outlived(const dialog::Leg& leg) {
    const std::string with = outside_of(leg);
    journal.notice({Level::warn,
                    "call.outlived",
                    "call with " + with + " was still up at the end of timers.max_call: its ports are shut",
                    {{"call_id", leg.call_id}, {"with", with}}});
}

// Of one call at most so many, the first of its description: audio, nearly always. And none at all for a stranger's that
// came past a ceiling when nothing was left but what is kept for the inside and for peers.
std::vector<pinhole::Claim> Core::State::claims_of(const dialog::Leg& leg) {
    if (leg.outset && leg.outset->opens_nothing) return {};
    auto claims = dialog::permitted(leg.claims(), policy);
    if (const size_t most = policy.config().ceilings.ports_per_call; claims.size() > most) {
        claims.resize(most);
        journal.count("ports_over_ceiling");
        journal.notice({Level::warn,
                        "ceiling",
                        "a call wants more than " + std::to_string(most) +
                            " ports (ceilings.ports_per_call): the others stay shut",
                        {{"call_id", leg.call_id}}});
    }
    return claims;
}

void Core::State::take_ceilings(Now now, bool is_due) {
    dialog::Ceilings& ceilings = table.ceilings();
    const dialog::Rooms rooms{.legs = table.legs().size(),
                              .strangers_transactions = table.strangers_transactions(),
                              .ports = book.claimed(),
                              .port_capacity = policy.config().tables.pinholes};
    for (const auto& [source, is_full] : ceilings.look(policy, rooms, now.monotonic, is_due))
        outsiders.parties().filled(source, is_full, now.monotonic);
    for (std::string& sentence : ceilings.take_notices()) journal.notice({Level::warn, "ceiling", std::move(sentence)});
    if (auto changes = ceilings.take_changes()) next.ceilings = std::move(changes);
}

// One record a leg, however many messages changed it; whole the first time, and then what may have changed in place.
void Core::State::put_records() {
    std::ranges::sort(unrecorded);
    unrecorded.erase(std::unique(unrecorded.begin(), unrecorded.end()), unrecorded.end());
    next.put_dialogs.reserve(next.put_dialogs.size() + unrecorded.size());
    for (const pinhole::LegId id : unrecorded)
        if (dialog::Leg* leg = table.leg(id); leg && leg->is_recorded) {
            struct dialog_record& record = leg->put ? changed = {} : put_record(id);
            dialog::write(*leg, record);
            const dialog::Put put = dialog::put_of(record);
            if (leg->put) dialog::write_changes(id, *leg->put, put, record, next.operations);
            leg->put = put;
            leg->is_put = true;
        }
    unrecorded.clear();
}

void Core::State::has_no_record(const struct operation& operation) {
    pinhole::LegId id = 0;
    std::memcpy(&id, operation.key, sizeof id);
    dialog::Leg* leg = table.leg(id);
    if (!leg) return;
    leg->put.reset();
    unrecorded.push_back(id);
}

// A record by a call of the same Call-ID and tag, which may not be on record itself.
bool Core::State::is_taken_over(pinhole::LegId id) {
    const dialog::Leg* successor = table.leg(id);
    return (successor && successor->is_recorded) || by_hand.has(id);
}

// Where live calls need the room, the oldest of what only explains gives way.
void Core::State::make_room_for_records() {
    while (!ended.empty() && table.legs().size() + ended.size() > DIALOGS) {
        const pinhole::LegId id = ended.take().id.leg;
        if (!is_taken_over(id)) next.delete_dialogs.push_back(id);
    }
}

void Core::State::forget_ended(Now now) {
    while (ended.is_due(now.monotonic)) {
        Ended oldest = ended.take().id;
        const auto names_it = [&](const pinhole::HoleKey& key) {
            const PresentPinhole* hole = book.present(key);
            return hole && hole->value.owner == oldest.leg ? hole : nullptr;
        };
        const PresentPinhole* named_by = nullptr;
        for (const pinhole::HoleKey& key : oldest.holes)
            if ((named_by = names_it(key))) break;
        if (named_by) {
            const auto until = pinhole::from_ns(named_by->value.deadline_ns);
            ended.add(std::clamp(until, now.monotonic + first_look, now.monotonic + longest_look), std::move(oldest));
        } else if (!is_taken_over(oldest.leg)) {
            next.delete_dialogs.push_back(oldest.leg);
        }
    }
}

void Core::State::claim(pinhole::LegId id, const dialog::Opening& opening) {
    book.set({.leg = id,
              .group = id,
              .deadline = opening.until,
              .claims = dialog::permitted(dialog::claims_of(opening, policy), policy),
              .is_by_hand = true});
    put_record(id) = dialog::record_of(opening);
}

void Core::State::let_go(pinhole::LegId id, Now now) {
    const dialog::Opening opening = by_hand.take(id);
    book.release(id);
    journal.notice({Level::info,
                    "pinhole.by_hand",
                    opening.local.to_string() + " is no longer open by hand, for " + opening.name,
                    {{"local", opening.local.to_string()}, {"name", opening.name}}});
    struct dialog_record& record = put_record(id) = dialog::record_of(opening);
    keep(id, record, now);
}

void Core::State::claim_by_hand() {
    for (const auto& [id, opening] : by_hand.all()) claim(id, opening);
}

void Core::State::defend(const dialog::Event& event, Protocol protocol) {
    if (event.message.is_request == event.outbound) return; // what the inside asks, and is answered
    const dialog::Exchange exchange{
        event.message,       protocol, event.counterpart.signalling, event.counterpart.zone, policy,
        outsiders.parties(), event.now};
    event.message.is_request ? defence.on_request(exchange) : defence.on_response(exchange);
}

void Core::State::take_bans(Now now) {
    for (const dialog::Conviction& conviction : defence.take_convictions()) {
        next.operations.push_back(pinhole::put_ban(conviction.key, dialog::ban_of(conviction, now.monotonic)));
        journal.count("bans_made");
        journal.notice({Level::warn, "ban", dialog::sentence_of(conviction), {{"source", to_string(conviction.key)}}});
    }
}

const pinhole::MapOps& Core::State::plan(Now now) {
    book.plan(now.monotonic, next);
    for (const auto& [id, when_ns] : records_to_end) next.operations.push_back(pinhole::end_dialog(id, when_ns));
    records_to_end.clear();
    put_records();
    forget_ended(now);
    make_room_for_records();
    take_ceilings(now, false);
    outsiders.take_operations(next);
    take_bans(now);
    std::swap(next, planned);
    next.clear();
    return planned;
}

// Of what the record says, what still stands.
std::vector<pinhole::Claim> Core::State::claims_in(const struct dialog_record& record) const {
    std::vector<pinhole::Claim> claims;
    for (size_t i = 0; i < std::min<size_t>(record.claim_count, CLAIMS_PER_LEG); ++i) {
        const struct dialog_claim& claim = record.claims[i];
        const PresentPinhole* hole = book.present(pinhole::HoleKey::from(claim.key));
        if (!hole || pinhole::ControlWord::of(hole->value.ctl).phase >= PHASE_DRAINING) continue;
        claims.push_back(pinhole::claim_of(*hole, claim.component, claim.media));
        claims.back().is_mux_offered = (claim.flags & CLAIM_MUX_OFFERED) != 0;
        claims.back().is_other_partys = (claim.flags & CLAIM_OTHER_PARTY) != 0;
        dialog::load_senders(record, i, claims.back());
        claims.back().is_answered_inside =
            claims.back().constraint == pinhole::Constraint::peers && claims.back().peers.empty();
    }
    return claims;
}

} // namespace ringwall
