// SPDX-License-Identifier: Apache-2.0
// Steps 7 to 10: calls' ports, rules, ways back, and what is guarded.
#include <algorithm>

#include "agent/control/text.hpp"
#include "agent/pinhole/control_word.hpp"
#include "agent/pinhole/words.hpp"
#include "agent/why/explain.hpp"
#include "maps/abi/reason.h"
#include "maps/reasons.hpp"

namespace ringwall::why {
namespace {

using pinhole::ControlWord;

bool has(uint64_t bits, Port port) { return (bits >> (port.value & 63) & 1) != 0; }

ControlWord word_of(const Evidence& evidence) { return ControlWord::of(evidence.hole->value.ctl); }

std::string port_text(const Question& question) {
    return (question.protocol == Protocol::udp ? "UDP " : "TCP ") + std::to_string(question.inside().port.value);
}

bool is_by_hand(const struct dialog_record& record) { return (record.flags & DIALOG_BY_HAND) != 0; }

std::string owner_text(const Evidence& evidence) {
    if (!evidence.owner) return "a call";
    const std::string id = control::to_utf8(control::until_nul(evidence.owner->call_id));
    return is_by_hand(*evidence.owner) ? "an opening by hand, \"" + id + "\"" : "call " + id;
}

// How long ago its owner ended; nothing while it has not.
std::optional<uint64_t> ended_ns_ago(const Evidence& evidence) {
    if (!evidence.owner || evidence.owner->state != DIALOG_ENDED || evidence.owner->deadline_ns == 0)
        return std::nullopt;
    const uint64_t ended = evidence.owner->deadline_ns;
    return evidence.now_ns > ended ? evidence.now_ns - ended : 0;
}

std::string refusal_text(const Evidence& evidence) {
    if (!evidence.refusal || evidence.refusal->count == 0) return {};
    const auto& refusal = *evidence.refusal;
    return std::to_string(refusal.count) + " refused on it, the last from " +
           Endpoint::from(refusal.last_source).to_string() + " (" +
           std::string(reason_text(refusal.last_reason).label) + ")";
}

std::vector<Step> hole_steps(const Question& question, const Evidence& evidence, const Lines& lines) {
    if (!evidence.hole) return {{"pinhole", "no call has " + question.inside().to_string(), {}}};
    std::vector<Step> steps{{"pinhole", question.inside().to_string() + " is of " + hole_text(evidence, lines), {}}};
    if (const auto refused = refusal_text(evidence); !refused.empty()) steps.push_back({"refused", refused, {}});
    return steps;
}

Step rules_step(const Evidence& evidence, const Lines& lines) {
    if (evidence.rules.empty()) return {"rules", "no static rule names both ends and the port", {}};
    const std::string path = "rules[" + std::to_string(evidence.rules.front()) + "]";
    return {"rules", path + " lets it through", lines.where(path)};
}

Step guarded_step(const Question& question, const Evidence& evidence, const Lines& lines) {
    const bool is_udp = question.protocol == Protocol::udp;
    const bool is_guarded = has(is_udp ? evidence.bits.media_udp : evidence.bits.media_tcp, question.inside().port);
    const std::string path = is_udp ? "protect.media_ports" : "protect.tcp_media_ports";
    if (is_guarded) return {"guarded", port_text(question) + " is a media port", lines.where(path)};
    return {"guarded", port_text(question) + " is no media port", lines.where(path)};
}

Step agent_step(const Evidence& evidence, const Lines& lines) {
    const std::string path = lines.where("on_agent_loss.do").empty() ? "on_agent_loss" : "on_agent_loss.do";
    return {"agent",
            evidence.heartbeat_ns == 0
                ? "the agent has never run"
                : "the agent has given no sign of life for " + seconds_text(evidence.now_ns - evidence.heartbeat_ns),
            lines.where(path)};
}

} // namespace

std::string expected_text(const Evidence& evidence, const Lines& lines) {
    if (!evidence.hole) return "nobody";
    const ControlWord word = word_of(evidence);
    if (word.constraint == CONSTRAINT_NETWORKS) return "the networks of " + lines.name_of_zone(word.zone);
    if (!word.names_peers()) return "anyone";
    std::string text;
    for (uint32_t i = 0; i < std::min<uint32_t>(evidence.hole->peers.count, PEERS_PER_SET); ++i) {
        const Endpoint peer = Endpoint::from(evidence.hole->peers.peer[i]);
        const bool is_any_port = peer.port.value == 0 || word.constraint == CONSTRAINT_ADDRESSES;
        text += (text.empty() ? "" : ", ") + (is_any_port ? peer.address.to_string() : peer.to_string());
    }
    return text.empty() ? "nobody but ICE pairs" : text;
}

std::string hole_text(const Evidence& evidence, const Lines& lines) {
    if (!evidence.hole) return "no call";
    const auto& hole = evidence.hole->value;
    const ControlWord word = word_of(evidence);
    const std::string_view phase = pinhole::phase_name(hole, evidence.now_ns);
    std::string text = owner_text(evidence);
    if (const auto ago = ended_ns_ago(evidence)) text += ", ended " + seconds_text(*ago) + " ago";
    if (phase == "closed") return (word.flags & PINHOLE_OUTLIVED) != 0 ? text + " by timers.max_call" : text;
    text += ", " + std::string(phase) + ", " + std::string(pinhole::component_name(word.component)) + " from " +
            expected_text(evidence, lines);
    if (word.zone != 0) text += " of " + lines.with_place(lines.name_of_zone(word.zone), lines.path_of_zone(word.zone));
    return text;
}

std::vector<Step> steps_of_port(const Question& question, const Evidence& evidence, uint32_t reason,
                                const Lines& lines) {
    if (question.way == Way::out) {
        std::vector<Step> steps = hole_steps(question, evidence, lines);
        steps.push_back(guarded_step(question, evidence, lines));
        return steps;
    }
    const unsigned step = step_of(reason);
    if (step < 7) return {};
    std::vector<Step> steps;
    if (!evidence.is_agent_alive()) steps.push_back(agent_step(evidence, lines));
    std::ranges::move(hole_steps(question, evidence, lines), std::back_inserter(steps));
    if (step > 7) steps.push_back(rules_step(evidence, lines));
    if (step > 9 || reason == REASON_agent_lost_closed) steps.push_back(guarded_step(question, evidence, lines));
    return steps;
}

} // namespace ringwall::why
