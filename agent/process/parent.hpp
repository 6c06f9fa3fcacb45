// SPDX-License-Identifier: Apache-2.0
// The privileged process: puts policy into force, follows the interfaces as they come and go, keeps a worker alive, and
// does the few things that a worker may ask for. It reads no packet and parses nothing but the operator's own
// configuration, and addresses in frames of a fixed form.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "agent/agent.hpp"
#include "agent/kernel/datapath.hpp"
#include "agent/kernel/link_events.hpp"
#include "agent/process/briefing.hpp"
#include "agent/process/config_watch.hpp"
#include "agent/process/control_socket.hpp"
#include "agent/process/file_watch.hpp"
#include "agent/process/messages.hpp"
#include "agent/process/plan.hpp"
#include "agent/process/resolver.hpp"
#include "agent/process/retry.hpp"
#include "agent/process/seldom.hpp"
#include "agent/process/service_manager.hpp"

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
        uint64_t reloads_asked = 0;
    };

    struct Resolver {
        pid_t pid;
        Fd socket;
        std::vector<std::string> names; // in the order that it counts them
        FrameReader frames{largest_of_resolver};
    };
    struct NameState {
        std::string peer;
        kernel::NamedParty party;
        names::Trouble trouble = names::Trouble::none;
        uint32_t failures = 0;
        bool is_full = false; // of registrars, and that was said
    };

    int start(Plan plan);
    int give_up(const Error& error);
    Result<void> put_into_force(const Plan& plan);
    Result<void> put_new_wall_into_force(Plan plan);
    Result<void> write(const policy::Compiled& compiled);
    static Result<Fd> table_of(const policy::Compiled& compiled);

    // parent_interfaces.cpp
    void on_link_events();
    void look_at_interfaces();
    Result<void> follow(Surroundings found);
    Result<void> follow_addresses(const Surroundings& found);
    Result<void> attach(const Surroundings& found, policy::Attach mode, kernel::OnFailure on_failure);
    Result<void> attach_now(const Surroundings& found, policy::Attach mode, kernel::OnFailure on_failure);
    void brief_worker(Message message);
    void send_worker(Message message, std::string_view body, int descriptor);

    // parent_watch.cpp
    bool keep_pins();
    void note_lost();
    void tell_lost(const control::Interface& interface, kernel::Hook hook);
    void look_at_attachments();
    void look_at_socket();
    void listen_for_scrapes();

    // parent_lists.cpp
    void watch_lists();
    void take_lists(const std::vector<size_t>& which);

    // parent_names.cpp
    void follow_names();
    void start_resolver();
    void end_resolver();
    void on_resolver_bytes();
    bool take(const Resolved& resolved);
    void on_join(const dialog::Join& join);
    void look_at_names();
    void put_names_into_force();
    void tell_of_names();
    void describe_names();
    void remember_names();
    Known known() const;

    void tell_takeover(const policy::Config& config);
    int supervise();
    int on_signal(int signals);
    int on_worker_bytes();
    int on_frame(const Frame& frame);
    int on_time();
    int look_at_heartbeat();
    void on_file_events();
    void look_at_configuration();
    void start_next_worker();
    std::chrono::steady_clock::time_point next_look() const;
    void reload();

    Result<void> start_worker();
    int worker_gone();
    void stop_worker();

    Options options_;
    ServiceManager manager_ = ServiceManager::from_environment();
    std::optional<kernel::Datapath> datapath_;
    std::optional<kernel::LinkEvents> link_events_;
    policy::Config config_;     // in force
    Surroundings surroundings_; // that it is in force for
    LoadedLists lists_;         // and with
    std::optional<FileWatch> file_watch_;
    ConfigWatch config_watch_{options_.config};
    std::map<std::string, NameState> names_;
    bool has_followed_names_ = false; // since this process began
    bool are_names_due_ = false;      // the policy in force is of what they stood for before
    std::optional<Resolver> resolver_;
    Fd table_; // of networks, as the kernel has it
    ControlSocket control_;
    std::string control_error_;                             // of the last attempt to make it anew, else empty
    Retry attaching_;                                       // something is not attached as it was, or should be
    std::set<int> refused_;                                 // by index: those that could not be
    std::map<std::pair<int, kernel::Hook>, Seldom> losses_; // of programs, by interface
    std::map<int, control::Interface> lost_untold_; // by index, as it was: if it comes back so, that is not told either
    Retry following_;                    // what the machine has now could not be found out, or put into force
    std::string follow_error_;           // why; empty: it could
    std::optional<Endpoint> scraped_at_; // over TCP: of the configuration that this process began with
    Fd scraped_;                         // none where it says so, or somebody else is there
    Fd signals_;
    Briefing briefing_;
    std::optional<Worker> worker_;
    std::chrono::milliseconds backoff_{};
    std::chrono::steady_clock::time_point wake_at_;    // the next look at everything
    std::chrono::steady_clock::time_point worker_due_; // the next one's start, where there is none
    bool was_ready_ = false;
};

} // namespace ringwall::agent
