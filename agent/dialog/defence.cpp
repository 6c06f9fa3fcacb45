// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/defence.hpp"

#include <algorithm>
#include <string>

#include "agent/dialog/transaction_key.hpp"
#include "agent/sip/authentication.hpp"
#include "agent/text/word.hpp"
#include "maps/bans.hpp"
#include "policy/user_agents.hpp"

namespace ringwall::dialog {
namespace {

constexpr std::chrono::seconds tick_interval{10};
constexpr std::chrono::seconds watch_life{64}, watch_renewal{32}; // so that nobody who is proven goes unwatched
constexpr size_t most_convictions = 256;                          // between two looks: an address each

// Nothing that a message says can ban these, and they need no trust.
bool is_beyond(const Exchange& exchange) {
    return exchange.policy.guessing(exchange.zone) == nullptr || exchange.policy.is_allowed(exchange.outside.address);
}

bool is_stale(const sip::Message& response) {
    return std::ranges::any_of(response.authentications(), [](std::string_view challenge) {
        const auto stale = sip::authentication_parameter(challenge, "stale");
        return stale && text::is_word<"true">(*stale);
    });
}

bool begins_something(sip::Method method) {
    switch (method) {
        case sip::Method::register_:
        case sip::Method::invite:
        case sip::Method::subscribe:
        case sip::Method::options:
        case sip::Method::message: return true;
        default: return false;
    }
}

// What a final response says of the request that it answers. Who dials a number that is not there has a password, if he
// gave one.
std::optional<Guess> guess_in(const sip::Message& response, bool has_credentials, bool is_in_dialog) {
    if (is_in_dialog || !begins_something(response.method)) return std::nullopt;
    const bool is_register = response.method == sip::Method::register_;
    switch (response.status) {
        case 401:
        case 407: return has_credentials && !is_stale(response) ? std::optional(Guess::password) : std::nullopt;
        case 403: return has_credentials && is_register ? Guess::password : Guess::name;
        case 404: return has_credentials ? std::nullopt : std::optional(Guess::name);
        default: return std::nullopt;
    }
}

struct ban_key key_of(const Endpoint& pair) { return {pair.address.abi(), pair.port.value}; }
struct ban_key key_of(const Prefix& household) {
    const uint32_t width = household.length == 128 ? BAN_ADDRESS : BAN_NETWORK;
    return {household.address.abi(), width};
}

} // namespace

struct ban ban_of(const Conviction& conviction, TimePoint now) {
    struct ban ban{};
    ban.until_ns = pinhole::to_ns(now + conviction.length);
    ban.since_ns = pinhole::to_ns(now);
    ban.cause = conviction.cause;
    ban.count = conviction.count;
    ban.flags = BAN_OF_OURS;
    return ban;
}

std::string sentence_of(const Conviction& conviction) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(conviction.length).count();
    return to_string(conviction.key) + " is banned for " + std::to_string(minutes) +
           " min: " + (conviction.count > 1 ? std::to_string(conviction.count) + " times " : "") +
           std::string(cause_text(conviction.cause).sentence);
}

uint64_t Defence::transaction(const sip::Message& message) const {
    return transaction_key(hash_, message, message.method, !message.is_request);
}

void Defence::on_request(const Exchange& from) {
    if (is_beyond(from)) return;
    const Heard heard = heard_echo(from);
    const bool is_attack_tool = has_attack_tool(from);
    remember(from, heard, is_attack_tool);
    if (is_attack_tool && heard.is_proof) convict_tool(from);
}

Defence::Heard Defence::heard_echo(const Exchange& from) {
    Heard heard;
    for (const std::string_view credentials : from.message.authentications())
        if (const auto nonce = sip::authentication_parameter(credentials, "nonce"); nonce && !nonce->empty())
            heard.answers_challenge |= echo(nonce_token(*nonce), from, heard).is_ours;
    if (!from.message.to.tag.empty()) echo(tag_token(from.message.to.tag), from, heard);
    return heard;
}

Challenges::Echo Defence::echo(uint64_t token, const Exchange& from, Heard& heard) {
    const Challenges::Echo echo = challenges_.echoed(token, from.outside, from.now);
    heard.is_proof |= echo.is_proof;
    if (echo.is_proof) prove(from);
    if (echo.is_proof && echo.refused) guessed(*echo.refused, from);
    return echo;
}

