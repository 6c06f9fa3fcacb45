// SPDX-License-Identifier: Apache-2.0
// The privileged process: puts policy into force, follows the interfaces as they come and go, keeps a worker alive, and
// does the three things that a worker may ask for. It reads no packet and parses nothing but the operator's own configuration.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/agent.hpp"
#include "agent/kernel/datapath.hpp"
#include "agent/kernel/link_events.hpp"
#include "agent/process/briefing.hpp"
#include "agent/process/messages.hpp"
#include "agent/process/plan.hpp"

namespace ringwall::agent {

class Parent {
public:
    explicit Parent(Options options) : options_(std::move(options)) {}
    int run(); // an ExitCode

private:
    struct Worker {
        pid_t pid;
        Fd socket;
        FrameReader frames{largest_to_parent};
        std::chrono::steady_clock::time_point started;
        bool is_ready = false;
        uint64_t last_beat_ns = 0;
        int silent_looks = 0; // one a second
    };

    int start(const Plan& plan);
    Result<void> put_into_force(const Plan& plan);

    // parent_interfaces.cpp
    void on_link_events();
    Result<void> follow(Surroundings found);
    Result<void> attach(const Surroundings& found, policy::Attach mode, kernel::OnFailure on_failure);
    void tell_worker(Message message, std::string_view body);

    int supervise();
    int on_signal(int signals);
    int on_worker_bytes();
    int on_frame(const Frame& frame);
    int on_time();
    int look_at_heartbeat();
    void reload();

    Result<void> start_worker();
    int worker_gone();
    void stop_worker();

    Options options_;
    std::optional<kernel::Datapath> datapath_;
    std::optional<kernel::LinkEvents> link_events_;
    policy::Config config_;     // in force
    Surroundings surroundings_; // that it is in force for
    Fd listening_;
    Fd signals_;
    Briefing briefing_;
    std::optional<Worker> worker_;
    std::chrono::milliseconds backoff_{};
    std::chrono::steady_clock::time_point wake_at_; // the next look at the worker, or the next worker's start
    bool was_ready_ = false;
};

} // namespace ringwall::agent
