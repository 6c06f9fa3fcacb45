// SPDX-License-Identifier: Apache-2.0
#include "agent/process/parent.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "agent/log.hpp"
#include "agent/process/control_socket.hpp"
#include "agent/process/joined.hpp"
#include "agent/process/log_settings.hpp"
#include "agent/process/privileges.hpp"
#include "agent/process/worker.hpp"

namespace ringwall::agent {
using namespace std::chrono_literals;
namespace {

constexpr int go_on = -1; // no exit code yet
constexpr auto first_backoff = 100ms;
constexpr auto longest_backoff = 5000ms;
constexpr auto healthy_after = 10s; // a worker that lived so long starts the backoff anew
constexpr auto look_period = 1s;
constexpr int most_silent_looks = 5;
constexpr int most_starting_looks = 60;
constexpr timeval send_patience{.tv_sec = 5, .tv_usec = 0};
constexpr auto stop_patience = 2s;

sigset_t handled_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
    return set;
}

int refuse(const Error& error) {
    log::error("start", error.message());
    return exit_failed;
}

bool has_exited(pid_t pid, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (waitpid(pid, nullptr, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        usleep(5000);
    }
    return true;
}

} // namespace

int Parent::run() {
    // A stop in mid-start waits for its end: process 1 of a container is sent no signal that would end it, and any other
    // process would leave half a wall.
    const auto signals = handled_signals();
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // who reads our log may go
    signals_.reset(signalfd(-1, &signals, SFD_CLOEXEC));
    // Before the files: in another namespace than the wall's, the interfaces of the configuration would be called missing.
    if (auto ours = kernel::check_pinned(options_.pin_path); !ours) return refuse(ours.error());
    // Before the first look at the interfaces, so that none can come between.
    auto events = kernel::LinkEvents::open();
    if (!events) return refuse(events.error());
    link_events_.emplace(std::move(*events));
    auto file_watch = FileWatch::open();
    if (!file_watch) return refuse(file_watch.error());
    file_watch_.emplace(std::move(*file_watch));
    config_watch_.about_to_load();
    auto plan = make_plan(options_.config, {{}, kernel::remembered_names(options_.pin_path)});
    if (!plan) {
        std::fprintf(stderr, "%s\n", plan.error().what.c_str());
        return plan.error().is_configuration ? exit_bad_config : exit_failed;
    }
    configure_log(plan->config.log, {}); // the wall's secret is not read yet
    if (const int failed = start(std::move(*plan)); failed != go_on) return failed;
    const int code = supervise();
    manager_.stopping();
    stop_worker();
    end_resolver();
    control_.remove();
    return code;
}

int Parent::start(Plan plan) {
    auto datapath = kernel::Datapath::open(options_.pin_path, plan.config.tables);
    if (!datapath) return refuse(datapath.error());
    datapath_.emplace(std::move(*datapath));
    configure_log(plan.config.log, datapath_->secret());
    if (datapath_->took_over()) tell_takeover(plan.config);
    // Before anything is attached: what cannot be an agent must not leave a wall without one.
    auto listening = ControlSocket::listen(options_.socket);
    if (!listening) return give_up(listening.error());
    control_ = std::move(*listening);
    auto done = datapath_->took_over() ? put_into_force(plan) : put_new_wall_into_force(std::move(plan));
    if (!done) return give_up(done.error());
    scraped_at_ = config_.http;
    briefing_.http_listen = scraped_at_ ? scraped_at_->to_string() : "off";
    listen_for_scrapes();
    if (auto started = start_worker(); !started) return give_up(started.error());
    return go_on;
}

// Nobody was protected by a wall that never stood; one that stands is kept.
int Parent::give_up(const Error& error) {
    if (!datapath_->took_over()) datapath_->take_down();
    control_.remove();
    return refuse(error);
}

// Of the wall that stood, and for how long nobody followed its calls.
void Parent::tell_takeover(const policy::Config& config) {
    log::info("start", "took over the wall pinned at " + options_.pin_path);
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    const auto silent = since_boot - std::chrono::nanoseconds(datapath_->heartbeat_ns());
    if (silent < config.agent_loss_after) return;
    const std::string seconds = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(silent).count());
    log::warn("agent.lost",
              "nobody followed the calls for " + seconds + " s: what on_agent_loss says was in force meanwhile",
              {{"seconds", seconds}});
}

