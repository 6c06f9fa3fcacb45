// SPDX-License-Identifier: Apache-2.0
// The running wall: a privileged parent that loads, attaches, pins and writes policy, and a worker without privileges
// that reads the mirrored SIP, thinks (ringwall::Core) and answers on the control socket.
#pragma once

#include <string>

namespace ringwall::agent {

struct Options {
    std::string config = "/etc/ringwall/ringwall.yaml";
    std::string pin_path = "/sys/fs/bpf/ringwall";
    std::string socket = "/run/ringwall/ringwall.sock";
};

// Exit codes of every command (design, fixed names).
enum ExitCode {
    exit_good = 0,
    exit_failed = 1,
    exit_usage = 2,
    exit_no_agent = 3,
    exit_not_permitted = 4,
    exit_bad_config = 5
};

// Runs until SIGTERM or SIGINT; the datapath stays. Prints `ringwall: ready` once attached and answering.
int run(const Options& options);

// Takes the datapath down: asks a running agent to stop first, then detaches and unpins. Needs root.
int detach(const Options& options);

} // namespace ringwall::agent
