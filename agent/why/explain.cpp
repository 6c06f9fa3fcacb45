// SPDX-License-Identifier: Apache-2.0
#include "agent/why/explain.hpp"

#include <algorithm>
#include <iterator>

#include "agent/pinhole/control_word.hpp"
#include "agent/why/mend.hpp"
#include "maps/abi/reason.h"
#include "maps/bans.hpp"
#include "maps/reasons.hpp"

namespace ringwall::why {
namespace {

bool is_on_hole(uint32_t reason) {
    return step_of(reason) == 7 && reason != REASON_tcp_established && reason != REASON_agent_lost_closed;
}

// The first of the steps with that name: what it says, and where.
std::string told(const std::vector<Step>& steps, std::string_view name) {
    const auto found = std::ranges::find(steps, name, &Step::name);
    if (found == steps.end()) return {};
    return found->where.empty() ? found->says : found->says + " (" + found->where + ")";
}

// Of the source's lists, the line that decides.
std::string deciding_list(const std::vector<Step>& steps) {
    for (const Step& step : steps)
        if (step.name == "lists" && step.says.find(" is denied") != step.says.npos)
            return step.where.empty() ? step.says : step.says + " (" + step.where + ")";
    return told(steps, "lists");
}

std::string way_back_text(const Question& question) {
    return question.inside().to_string() + " has itself sent to " + question.outside().to_string() + " lately";
}

// What makes the general sentence of the reason this packet's.
std::string because(const Question& question, const Evidence& evidence, uint32_t reason, const Lines& lines,
                    const std::vector<Step>& steps) {
    switch (reason) {
        case REASON_denied: return deciding_list(steps);
        case REASON_banned: return ban_text(evidence);
        case REASON_spoofed_inside: return told(steps, "source");
        case REASON_out_of_scope: return told(steps, "destination");
        case REASON_sip:
        case REASON_sip_stream:
        case REASON_not_a_peer:
        case REASON_out_not_a_peer: return told(steps, "admission");
        case REASON_sip_learned: return told(steps, "sip");
        case REASON_rate_limited:
        case REASON_rate_limit_full:
        case REASON_total_limited:
        case REASON_syn_limited: return told(steps, "limits") + " for " + lines.name_of_zone(evidence.source.zone);
        case REASON_calls_full:
        case REASON_not_registrar: return told(steps, "source");
        case REASON_sip_return_path:
            return evidence.known & KNOWN_PARTY ? told(steps, "known") : way_back_text(question);
        case REASON_return_path: return way_back_text(question);
        case REASON_return_path_ended:
        case REASON_call_ended: return told(steps, "pinhole");
        case REASON_rule: return told(steps, "rules");
        case REASON_agent_lost:
        case REASON_agent_lost_closed: return told(steps, "agent");
        case REASON_bypass: return told(steps, "lists");
        case REASON_no_pinhole:
        case REASON_not_guarded: return told(steps, "guarded");
        default: break;
    }
    if (!is_on_hole(reason) && reason != REASON_out_media && reason != REASON_out_after_end) return {};
    const std::string whose = told(steps, "pinhole");
    return reason_text(reason).is_drop ? whose + "; " + question.outside().to_string() + " came" : whose;
}

std::string mend_of(const Question& question, const Evidence& evidence, uint32_t reason, const Lines& lines) {
    const std::string path = lines.path_of_zone(evidence.source.zone);
    switch (reason) {
        case REASON_not_a_peer:
            return "declare " + question.source.address.to_string() + " as a peer" +
                   (path.empty()
                        ? std::string(", or a zone with sip: yes")
                        : ", or set sip: yes for " + lines.with_place(lines.name_of_zone(evidence.source.zone), path));
        case REASON_rate_limited:
        case REASON_syn_limited:
            return "raise " + lines.setting(path.empty() ? "zones" : path + ".limits") +
                   (evidence.zone.flags & ZONE_PEER ? std::string()
                                                    : ", with office-of: N for N telephones behind one address, or "
                                                      "declare the source as a peer");
        case REASON_denied: return "take the line out, or add the source to allow";
        case REASON_banned:
            return "ringwall bans del " +
                   ringwall::to_string(evidence.bans.empty() ? ban_key{} : evidence.bans.front().first);
        case REASON_spoofed_inside: return "set protect.allow_hairpin where the inside reaches itself from outside";
        case REASON_pinhole_idle: return "raise " + lines.setting("timers.idle");
        case REASON_pinhole_expired: return "raise " + lines.setting("timers.max_call");
        case REASON_agent_lost_closed: return "start the agent, or change " + lines.setting("on_agent_loss.do");
        case REASON_no_pinhole:
            return "where no call that the wall can read opens it: a rule, or `ringwall pinholes open`; where "
                   "a call's SDP names another address, `ringwall calls` says so";
        default: break;
    }
    if (!reason_text(reason).is_drop) return {};
    if (!evidence.hole || !is_on_hole(reason)) return mend_of_drop(lines.policy(), reason, question.source.address);
    return mend_of_refusal(lines.policy(), pinhole::ControlWord::of(evidence.hole->value.ctl).zone, reason,
                           question.outside().address);
}

std::string packet_text(const Question& question) {
    const std::string what = carries(question);
    return std::string(question.protocol == Protocol::udp ? "UDP" : "TCP") + (what.empty() ? "" : " (" + what + ")") +
           " from " + question.source.to_string() + " to " + question.destination.to_string();
}

std::string verdict_text(const Evidence& evidence, uint32_t reason) {
    if (!reason_text(reason).is_drop) return " would pass: ";
    return evidence.wall.flags & WALL_MONITOR ? " would pass as the mode is monitor, and drop in mode enforce: "
                                              : " would drop: ";
}

} // namespace

// By the numbers of the table over bpf/ingress.bpf.h. What the end of a call refuses comes behind rules and ways back.
unsigned step_of(uint32_t reason) {
    switch (reason) {
        case REASON_not_ip:
        case REASON_out_of_scope:
        case REASON_unparsable:
        case REASON_malformed:
        case REASON_spoofed_inside: return 1;
        case REASON_denied:
        case REASON_banned: return 3;
        case REASON_later_fragment:
        case REASON_fragment_unpaired:
        case REASON_fragment_cap:
        case REASON_fragment_overlap:
        case REASON_fragment_tiny: return 4;
        case REASON_sip:
        case REASON_sip_learned:
        case REASON_sip_stream:
        case REASON_not_a_peer:
        case REASON_not_registrar:
        case REASON_rate_limited:
        case REASON_rate_limit_full:
        case REASON_total_limited:
        case REASON_calls_full:
        case REASON_syn_limited: return 5;
        case REASON_sip_return_path: return 6;
        case REASON_rule:
        case REASON_opaque_media:
        case REASON_opaque_rate: return 8;
        case REASON_return_path:
        case REASON_return_path_ended:
        case REASON_call_ended: return 9;
        case REASON_no_pinhole:
        case REASON_not_guarded:
        case REASON_agent_lost:
        case REASON_bypass: return 10;
        default: return reason < REASON_out_other ? 7 : 0;
    }
}

std::string seconds_text(uint64_t ns) {
    const uint64_t s = (ns + 500'000'000) / 1'000'000'000;
    if (ns < 950'000'000) return "0." + std::to_string((ns + 50'000'000) / 100'000'000) + " s";
    if (s < 120) return std::to_string(s) + " s";
    if (s < 7200) return std::to_string(s / 60) + " min";
    if (s < 172800) return std::to_string(s / 3600) + " h " + std::to_string(s % 3600 / 60) + " min";
    return std::to_string(s / 86400) + " d";
}

Answer explain(const Question& question, const Evidence& evidence, uint32_t reason, const Lines& lines) {
    Answer answer;
    for (auto part :
         {steps_of_source(question, evidence, reason, lines), steps_of_sip(question, evidence, reason, lines),
          steps_of_port(question, evidence, reason, lines)})
        std::ranges::move(part, std::back_inserter(answer.steps));
    const auto text = reason_text(reason);
    const std::string why = because(question, evidence, reason, lines, answer.steps);
    answer.sentence = packet_text(question) + verdict_text(evidence, reason) + std::string(text.sentence) +
                      (why.empty() ? "" : ": " + why);
    if (text.is_drop) answer.mend = mend_of(question, evidence, reason, lines);
    answer.steps.push_back({"verdict", std::string(text.is_drop ? "drop " : "pass ") + std::string(text.label), {}});
    return answer;
}

} // namespace ringwall::why
