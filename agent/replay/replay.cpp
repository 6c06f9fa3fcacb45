// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/replay.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <system_error>

#include "agent/agent.hpp"
#include "agent/capture/frame.hpp"
#include "agent/cli/json_text.hpp"
#include "agent/kernel/name_memory.hpp"
#include "agent/kernel/objects.hpp"
#include "agent/log.hpp"
#include "agent/process/plan.hpp"
#include "agent/replay/file.hpp"
#include "agent/replay/player.hpp"
#include "agent/replay/progress.hpp"
#include "agent/replay/summary.hpp"
#include "agent/replay/verdict_line.hpp"

namespace ringwall::replay {
namespace {

int refuse(const std::string& message, int code = agent::exit_failed) {
    std::fprintf(stderr, "ringwall: %s\n", message.c_str());
    return code;
}

int refuse(const Error& error) {
    const bool is_denied =
        error.code == std::errc::permission_denied || error.code == std::errc::operation_not_permitted;
    return refuse(error.message(), is_denied ? agent::exit_not_permitted : agent::exit_failed);
}

Error at(const capture::Defect& defect, const std::string& path) {
    return {{}, path + ": at byte " + std::to_string(defect.offset) + ": " + defect.what};
}

Error unread(uint32_t link_type, const std::string& path) {
    return {{},
            path + ": packets of link type " + capture::link_type_name(link_type) +
                ", where Ethernet, Linux cooked, raw IP and loopback are read: capture on another interface"};
}

// The inside is what the policy protects, and the public addresses that stand for it.
bool is_from_inside(const policy::View& policy, const std::optional<capture::Flow>& flow) {
    if (!flow) return false;
    const IpAddress& source = flow->source.address;
    return policy.is_protected(source) || policy.config().external.contains(source);
}

struct Files {
    InputFile capture;
    OutputFile verdicts, calls;
};

Result<Files> open_files(const Options& options) {
    auto capture = InputFile::open(options.capture);
    if (!capture) return tl::make_unexpected(capture.error());
    for (const std::string& output : {options.verdicts, options.calls})
        if (is_one_file(options.capture, output)) return fail("write " + output + ": it is the capture that is read");
    auto verdicts = OutputFile::open(options.verdicts);
    if (!verdicts) return tl::make_unexpected(verdicts.error());
    if (is_one_file(options.verdicts, options.calls)) return fail("write " + options.calls + ": the verdicts go there");
    auto calls = OutputFile::open(options.calls);
    if (!calls) return tl::make_unexpected(calls.error());
    return Files{std::move(*capture), std::move(*verdicts), std::move(*calls)};
}

class Replay {
public:
    Replay(Files& files, Player& player, const Options& options)
        : files_(files), player_(player), options_(options), progress_(files.capture.size()) {}

    // To the end of the capture, or to where it cannot be read.
    Result<void> run() {
        auto reader = capture::Reader::open(files_.capture.read());
        if (!reader) return broken(reader.error());
        while (true) {
            const auto record = reader->next();
            if (!record) return broken(record.error());
            if (!*record) return files_.capture.status().and_then([this] { return has_read_something(); });
            if (auto played = play(**record); !played) return played;
            progress_.show(reader->offset(), tally_.frames());
        }
    }
    const Tally& tally() const { return tally_; }

private:
    // A file that cannot be read looks like one that ends too early.
    Result<void> broken(const capture::Defect& defect) const {
        if (auto status = files_.capture.status(); !status) return status;
        return tl::make_unexpected(at(defect, options_.capture));
    }
    Result<void> has_read_something() const {
        if (tally_.packets > 0 || tally_.unread == 0) return {};
        return tl::make_unexpected(unread(tally_.unread_link_type, options_.capture));
    }