void Defence::remember(const Exchange& from, const Heard& heard, bool is_attack_tool) {
    while (!asked_order_.empty() && asked_order_.front().first < from.now) {
        asked_.erase(asked_order_.front().second);
        asked_order_.pop_front();
    }
    if (from.message.method == sip::Method::ack) return;
    const uint64_t id = transaction(from.message);
    if (asked_.contains(id)) return;
    const bool has_half_only = asked_.size() >= capacity_asked / 2 && !heard.answers_challenge &&
                               !from.parties.is_trusted(from.outside, from.now); // his next challenge is to be known
    if (has_half_only || asked_.size() >= capacity_asked) {
        ++counters_.sources_unproven_full;
        return;
    }
    const bool is_register = from.message.method == sip::Method::register_;
    asked_.emplace(id, Asked{.from = from.outside,
                             .has_tag = !from.message.to.tag.empty(),
                             .has_credentials = from.message.authentication_count > 0,
                             .answers_challenge = heard.answers_challenge,
                             .is_proof = heard.is_proof,
                             .is_attack_tool = is_attack_tool,
                             .wanted = is_register ? bindings_.wanted(from.message, from.outside) : std::nullopt});
    asked_order_.emplace_back(from.now + asked_life, id);
}

bool Defence::has_attack_tool(const Exchange& from) {
    const auto& listed = from.policy.config().user_agents;
    if (listed.empty() || from.message.user_agent.empty()) return false;
    if (!std::ranges::binary_search(listed, policy::product_of(from.message.user_agent))) return false;
    if (from.parties.is_trusted(from.outside, from.now)) return false;
    ++counters_.attack_tools;
    return true;
}

void Defence::convict_tool(const Exchange& who) {
    const policy::Guessing& guessing = *who.policy.guessing(who.zone);
    if (guessing.ban.count() != 0)
        convict({who.outside, who.parties, who.now}, BAN_CAUSE_user_agent, 1, guessing.ban, true);
}

// A response that goes elsewhere than its request came from (no rport, RFC 3261 18.2.2) proves nothing of either.
void Defence::on_response(const Exchange& to) {
    if (is_beyond(to) || to.message.status == 100) return;
    const auto found = asked_.find(transaction(to.message));
    if (found == asked_.end() || found->second.from != to.outside) return;
    Asked& asked = found->second;
    const bool is_tcp = to.protocol == Protocol::tcp; // the inside answers on no connection that has no handshake
    if (is_tcp) prove(to);
    if (is_tcp && std::exchange(asked.is_attack_tool, false)) convict_tool(to);
    asked.is_proof |= is_tcp;
    const auto refused = guess_in(to.message, asked.has_credentials, asked.has_tag);
    hand_out(to, asked, refused);
    if (to.message.status < 200 || std::exchange(asked.is_answered, true)) return;
    if (refused && asked.is_proof) guessed(*refused, to);
    if (to.message.status < 300) accepted(to, asked);
}

void Defence::hand_out(const Exchange& to, const Asked& asked, std::optional<Guess> refused) {
    bool has_room = true;
    for (const std::string_view challenge : to.message.authentications())
        if (const auto nonce = sip::authentication_parameter(challenge, "nonce"); nonce && !nonce->empty())
            has_room &= challenges_.sent(nonce_token(*nonce), to.outside, std::nullopt, to.now);
    if (asked.is_proof) refused.reset(); // counted at once
    // A tag that the request brought is no secret of the inside's: it is repeated to whoever is named as its source.
    if (!asked.has_tag && !to.message.to.tag.empty())
        has_room &= challenges_.sent(tag_token(to.message.to.tag), to.outside, refused, to.now);
    counters_.sources_unproven_full += !has_room;
}

void Defence::accepted(const Exchange& to, const Asked& asked) {
    if (asked.has_credentials) guesses_.forget(to.outside);
    if (to.message.method != sip::Method::register_) return;
    const bool is_known = to.parties.is_trusted(to.outside, to.now); // a refresh may use an older nonce
    if (!asked.wanted || !asked.has_credentials || !(asked.answers_challenge || is_known)) return;
    const auto until = bindings_.accepted(to.message, to.outside, *asked.wanted, to.now);
    if (!until) return;
    counters_.phones_registered += *until > to.now;
    to.parties.promoted(to.outside, *until, to.now);
}

