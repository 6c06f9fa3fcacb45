// SPDX-License-Identifier: Apache-2.0
// What a whole call costs the agent, INVITE to BYE's 200, and what it takes while it lasts. The wall's own programs judge
// the seven messages (BPF_PROG_TEST_RUN, not timed) and mirror them into the real rings; timed is what the agent does
// with the records: rings, order, transport, parsers, dialog, plan, and `apply` into the real maps, and its clock, at
// 3,000 calls a second of the wall's time. CPU time of this process, user's and system's.
//
//   call_bench [CALLS [PART]]    in each of five repetitions; PART is saturated or alone
//   call_bench CALLS held        so many calls at once: memory, a restart of the agent, and the end of all of them
//
// Saturated: the records of 448 messages stand in the rings when they are read, each of another call. Of one call they
// would cancel out: a call that is over before anybody looked needs no pinhole.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "agent/follower.hpp"
#include "agent/kernel/replay_wall.hpp"
#include "agent/kernel/rings.hpp"
#include "agent/pinhole/book.hpp"
#include "tests/bench/call_messages.hpp"

namespace ringwall::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto between_calls = 1000000us / 3000;
constexpr int repetitions = 5;
constexpr const char* configuration = R"(
version: 1
mode: enforce
outside: [eth0]
protect: { networks: [192.0.2.0/24], media_ports: 10000-49999 }
sip: { udp: [5060] }
allow: [198.51.100.0/24] # no limit stands before these calls
peers:
  - { name: carrier, networks: [198.51.100.0/24] }
)";

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "call_bench: %s\n", result.error().message().c_str());
    std::exit(1);
}

double cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
}