int Parent::supervise() {
    while (true) {
        std::array<pollfd, 5> waiting{
            {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
             {.fd = worker_ ? worker_->socket.get() : -1, .events = POLLIN, .revents = 0},
             {.fd = link_events_->fd(), .events = POLLIN, .revents = 0},
             {.fd = file_watch_->fd(), .events = POLLIN, .revents = 0},
             {.fd = resolver_ ? resolver_->socket.get() : -1, .events = POLLIN, .revents = 0}}};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_look() - std::chrono::steady_clock::now());
        const int timeout = static_cast<int>(std::max<int64_t>(0, left.count()));
        if (poll(waiting.data(), waiting.size(), timeout) < 0 && errno != EINTR) return exit_failed;

        int code = go_on;
        if (waiting[0].revents != 0) code = on_signal(signals_.get());
        if (code == go_on && waiting[1].revents != 0 && worker_) code = on_worker_bytes();
        if (code == go_on && waiting[2].revents != 0) on_link_events();
        if (code == go_on && waiting[3].revents != 0) on_file_events();
        if (code == go_on && waiting[4].revents != 0 && resolver_) on_resolver_bytes();
        if (const auto due = config_watch_.due(); code == go_on && due && std::chrono::steady_clock::now() >= *due)
            look_at_configuration();
        if (code == go_on && attaching_.is_due(std::chrono::steady_clock::now())) look_at_attachments();
        if (code == go_on && std::chrono::steady_clock::now() >= wake_at_) code = on_time();
        if (code == go_on && !worker_ && std::chrono::steady_clock::now() >= worker_due_) start_next_worker();
        if (code != go_on) return code;
    }
}

int Parent::on_time() {
    wake_at_ = std::chrono::steady_clock::now() + look_period;
    manager_.alive(); // this process: the worker's hanging is ours to see
    keep_pins();
    look_at_attachments();
    if (following_.is_due(std::chrono::steady_clock::now())) look_at_interfaces();
    look_at_socket();
    listen_for_scrapes();
    take_lists(file_watch_->look(lists_, std::chrono::steady_clock::now()));
    look_at_configuration();
    look_at_names();
    if (!resolver_) start_resolver();
    return worker_ ? look_at_heartbeat() : go_on;
}

void Parent::start_next_worker() {
    worker_due_ = std::chrono::steady_clock::now() + look_period;
    if (!briefing_.pins_error.empty()) return; // by which a worker finds its maps; it was told
    if (auto started = start_worker(); !started) log::error("worker", started.error().message());
}

std::chrono::steady_clock::time_point Parent::next_look() const {
    return std::min({wake_at_, config_watch_.due().value_or(wake_at_), attaching_.due().value_or(wake_at_),
                     worker_ ? wake_at_ : worker_due_});
}

// By looks, not by age: a machine that slept, or a group of processes that was stopped, slept whole. Before it is ready it has
// the calls of others to read, of which there may be many.
int Parent::look_at_heartbeat() {
    const auto beat_ns = worker_->is_ready ? datapath_->heartbeat_ns() : 0;
    worker_->silent_looks = beat_ns == worker_->last_beat_ns ? worker_->silent_looks + 1 : 0;
    worker_->last_beat_ns = beat_ns;
    if (worker_->silent_looks < (worker_->is_ready ? most_silent_looks : most_starting_looks)) return go_on;
    log::error("agent.hangs", "the worker has not read its rings for seconds: another one takes its place");
    return worker_gone();
}

int Parent::on_signal(int signals) {
    signalfd_siginfo received{};
    if (read(signals, &received, sizeof received) != sizeof received) return go_on;
    if (received.ssi_signo == SIGHUP) {
        reload();
        return go_on;
    }
    keep_pins(); // that the datapath stays by
    log::info("stop", "the datapath stays in place; `ringwall detach` takes it down");
    return exit_good;
}