void Defence::prove(const Exchange& whom) {
    const auto found = proven_.find(whom.outside);
    if (found == proven_.end() && proven_.size() >= capacity_proven) return;
    counters_.sources_proven += found == proven_.end();
    proven_[whom.outside] = whom.now + Challenges::life;
    if (whom.policy.excess_ban(whom.zone).count() != 0) watch(whom);
}

void Defence::watch(const Exchange& whom) {
    const auto found = excess_.find(whom.outside);
    if (found != excess_.end() && found->second.watched_until > whom.now + watch_renewal) return;
    const TimePoint until = whom.now + watch_life;
    if (whom.parties.watch(whom.outside, until, whom.now)) excess_[whom.outside].watched_until = until;
}

std::vector<Endpoint> Defence::watched() const {
    std::vector<Endpoint> all;
    all.reserve(excess_.size());
    for (const auto& [source, excess] : excess_) all.push_back(source);
    return all;
}

// A count that is smaller than before is that of a new element.
void Defence::on_excess(const Endpoint& source, uint32_t packets, const policy::View& policy, Parties& parties,
                        TimePoint now) {
    const auto found = excess_.find(source);
    if (found == excess_.end()) return;
    Excess& excess = found->second;
    const uint32_t more = packets - (packets < excess.seen ? 0 : excess.seen);
    excess.seen = packets;
    if (more == 0) return;
    if (now > excess.since + excess_window) {
        excess.since = now;
        excess.packets = 0;
    }
    excess.packets += more;
    counters_.excess_packets += more;
    const auto length = policy.excess_ban(policy.zone_of(source.address));
    if (excess.packets < most_excess || length.count() == 0 || policy.is_allowed(source.address)) return;
    if (is_proven(source, now))
        convict({source, parties, now}, BAN_CAUSE_excess, std::exchange(excess.packets, 0), length, true);
}

bool Defence::is_proven(const Endpoint& outside, TimePoint now) const {
    const auto found = proven_.find(outside);
    return found != proven_.end() && found->second > now;
}

void Defence::guessed(Guess guess, const Exchange& who) {
    const policy::Guessing& guessing = *who.policy.guessing(who.zone);
    const bool is_password = guess == Guess::password;
    const uint32_t most = is_password ? guessing.passwords : guessing.names;
    if (most == 0 || guessing.ban.count() == 0 || who.parties.is_trusted(who.outside, who.now)) return;
    ++(is_password ? counters_.guesses_passwords : counters_.guesses_names);
    const auto counted = guesses_.count(guess, who.outside, guessing.within, who.now);
    const bool is_alone = counted.from_port >= most;
    if (!is_alone && counted.from_household < most * Guesses::household_factor) return;
    convict({who.outside, who.parties, who.now}, is_password ? BAN_CAUSE_passwords : BAN_CAUSE_names,
            is_alone ? counted.from_port : counted.from_household, guessing.ban, is_alone);
}

// All of his address, but where somebody there is no stranger: then the port that did it, if one alone did. A stranger's
// own call does not save him: that port is banned by name.
void Defence::convict(const Suspect& who, enum ban_cause cause, uint32_t count, std::chrono::nanoseconds length,
                      bool is_alone) {
    if (who.parties.is_trusted(who.outside, who.now) || convictions_.size() >= most_convictions) return;
    const Prefix household = household_of(who.outside.address);
    const bool is_shared = who.parties.has_trusted(household, who.now);
    if (is_shared && !is_alone) return;
    guesses_.forget(who.outside);
    if (!is_shared) convictions_.push_back({key_of(household), cause, count, length});
    if (is_shared || who.parties.is_party(who.outside, who.now))
        convictions_.push_back({key_of(who.outside), cause, count, length});
}

void Defence::tick(TimePoint now) {
    if (now < next_tick_) return;
    next_tick_ = now + tick_interval;
    std::erase_if(proven_, [&](const auto& source) { return source.second <= now; });
    std::erase_if(excess_, [&](const auto& source) { return source.second.watched_until <= now; });
    guesses_.expire(now);
    bindings_.expire(now);
}

} // namespace ringwall::dialog