    Result<void> play(const capture::Record& record) {
        const auto frame = framer_.frame(record);
        if (!frame) {
            if (tally_.unread++ == 0) tally_.unread_link_type = record.link_type;
            return {};
        }
        const bool is_unsaid = frame->direction == capture::Direction::unsaid;
        VerdictLine line{.number = tally_.frames() + 1,
                         .time_ns = record.time_ns,
                         .is_outbound = frame->direction == capture::Direction::out,
                         .is_by_address = is_unsaid,
                         .flow = capture::flow_of(frame->bytes)};
        if (is_unsaid) line.is_outbound = is_from_inside(player_.policy(), line.flow);
        const auto time = record.has_time ? std::optional(record.time_ns) : std::nullopt;
        const auto verdict = player_.play(frame->bytes, line.is_outbound, line.flow, time);
        if (!verdict) return tl::make_unexpected(verdict.error());
        line.passes = verdict->passes;
        line.reason = verdict->reason;
        tally_.count(line, *frame);
        return write(line);
    }

    Result<void> write(const VerdictLine& line) {
        if (!files_.verdicts.is_wanted()) return {};
        text_.clear();
        append(text_, line);
        return files_.verdicts.write(text_);
    }

    Files& files_;
    Player& player_;
    const Options& options_;
    Progress progress_;
    capture::Framer framer_;
    Tally tally_;
    std::string text_;
};

Result<void> write_calls(OutputFile& file, const Player& player) {
    if (!file.is_wanted()) return {};
    return file.write(cli::json_text(player.calls().document(player.policy(), player.now())));
}

Result<void> write_summary(const Summary& summary, const Options& options) {
    const bool is_output_taken = options.verdicts == "-" || options.calls == "-";
    std::FILE* to = is_output_taken ? stderr : stdout;
    const std::string text = options.json ? cli::json_text(summary_document(summary)) : summary_screen(summary);
    if (std::fwrite(text.data(), 1, text.size(), to) == text.size() && std::fflush(to) == 0) return {};
    return fail_errno(errno, "write the summary");
}

// What was read before a defect is told all the same.
int replay(Files& files, Player& player, const Options& options) {
    const auto began = std::chrono::steady_clock::now();
    Result<void> ran;
    Tally tally;
    {
        Replay replay(files, player, options);
        ran = replay.run();
        tally = replay.tally();
    }
    player.finish();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const auto told =
        write_calls(files.calls, player)
            .and_then([&] { return files.calls.close(); })
            .and_then([&] { return files.verdicts.close(); })
            .and_then([&] { return write_summary({tally, player, options.capture, took.count()}, options); });
    if (!ran) return refuse(ran.error());
    return told ? agent::exit_good : refuse(told.error());
}

// No name server is asked: what it said would be of today, and the capture is not.
void warn_of_names(const agent::Plan& plan) {
    for (const policy::Peer& peer : plan.config.peers)
        for (const policy::PeerName& name : peer.names)
            if (const auto known = plan.known.names.find(name.text);
                known == plan.known.names.end() || known->second.addresses().empty())
                std::fprintf(stderr,
                             "ringwall: no wall here knows the addresses of %s (peer %s): name them among its "
                             "networks\n",
                             name.text.c_str(), peer.name.c_str());
}

} // namespace

int replay(const std::string& config, const std::string& pin_path, const Options& options) {
    if (geteuid() != 0) return refuse("this needs root: it loads BPF programs", agent::exit_not_permitted);
    log::start("replay");
    kernel::log_libbpf();
    auto plan = agent::make_plan(config, {{}, kernel::remembered_names(pin_path)});
    if (!plan && plan.error().is_configuration) return refuse(plan.error().what, agent::exit_bad_config);
    if (!plan) return refuse(plan.error().what);
    if (plan->config.protect_self)
        std::fprintf(stderr,
                     "ringwall: `self` stands for this machine's addresses: name the networks where the capture is "
                     "another's\n");
    warn_of_names(*plan);
    for (const agent::LoadedList& list : plan->known.lists)
        for (const std::string& remark : agent::remarks_on(list))
            std::fprintf(stderr, "ringwall: %s\n", remark.c_str());
    auto files = open_files(options);
    if (!files) return refuse(files.error());
    policy::Facts facts = agent::facts_of(plan->surroundings, plan->known);
    facts.tai_offset = {}; // rules' dates are compared with the capture's time, not with a machine's CLOCK_TAI
    facts.shared.clear();  // nor are this machine's broadcast addresses the capture's
    auto player = Player::open(policy::View(std::move(plan->config), facts), options.agent_delay);
    if (!player) return refuse(player.error());
    return replay(*files, **player, options);
}

} // namespace ringwall::replay