double resident_bytes() {
    long pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

class Agent {
public:
    Agent()
        : wall_(must(kernel::ReplayWall::load(policy_.compiled(), policy_.config().tables))),
          maps_(must(kernel::Maps::open(wall_.maps()))),
          rings_(must(kernel::Rings::open(
              wall_.maps(), [this](const transport::Packet& packet) { follower_->on_packet(packet); },
              [this](const transport::Packet& packet) { return follower_->is_to_stranger(packet); }))) {
        start();
    }

    // Another agent, over the maps of the one before.
    void start() {
        follower_.reset();
        follower_.emplace(
            maps_, policy_, [this] { return Now{clock_, 1'800'000'000}; },
            [this](const pinhole::MapOps& wanted) { follower_->apply(wanted); });
        follower_->restore();
    }

    void hear(const Crossing& message) {
        clock_ += 10us;
        wall_.set_time(pinhole::to_ns(clock_), pinhole::to_ns(clock_));
        must(message.is_outbound ? wall_.out(message.frame) : wall_.in(message.frame));
    }

    // CPU time in microseconds of reading what has been heard.
    double work() {
        const double began = cpu_us();
        while (rings_->drain(pinhole::to_ns(clock_))) {}
        follower_->end_round();
        if (clock_ - ticked_ >= 100ms) {
            ticked_ = clock_;
            follower_->tick();
        }
        follower_->take_notices();
        return cpu_us() - began;
    }
    void wait(std::chrono::nanoseconds time) { clock_ += time; }

    uint64_t counter(std::string_view name) const {
        for (const CoreCounter& counter : follower_->counters())
            if (counter.label == name) return counter.count;
        return 0;
    }
    bool has_lost() const {
        const auto events = maps_.events();
        return events[EVENT_lost_inside] + events[EVENT_lost_known] + events[EVENT_lost_strangers] != 0;
    }

private:
    policy::View policy_{policy::read(configuration).value(), policy::Facts{}};
    kernel::ReplayWall wall_;
    kernel::Maps maps_;
    std::chrono::steady_clock::time_point clock_{24h}, ticked_{};
    std::optional<Follower> follower_;
    std::unique_ptr<kernel::Rings> rings_;
};

void check(const char* what, uint64_t is, uint64_t wanted) {
    if (is == wanted) return;
    std::fprintf(stderr, "call_bench: %s is %lu and should be %lu\n", what, is, wanted);
    std::exit(1);
}
void check(const Agent& agent, const char* counter, uint64_t wanted) { check(counter, agent.counter(counter), wanted); }

using Messages = std::vector<std::array<Crossing, 7>>;

// Calls of a batch are all at the same message; batches are a message apart.
class Saturated {
public:
    static constexpr uint32_t batch = 64;
    // CPU time of reading one message of each of seven batches: what a batch costs from its first to its last.
    double round(Agent& agent, uint32_t first) {
        under_way_.insert(under_way_.begin(), messages(first));
        for (size_t stage = 0; stage < under_way_.size(); ++stage)
            for (const auto& call : under_way_[stage]) agent.hear(call[stage]);
        if (under_way_.size() == std::tuple_size_v<Messages::value_type>) under_way_.pop_back();
        agent.wait(batch * between_calls);
        return agent.work();
    }

private:
    static Messages messages(uint32_t first) {
        Messages all;
        for (uint32_t number = first; number < first + batch; ++number) all.push_back(call(number));
        return all;
    }
    std::deque<Messages> under_way_; // the newest first
};

double each_alone(Agent& agent, uint32_t number) {
    double spent = 0;
    for (const Crossing& message : call(number)) {
        agent.hear(message);
        spent += agent.work();
    }
    agent.wait(between_calls);
    return spent;
}

// `first` calls, which are not counted, then the repetitions.
template <class Round>
void measure_calls(const char* name, uint32_t calls_a_round, uint32_t first, uint32_t calls, Round round) {
    Agent agent;
    std::vector<double> figures;
    uint32_t number = 0;
    for (; number < first; number += calls_a_round) round(agent, number);
    for (int repetition = 0; repetition < repetitions; ++repetition) {
        double spent = 0;
        const uint32_t begin = number;
        for (; number < begin + calls; number += calls_a_round) spent += round(agent, number);
        figures.push_back(spent / (number - begin));
    }
    // Of those under way, half of the calls from outside ring. Where tombstones fill the map, the oldest give way, and the
    // pinhole is opened again.
    check("pinholes_opened", agent.counter("pinholes_opened") - agent.counter("pinholes_refused_full"),
          2 * number - first / 2);
    check(agent, "calls_ended", number - first);
    check(agent, "failed_operations", 0);
    check(agent, "dialogs_refused", 0);
    check(agent, "transactions_full", 0);
    if (agent.has_lost()) std::fprintf(stderr, "call_bench: records were lost\n"), std::exit(1);
    std::ranges::sort(figures);
    std::printf("%-44s %6.2f us of CPU a call [%.2f..%.2f]\n", name, figures[figures.size() / 2], figures.front(),
                figures.back());
    std::fflush(stdout);
}

void measure_saturated(uint32_t calls) {
    Saturated saturated;
    measure_calls("saturated: 448 messages at a time", Saturated::batch, 6 * Saturated::batch, calls,
                  [&](Agent& agent, uint32_t number) { return saturated.round(agent, number); });
}

void hear_all(Agent& agent, uint32_t calls, size_t first, size_t end) {
    for (uint32_t number = 0; number < calls; ++number) {
        const auto messages = call(number);
        for (size_t i = first; i < end; ++i) agent.hear(messages[i]);
        agent.wait(1ms);
        agent.work();
    }
}

// Answered calls that go on, each with ports of its own. The agent that ends them is not the one that saw them begin.
void measure_held(uint32_t calls) {
    Agent agent;
    const double before = resident_bytes();
    hear_all(agent, calls, 0, messages_until_ack);
    agent.wait(60s); // transactions are over
    agent.work();
    check(agent, "calls_answered", calls);
    check(agent, "calls_ended", 0);
    check(agent, "pinholes_opened", 2 * calls);
    check(agent, "dialogs_refused", 0);
    std::printf("%7u calls at once: %22.0f bytes of memory a call over %.1f MB;", calls,
                (resident_bytes() - before) / calls, before / 1e6);
    const double began = cpu_us();
    agent.start();
    std::printf(" %.2f s of CPU for a restart\n", (cpu_us() - began) / 1e6);
    hear_all(agent, calls, messages_until_ack, std::tuple_size_v<Messages::value_type>);
    check(agent, "calls_ended", calls);
    agent.wait(3s);
    agent.work();
    check(agent, "pinholes_closed", 2 * calls);
    check(agent, "failed_operations", 0);
    check(agent, "dialogs_refused", 0);
    std::fflush(stdout);
}

// What another bench has freed would hide what this one takes.
template <class F>
void in_a_process_of_its_own(F f) {
    const pid_t child = fork();
    if (child == 0) f(), std::exit(0);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) std::exit(1);
}

} // namespace
} // namespace ringwall::bench

int main(int count, char** words) {
    using namespace ringwall::bench;
    const auto calls = static_cast<uint32_t>(count > 1 ? std::atoi(words[1]) : 40000);
    const std::string part = count > 2 ? words[2] : "";
    if (part == "held") return measure_held(calls), 0;
    for (const uint32_t held : {10000U, 100000U})
        if (part.empty()) in_a_process_of_its_own([=] { measure_held(held); });
    if (part.empty() || part == "saturated") measure_saturated(calls);
    if (part.empty() || part == "alone") measure_calls("each message read by itself", 1, 0, calls, each_alone);
}
