// SPDX-License-Identifier: Apache-2.0
#include "agent/core.hpp"

#include <algorithm>
#include <map>

#include "agent/dialog/outsiders.hpp"
#include "agent/dialog/permitted.hpp"
#include "agent/dialog/table.hpp"
#include "agent/pinhole/book.hpp"
#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"

namespace ringwall {
namespace {

using pinhole::MapOps;
using pinhole::PresentPinhole;
using pinhole::TimePoint;

constexpr size_t most_notices = 1024;         // what one round may say; attackers trigger these
constexpr std::chrono::seconds ended_look{5}; // how often an ended leg's record is asked whether a hole still names it

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

std::string_view outside_of(const dialog::Leg& leg) { return leg.begun_inside ? leg.to : leg.from; }

} // namespace

struct Core::State {
    State(policy::View view, std::array<uint64_t, 2> secret)
        : policy(std::move(view)),
          table(table_timers(policy.config().timers), dialog::KeyedHash(secret)),
          book(book_timers(policy.config().timers)),
          outsiders(dialog::KeyedHash(secret)) {}

    policy::View policy;
    dialog::Table table;
    pinhole::Book book;
    dialog::Outsiders outsiders;
    sip::Message message; // large: parsed in place, one at a time
    sdp::Session session;
    std::map<std::string, uint64_t, std::less<>> counters;
    std::vector<Notice> notices;
    // Records of ended legs stay as long as one of their holes: they are what its tombstone tells the operator.
    std::multimap<TimePoint, std::pair<pinhole::LegId, std::vector<pinhole::HoleKey>>> ended;

