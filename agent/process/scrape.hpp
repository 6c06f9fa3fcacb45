// SPDX-License-Identifier: Apache-2.0
// What is answered over TCP: /metrics, /livez and /readyz. Nothing here changes anything, names a call or an address:
// who may connect there may be any user of the machine.
#pragma once

#include "agent/control/http.hpp"
#include "agent/control/metrics.hpp"
#include "agent/fd.hpp"
#include "agent/process/routes.hpp"

namespace ringwall::agent {

// What this process has used of the machine. Opened before the worker gives up its right to open files.
class Resources {
public:
    Resources();
    double cpu_s() const;
    uint64_t resident_bytes() const; // 0 where it cannot be told

private:
    Fd statm_;
};

// All three outlive the handler.
control::Handler scrapes(const Wall& wall, const control::Delays& delays, const Resources& resources);

} // namespace ringwall::agent