int Parent::on_worker_bytes() {
    std::array<char, 256> bytes;
    const ssize_t received = recv(worker_->socket.get(), bytes.data(), bytes.size(), 0);
    if (received < 0 && errno == EINTR) return go_on;
    if (received <= 0) return worker_gone();
    worker_->frames.feed({bytes.data(), static_cast<size_t>(received)});
    while (worker_) {
        auto frame = worker_->frames.next();
        if (!frame) {
            log::error("worker", frame.error().message());
            return worker_gone();
        }
        if (!*frame) break;
        if (const int code = on_frame(**frame); code != go_on) return code;
    }
    return go_on;
}

int Parent::on_frame(const Frame& frame) {
    const bool is_word = frame.message == Message::ready || frame.message == Message::reload;
    if (is_word && !frame.body.empty()) {
        log::error("worker", "sent more than a word");
        return worker_gone();
    }
    switch (frame.message) {
        case Message::ready:
            worker_->is_ready = true;
            if (!std::exchange(was_ready_, true)) {
                std::puts("ringwall: ready");
                std::fflush(stdout);
                manager_.ready();
            }
            return go_on;
        case Message::reload:
            ++worker_->reloads_asked;
            reload();
            return go_on;
        case Message::joined:
            if (const auto join = decode_join(frame.body)) {
                on_join(*join);
                return go_on;
            }
            [[fallthrough]];
        default: log::error("worker", "sent a message that is not a worker's"); return worker_gone();
    }
}

// By `policy` or `surroundings`.
void Parent::brief_worker(Message message) { send_worker(message, encode(briefing_), table_.get()); }

void Parent::send_worker(Message message, std::string_view body, int descriptor) {
    if (!worker_) return;
    const auto sent = send_frame(worker_->socket.get(), message, body, descriptor);
    if (sent) return;
    // It reads nothing for seconds: a new one starts with the policy in force.
    log::error("worker", sent.error().message());
    worker_gone();
}

Result<void> Parent::start_worker() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno(errno, "make a socket pair");
    Fd ours(ends[0]), theirs(ends[1]);
    setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &send_patience, sizeof send_patience);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) return fail_errno(errno, "start the worker");
    if (pid == 0) {
        // Never returns into the parent's frames: their destructors are the parent's.
        _exit(run_worker({.parent = parent,
                          .socket = theirs.get(),
                          .listening = control_.fd(),
                          .scraped = scraped_.get(),
                          .lock = datapath_->pins().lock_fd(),
                          .maps = datapath_->map_paths()}));
    }
    worker_.emplace(Worker{.pid = pid, .socket = std::move(ours), .started = std::chrono::steady_clock::now()});
    briefing_.reloads_answered = 0;
    if (auto briefed = send_frame(worker_->socket.get(), Message::policy, encode(briefing_), table_.get()); !briefed) {
        worker_gone();
        return briefed;
    }
    return {};
}

// A start that never worked ends the agent; a worker that did is started again, and the datapath goes on meanwhile.
int Parent::worker_gone() {
    kill(worker_->pid, SIGKILL);
    int status = 0;
    waitpid(worker_->pid, &status, 0);
    const bool was_healthy = std::chrono::steady_clock::now() - worker_->started >= healthy_after;
    worker_.reset();
    if (!was_ready_) {
        log::error("worker", "ended before it was ready: the datapath stays, `ringwall detach` takes it down");
        return exit_failed;
    }
    backoff_ = was_healthy || backoff_ == 0ms ? first_backoff
                                              : std::min<std::chrono::milliseconds>(backoff_ * 2, longest_backoff);
    worker_due_ = std::chrono::steady_clock::now() + backoff_;
    log::error("agent.ended", "the worker ended (" +
                                  (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                                       : "code " + std::to_string(WEXITSTATUS(status))) +
                                  "); calls go on, the next one starts in " + std::to_string(backoff_.count()) + " ms");
    return go_on;
}

void Parent::stop_worker() {
    if (!worker_) return;
    send_frame(worker_->socket.get(), Message::stop);
    if (!has_exited(worker_->pid, stop_patience)) {
        kill(worker_->pid, SIGKILL);
        waitpid(worker_->pid, nullptr, 0);
    }
    worker_.reset();
}

} // namespace ringwall::agent