    void count(std::string_view label, uint64_t by = 1);
    void notice(std::string_view event, std::string_view call_id, std::string text);
    bool has_readable_sdp(std::string_view call_id);
    dialog::Event event_of(const Datagram& datagram, Now now);
    void note_outside_names(bool has_sdp, Now now);
    void end(const dialog::Leg& leg, Now now, MapOps& dialogs);
    void change(dialog::Leg& leg, Now now, MapOps& dialogs);
    void forget_ended(Now now, MapOps& dialogs);
    MapOps carry_out(dialog::Effects effects, Now now);
};

void Core::State::count(std::string_view label, uint64_t by) {
    if (by == 0) return;
    const auto found = counters.find(label);
    if (found == counters.end()) counters.emplace(label, by);
    else found->second += by;
}

void Core::State::notice(std::string_view event, std::string_view call_id, std::string text) {
    if (notices.size() < most_notices) notices.push_back({event, std::string(call_id), std::move(text)});
}

// Opening is never decided from a partial read: a body that breaks anywhere opens nothing, and the SIP goes its way.
bool Core::State::has_readable_sdp(std::string_view call_id) {
    const auto body = sip::find_sdp(message);
    if (!body) {
        count("sip_defect_" + std::string(sip::to_string(body.error().defect)));
        return false;
    }
    if (!*body) return false;
    const auto parsed = sdp::parse(**body, session);
    if (!parsed) {
        const std::string_view defect = sdp::to_string(parsed.error().defect);
        count("sdp_defect_" + std::string(defect));
        notice("sdp.defect", call_id,
               "session description not understood (" + std::string(defect) + "): it opens nothing");
    }
    return parsed.has_value();
}

dialog::Event Core::State::event_of(const Datagram& datagram, Now now) {
    dialog::Event event{
        .outbound = datagram.outbound,
        .message = message,
        .counterpart = dialog::counterpart_of(datagram.outbound ? datagram.destination : datagram.source, policy),
        .now = now.monotonic,
        .realtime_s = now.realtime_s};
    const bool has_sdp = has_readable_sdp(message.call_id);
    datagram.outbound ? outsiders.note_answer(message, now.monotonic) : note_outside_names(has_sdp, now);
    if (!has_sdp) return event;
    if (datagram.outbound) {
        dialog::OfferRefusals refusals;
        event.offer = dialog::offer_of(
            session, policy, event.counterpart,
            [&](const Endpoint& inside) { return outsiders.is_echo(inside, now.monotonic); }, refusals);
        count("echoed_sdp", refusals.echoed);
        count("media_port_unguarded", refusals.unguarded);
        count("media_unsupported", refusals.unsupported);
        if (refusals.echoed)
            notice("echoed_sdp", message.call_id,
                   "an inside proxy passed on media addresses that came from outside: they open nothing");
    } else {
        std::vector<IpAddress> routes{datagram.source.address};
        if (message.is_request)
            for (const sip::Via& via : message.vias().subspan(std::min<size_t>(1, message.via_count)))
                if (via.received) routes.push_back(*via.received);
        event.remote = dialog::remote_of(session, policy, routes);
    }
    return event;
}

void Core::State::note_outside_names(bool has_sdp, Now now) {
    if (!table.may_carry_offers(message)) return;
    const auto described = has_sdp ? dialog::inside_endpoints(session, policy) : std::vector<Endpoint>{};
    outsiders.note_names(
        message, described, policy, [&](const Endpoint& inside) { return book.is_claimed(inside); }, now.monotonic);
}

void Core::State::end(const dialog::Leg& leg, Now now, MapOps& dialogs) {
    book.release(leg.id);
    outsiders.parties().left(leg.id);
    if (leg.is_announced) notice("call.end", leg.call_id, "call with " + std::string(outside_of(leg)) + " ended");
    if (!leg.is_recorded) return;
    struct dialog_record record = dialog::record_of(leg);
    record.state = DIALOG_ENDED;
    dialogs.put_dialogs.emplace_back(leg.id, record);
    ended.emplace(now.monotonic + ended_look, std::pair(leg.id, holes_of(record)));
}

void Core::State::change(dialog::Leg& leg, Now now, MapOps& dialogs) {
    const std::vector<pinhole::Claim> claims = dialog::permitted(leg.claims(), policy);
    book.set({leg.id, leg.group, leg.deadline, leg.soft_deadline, claims});
    const bool is_answered = leg.state != dialog::LegState::early;
    if (leg.begun_inside || is_answered) outsiders.parties().joined(leg, now.monotonic);
    if (is_answered && !std::exchange(leg.is_announced, true) && !leg.is_restored)
        notice(
            "call.start", leg.call_id,
            "call with " + std::string(outside_of(leg)) + " answered, " + std::to_string(claims.size()) + " pinholes");
    if (!leg.is_recorded && claims.empty() && leg.sides.empty()) return; // the inside has not taken it up yet
    leg.is_recorded = true;
    dialogs.put_dialogs.emplace_back(leg.id, dialog::record_of(leg));
}

void Core::State::forget_ended(Now now, MapOps& dialogs) {
    while (!ended.empty() && ended.begin()->first <= now.monotonic) {
        auto [id, keys] = std::move(ended.begin()->second);
        ended.erase(ended.begin());
        const bool is_named = std::ranges::any_of(keys, [&, leg = id](const pinhole::HoleKey& key) {
            const PresentPinhole* hole = book.present(key);
            return hole && hole->value.owner == leg;
        });
        if (is_named) ended.emplace(now.monotonic + ended_look, std::pair(id, std::move(keys)));
        else if (!table.leg(id)) dialogs.delete_dialogs.push_back(id);
    }
}

MapOps Core::State::carry_out(dialog::Effects effects, Now now) {
    MapOps dialogs;
    for (const dialog::Leg& leg : effects.ended) end(leg, now, dialogs);
    for (const dialog::LegId id : effects.changed) change(*table.leg(id), now, dialogs);
    for (const dialog::LegId id : effects.woken) book.wake(id);
    MapOps ops = book.plan(now.monotonic);
    forget_ended(now, dialogs);
    ops.append(outsiders.parties().take_operations());
    ops.append(std::move(dialogs));
    return ops;
}

Core::Core(policy::View policy, std::array<uint64_t, 2> secret)
    : state_(std::make_unique<State>(std::move(policy), secret)) {}
Core::Core(Core&&) noexcept = default;
Core& Core::operator=(Core&&) noexcept = default;
Core::~Core() = default;

MapOps Core::restore(const pinhole::Present& present, Now now) {
    State& state = *state_;
    state.book.restore(present.pinholes);
    state.outsiders.parties().restore(present);
    dialog::Effects effects;
    for (const auto& [id, record] : present.dialogs) {
        if (record.state == DIALOG_ENDED) {
            state.ended.emplace(now.monotonic, std::pair(id, holes_of(record)));
            continue;
        }
        std::vector<pinhole::Claim> claims;
        for (size_t i = 0; i < std::min<size_t>(record.claim_count, CLAIMS_PER_LEG); ++i) {
            const struct dialog_claim& claim = record.claims[i];
            const PresentPinhole* hole = state.book.present(pinhole::HoleKey::from(claim.key));
            if (!hole || pinhole::ControlWord::of(hole->value.ctl).phase >= PHASE_DRAINING) continue;
            claims.push_back(pinhole::claim_of(*hole, claim.component, claim.media));
            claims.back().is_mux_offered = (claim.flags & CLAIM_MUX_OFFERED) != 0;
        }
        state.table.restore(dialog::leg_of(id, record, claims, state.policy), now.monotonic);
        effects.changed.insert(id);
    }
    state.table.reconsider(state.policy); // the configuration may have changed while nobody ran
    return state.carry_out(std::move(effects), now);
}

MapOps Core::on_datagram(const Datagram& datagram, Now now) {
    State& state = *state_;
    if (sip::is_keepalive(datagram.payload)) return {};
    if (!datagram.is_whole) {
        state.count("sip_not_whole");
        return {};
    }
    if (const auto parsed = sip::parse(datagram.payload, state.message); !parsed) {
        const std::string_view defect = sip::to_string(parsed.error().defect);
        state.count("sip_defect_" + std::string(defect));
        state.notice("sip.defect", {},
                     "SIP from " + datagram.source.to_string() + " not understood (" + std::string(defect) +
                         " at byte " + std::to_string(parsed.error().offset) + "): it passes and opens nothing");
        return {};
    }
    state.count(state.message.is_request ? "sip_requests" : "sip_responses");
    const dialog::Event event = state.event_of(datagram, now);
    if (datagram.outbound)
        state.outsiders.learn(state.message, datagram, event.counterpart, state.policy, now.monotonic);
    return state.carry_out(state.table.on(event), now);
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
    std::map<pinhole::HoleKey, dialog::MediaSeen> media;
    for (const PresentPinhole& hole : seen)
        media[pinhole::HoleKey::from(hole.key)] = {pinhole::from_ns(hole.value.last_in_ns),
                                                   pinhole::from_ns(hole.value.last_out_ns), hole.value.packets};
    dialog::Effects effects = state.table.tick(now.monotonic, [&](const pinhole::HoleKey& key) {
        const auto found = media.find(key);
        return found == media.end() ? dialog::MediaSeen{} : found->second;
    });
    state.book.bury(seen, now.monotonic);
    state.outsiders.parties().tick(now.monotonic);
    return state.carry_out(std::move(effects), now);
}

MapOps Core::on_failed(std::span<const struct operation> failed, Now now) {
    for (const struct operation& operation : failed) {
        if (operation.code <= OP_DELETE_PINHOLE) state_->book.on_failed(operation, now.monotonic);
        else state_->count("party_map_full");
    }
    return state_->book.plan(now.monotonic);
}

MapOps Core::reload(policy::View policy, Now now) {
    State& state = *state_;
    state.policy = std::move(policy);
    const policy::Timers& timers = state.policy.config().timers;
    state.book.set_timers(book_timers(timers));
    state.table.set_timers(table_timers(timers));
    state.table.reconsider(state.policy);
    dialog::Effects effects;
    for (const auto& [id, leg] : state.table.legs()) effects.changed.insert(id);
    return state.carry_out(std::move(effects), now);
}

const policy::View& Core::policy() const { return state_->policy; }

std::vector<CoreCounter> Core::counters() const {
    const dialog::TableCounters& table = state_->table.counters();
    const pinhole::BookCounters& book = state_->book.counters();
    const dialog::PartyCounters& parties = state_->outsiders.parties().counters();
    std::vector<CoreCounter> all{{"calls_answered", table.calls_answered},
                                 {"calls_failed", table.calls_failed},
                                 {"calls_ended", table.calls_ended},
                                 {"unknown_transaction", table.unknown_transaction},
                                 {"unknown_dialog", table.unknown_dialog},
                                 {"legs_full", table.legs_full},
                                 {"forks_full", table.forks_full},
                                 {"transactions_full", table.transactions_full},
                                 {"pinholes_opened", book.opened},
                                 {"pinholes_closed", book.closed},
                                 {"pinholes_refused_full", book.refused_full},
                                 {"pinholes_widened", book.widened},
                                 {"peer_sets_full", book.peer_sets_full},
                                 {"known_full", parties.known_full},
                                 {"learned_full", parties.learned_full}};
    for (const auto& [label, count] : state_->counters) all.push_back({label, count});
    return all;
}

std::vector<Notice> Core::take_notices() { return std::exchange(state_->notices, {}); }

} // namespace ringwall
