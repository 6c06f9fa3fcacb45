// SPDX-License-Identifier: Apache-2.0
// Steps 1 to 3: whose addresses they are, lists and bans.
#include <algorithm>

#include "agent/control/text.hpp"
#include "agent/why/explain.hpp"
#include "maps/abi/reason.h"
#include "maps/bans.hpp"

namespace ringwall::why {
namespace {

using policy::Claim;

bool is_of_lists(Claim claim) {
    return claim == Claim::allowed || claim == Claim::bypass || claim == Claim::denied || claim == Claim::feed;
}

std::string place_of(const std::vector<Said>& said, Claim claim, uint32_t zone = 0) {
    const auto found = std::ranges::find_if(
        said, [&](const Said& each) { return each.claim == claim && (claim != Claim::zone || each.zone == zone); });
    return found == said.end() ? std::string() : found->where;
}

Step whose(std::string name, const IpAddress& address, const struct network& held, const Lines& lines) {
    const auto said = lines.said_of(address);
    const std::string text = address.to_string();
    if (held.flags & NETWORK_PROTECTED) return {std::move(name), text + " is protected", place_of(said, Claim::inside)};
    if (held.flags & NETWORK_SHARED) return {std::move(name), text + " is shared by hosts", {}};
    if (held.zone == 0) return {std::move(name), text + " is of no peer and no zone", {}};
    return {std::move(name), text + " is of " + lines.name_of_zone(held.zone), place_of(said, Claim::zone, held.zone)};
}

// Every line that says something, as they may overlap: what follows from them is the first one's word.
std::vector<Step> lists(const Question& question, const Evidence& evidence, const Lines& lines) {
    std::vector<Step> steps;
    bool is_denied = false;
    for (Said& said : lines.said_of(question.source.address)) {
        is_denied |= said.claim == Claim::denied || said.claim == Claim::feed;
        if (is_of_lists(said.claim)) steps.push_back({"lists", std::move(said.what), std::move(said.where)});
    }
    if (steps.empty()) return {{"lists", question.source.address.to_string() + " is on no list of allow and deny", {}}};
    const bool is_both = (evidence.source.flags & NETWORK_ALLOWED) != 0 && is_denied;
    if (is_both) steps.push_back({"lists", "allowed beats denied", {}});
    return steps;
}

// Where a ban stands and does not reach.
std::string why_unheeded(const Evidence& evidence, uint32_t reason) {
    if (reason == REASON_banned || reason == REASON_denied) return {};
    if (evidence.source.flags & NETWORK_ALLOWED) return ": not for who is on the allow list";
    if (evidence.zone.flags & ZONE_PEER) return ": not for a declared peer";
    if (step_of(reason) == 7) return ": not for media of a live call from its negotiated peer";
    return ": not at this port";
}

} // namespace

std::string ban_text(const Evidence& evidence) {
    if (evidence.bans.empty()) return {};
    const auto& [key, ban] = evidence.bans.front();
    std::string text = ringwall::to_string(key) + " is banned";
    if (ban.cause == BAN_CAUSE_command) text += " by command";
    else text += " for " + std::string(cause_text(ban.cause).sentence) + " (" + std::to_string(ban.count) + ")";
    if (const auto note = control::until_nul(ban.note); !note.empty()) text += ", \"" + control::to_utf8(note) + "\"";
    return text + ", " + seconds_text(ban.until_ns - evidence.now_ns) + " left";
}

std::vector<Step> steps_of_source(const Question& question, const Evidence& evidence, uint32_t reason,
                                  const Lines& lines) {
    std::vector<Step> steps{whose("destination", question.destination.address, evidence.destination, lines),
                            whose("source", question.source.address, evidence.source, lines)};
    if (question.way == Way::out || step_of(reason) < 3) return steps;
    std::ranges::move(lists(question, evidence, lines), std::back_inserter(steps));
    if (evidence.bans.empty()) steps.push_back({"bans", question.source.address.to_string() + " is not banned", {}});
    else steps.push_back({"bans", ban_text(evidence) + why_unheeded(evidence, reason), {}});
    return steps;
}

} // namespace ringwall::why
