// SPDX-License-Identifier: Apache-2.0
#include "agent/agent.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>

#include "agent/control/http.hpp"
#include "agent/kernel/datapath.hpp"
#include "agent/log.hpp"
#include "agent/process/parent.hpp"

namespace ringwall::agent {
namespace {

constexpr int exit_patience_ms = 15000;

bool is_root() {
    if (geteuid() == 0) return true;
    std::fputs("ringwall: this needs root: it loads, attaches and pins BPF programs\n", stderr);
    return false;
}

// True if an agent of this very wall took the request.
bool asked_agent(const Options& options) {
    const control::Request request{.method = "POST",
                                   .target = "/api/v1/detach",
                                   .body = boost::json::serialize(boost::json::object{{"pin_path", options.pin_path}})};
    const auto answer = control::call(options.socket, request);
    return answer && answer->status == 202;
}

int failed(const Error& error) {
    std::fprintf(stderr, "ringwall: %s\n", error.message().c_str());
    return exit_failed;
}

} // namespace

int run(const Options& options) {
    if (!is_root()) return exit_not_permitted;
    log::start("parent");
    kernel::log_libbpf();
    return Parent(options).run();
}

int detach(const Options& options) {
    if (!is_root()) return exit_not_permitted;
    log::start("detach");
    kernel::log_libbpf();
    if (asked_agent(options) && !kernel::wait_until_free(options.pin_path, exit_patience_ms))
        return failed({{}, "the agent took the request but does not end: stop it by its pid, then detach again"});
    // What a dead agent left; nothing after a live one's own detach.
    auto pins = kernel::Pins::find(options.pin_path);
    if (!pins) return failed(pins.error());
    if (!*pins) return exit_good;
    if (auto down = kernel::take_down(**pins); !down) return failed(down.error());
    return exit_good;
}

} // namespace ringwall::agent
