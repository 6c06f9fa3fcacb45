// SPDX-License-Identifier: Apache-2.0
// The Unix socket that the commands talk to, and the TCP socket that Prometheus scrapes. The parent makes them and keeps
// them over a worker's death, so that who asks waits a moment instead of failing.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "agent/fd.hpp"
#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::agent {

class ControlSocket {
public:
    ControlSocket() = default;
    // Mode 0660, group `ringwall` where that exists. A socket on which nobody answers is replaced; one on which somebody
    // does is an error.
    static Result<ControlSocket> listen(const std::string& path);

    int fd() const { return listening_.get(); }
    bool is_found() const; // the path still leads to it
    void remove() const;   // the path, where it leads to it

private:
    ControlSocket(std::string path, Fd listening) : path_(std::move(path)), listening_(std::move(listening)) {}

    std::string path_;
    Fd listening_;
    dev_t device_ = 0; // of what the path led to at first
    ino_t inode_ = 0;
};

// Also where the address is not there yet.
Result<Fd> listen_on(const Endpoint& endpoint);

} // namespace ringwall::agent
