// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/why.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdio>

#include "agent/cli/ask.hpp"
#include "agent/cli/json_text.hpp"
#include "agent/cli/table.hpp"
#include "agent/control/text.hpp"
#include "agent/inspect/in_force.hpp"
#include "agent/inspect/limited_lately.hpp"
#include "agent/kernel/datapath.hpp"
#include "agent/kernel/objects.hpp"
#include "agent/kernel/probe.hpp"
#include "agent/kernel/witness.hpp"
#include "agent/log.hpp"
#include "agent/why/explain.hpp"
#include "agent/why/frame.hpp"
#include "maps/reasons.hpp"

namespace ringwall::inspect {
namespace {

namespace json = boost::json;
using ringwall::why::Evidence;
using ringwall::why::Question;
using ringwall::why::Way;

constexpr uint32_t most_counted = 1000;             // further packets like it
constexpr uint64_t longest_wait_ns = 3600000000000; // for the next one
constexpr uint32_t first_serial = 1;

int refuse(const std::string& what, int code = agent::exit_failed) {
    std::fprintf(stderr, "ringwall: %s\n", what.c_str());
    return code;
}

bool is_of_limits(uint32_t reason) {
    return reason == REASON_rate_limited || reason == REASON_rate_limit_full || reason == REASON_total_limited ||
           reason == REASON_syn_limited;
}

// The programs' copy, and what is asked of it.
class Trial {
public:
    Trial(kernel::Probe& probe, const Question& question, const Evidence& evidence)
        : probe_(probe), question_(question), evidence_(evidence) {}

    Result<kernel::Verdict> next() {
        const std::string frame = frame_of(question_, evidence_, serial_++);
        return question_.way == Way::in ? probe_.in(frame) : probe_.out(frame);
    }

    // Packets that pay a limit, until one is refused; then the time until the next passes.
    ringwall::why::Headroom headroom(uint32_t first) {
        ringwall::why::Headroom room;
        uint32_t reason = first;
        while (!is_of_limits(reason) && room.more < most_counted) {
            const auto verdict = next();
            if (!verdict) return room;
            reason = verdict->reason;
            if (reason == first) ++room.more;
            else if (!is_of_limits(reason)) return {}; // another ceiling than a rate
        }
        room.is_counted = is_of_limits(reason);
        if (room.is_counted) room.next_in_ns = wait();
        if (room.is_counted && room.more > 0) room.next_in_ns.reset();
        return room;
    }

private:
    // In steps that grow: to a tenth of what it is.
    std::optional<uint64_t> wait() {
        uint64_t waited = 0, step = 100000000;
        while (waited < longest_wait_ns) {
            probe_.pass_time(step);
            waited += step;
            const auto verdict = next();
            if (!verdict) return std::nullopt;
            if (!is_of_limits(verdict->reason)) return waited;
            step = std::max(step, waited / 10);
        }
        return std::nullopt;
    }

