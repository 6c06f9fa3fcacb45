// SPDX-License-Identifier: Apache-2.0
#include "agent/agent.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "agent/kernel/datapath.hpp"
#include "agent/log.hpp"
#include "agent/process/parent.hpp"
#include "agent/process/privileges.hpp"
#include "agent/process/rights.hpp"

namespace ringwall::agent {
namespace {

constexpr int exit_patience_ms = 15000;

bool is_root() {
    if (geteuid() == 0) return true;
    std::fputs("ringwall: this needs root: it loads, attaches and pins BPF programs\n", stderr);
    return false;
}

int failed(const Error& error) {
    std::fprintf(stderr, "ringwall: %s\n", error.message().c_str());
    return exit_failed;
}

} // namespace

int run(const Options& options) {
    if (!is_root()) return exit_not_permitted;
    log::start("parent");
    raise_descriptor_limit();
    if (auto permitted = require_rights(); !permitted) {
        log::error("start", permitted.error().message());
        return exit_not_permitted;
    }
    kernel::log_libbpf();
    // What the agent says of its files is read elsewhere, too: by commands in other directories.
    Options here = options;
    std::error_code unknown;
    if (const auto whole = std::filesystem::absolute(options.config, unknown); !unknown) here.config = whole.string();
    return Parent(here).run();
}

int detach(const Options& options) {
    if (!is_root()) return exit_not_permitted;
    log::start("detach");
    kernel::log_libbpf();
    // By signal, not by the socket: what answers there is the worker, and it shall not be able to take the wall down.
    if (const auto agent = kernel::holder(options.pin_path)) {
        kill(*agent, SIGTERM);
        if (!kernel::wait_until_free(options.pin_path, exit_patience_ms))
            return failed(
                {{}, "the agent (pid " + std::to_string(*agent) + ") does not end: stop it, then detach again"});
    }
    auto pins = kernel::Pins::find(options.pin_path);
    if (!pins) return failed(pins.error());
    if (!*pins) {
        if (const auto left = kernel::left_filters(options.pin_path); !left.empty()) {
            kernel::remove_left_filters(options.pin_path);
            std::fprintf(
                stderr, "ringwall: no wall is pinned at %s: its clsact filters, which were left, are removed from %s\n",
                options.pin_path.c_str(), left.c_str());
            return exit_good;
        }
        std::fprintf(stderr, "ringwall: no wall is pinned at %s: nothing to take down\n", options.pin_path.c_str());
        return exit_good;
    }
    if (auto down = kernel::take_down(**pins); !down) return failed(down.error());
    return exit_good;
}

} // namespace ringwall::agent