    kernel::Probe& probe_;
    const Question& question_;
    const Evidence& evidence_;
    uint32_t serial_ = first_serial;
};

json::object packet_document(const Question& question) {
    return {{"direction", question.way == Way::in ? "in" : "out"},
            {"src", question.source.to_string()},
            {"dst", question.destination.to_string()},
            {"proto", to_string(question.protocol)},
            {"carries", carries(question)}};
}

struct Told {
    const Question& question;
    const Evidence& evidence;
    kernel::Verdict verdict;
    ringwall::why::Answer answer;
    const InForce& config;
};

json::value document_of(const Told& told) {
    const auto text = reason_text(told.verdict.reason);
    json::array steps;
    for (const auto& step : told.answer.steps)
        steps.push_back(json::object{
            {"step", step.name}, {"says", control::to_utf8(step.says)}, {"where", control::to_utf8(step.where)}});
    const double silent_s =
        static_cast<double>(told.evidence.now_ns - std::min(told.evidence.now_ns, told.evidence.heartbeat_ns)) / 1e9;
    return json::object{
        {"packet", packet_document(told.question)},
        {"verdict", text.is_drop ? "drop" : "pass"},
        {"passes", told.verdict.passes},
        {"reason", text.label},
        {"sentence", control::to_utf8(told.answer.sentence)},
        {"mend", control::to_utf8(told.answer.mend)},
        {"mode", told.evidence.wall.flags & WALL_MONITOR ? "monitor" : "enforce"},
        {"agent", json::object{{"alive", told.evidence.is_agent_alive()}, {"silent", std::round(silent_s * 10) / 10}}},
        {"config", json::object{{"path", control::to_utf8(told.config.path)},
                                {"of_agent", told.config.is_agents},
                                {"changed", !told.config.changed.empty()}}},
        {"steps", std::move(steps)}};
}

std::string screen_of(const Told& told) {
    cli::Table table({{.title = ""}, {.title = ""}, {.title = ""}});
    for (const auto& step : told.answer.steps) table.add({step.name, step.says, step.where});
    std::string screen = control::printable(told.answer.sentence) + "\n\n" + table.to_string(2);
    if (!told.answer.mend.empty()) screen += "\nTo let it through: " + control::printable(told.answer.mend) + "\n";
    if (!told.config.is_agents)
        screen += "\nNo agent answers: lines are those of " + told.config.path + " as it stands now\n";
    if (!told.config.changed.empty())
        screen += "\n" + told.config.changed +
                  (told.config.is_agents ? " has changed since it was loaded: lines are those of then\n"
                                         : " does not say what is in force of these addresses\n");
    return screen;
}

} // namespace

int why(const agent::Options& options, const ringwall::why::Asked& asked, bool as_json) {
    if (const auto mistake = mistake_in(asked); !mistake.empty()) return refuse(mistake, agent::exit_usage);
    if (geteuid() != 0) return refuse("this needs root: it runs the wall's programs", agent::exit_not_permitted);
    log::start("why");
    kernel::log_libbpf();
    if (auto ours = kernel::require_pinned(options.pin_path); !ours) return refuse(ours.error().message());
    auto config = in_force(options);
    if (!config)
        return refuse(config.error().what,
                      config.error().is_configuration ? agent::exit_bad_config : agent::exit_failed);
    const policy::View view = config->view();
    auto question = question_of(asked, view);
    if (!question) return refuse(question.error(), agent::exit_usage);

    const auto maps = kernel::pinned({.directory = options.pin_path + "/maps", .apply = {}});
    const auto witness = kernel::Witness::open(maps);
    if (!witness) return refuse(witness.error().message());
    auto probe = kernel::Probe::load(maps);
    if (!probe) return refuse(probe.error().message());
    // Twice: which ports it has follows from what is known of those that were said.
    complete(*question, witness->look(*question, probe->now_ns()), view);
    std::optional<Limited> lately;
    if (asked.method.empty() && question->method == "INVITE" && question->protocol == Protocol::udp)
        lately = limited_lately(options.socket, *question);
    if (lately) question->method = lately->method;
    if (auto looked = probe->look(question->source, question->destination); !looked)
        return refuse(looked.error().message());
    Evidence evidence = witness->look(*question, probe->now_ns());
    if (lately) evidence.limited_lately = lately->says;
    Trial trial(*probe, *question, evidence);
    const auto verdict = trial.next();
    if (!verdict) return refuse(verdict.error().message());
    // What drops for another reason than a rate would drop so again: there is nothing to count.
    const bool is_of_rates = !reason_text(verdict->reason).is_drop || is_of_limits(verdict->reason);
    if (question->way == Way::in && ringwall::why::step_of(verdict->reason) == 5 && is_of_rates)
        evidence.headroom = trial.headroom(verdict->reason);

    const ringwall::why::Lines lines(view);
    const bool agrees = lines.agrees(question->source.address, evidence.source) &&
                        lines.agrees(question->destination.address, evidence.destination);
    if (!config->is_agents && !agrees) config->changed = config->path; // then only the maps can tell
    const Told told{*question, evidence, *verdict, explain(*question, evidence, verdict->reason, lines), *config};
    return cli::print(as_json ? cli::json_text(document_of(told)) : screen_of(told));
}

} // namespace ringwall::inspect
