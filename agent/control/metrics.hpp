// SPDX-License-Identifier: Apache-2.0
// What Prometheus scrapes, in its text format: values in, text out. Every label has few values, and none that an
// outsider chooses: addresses, Call-IDs and names of programs are for the commands. Reasons, events and the core's
// counters come from the lists that the code has; what is added there is here.
#pragma once

#include <array>
#include <string>

#include "agent/control/report.hpp"

namespace ringwall::control {

// How long SIP was under way from the hook that saw it to the pinholes that it changed.
class Delays {
public:
    static constexpr std::array<double, 12> bounds_s{50e-6, 100e-6, 250e-6, 500e-6, 1e-3,   2.5e-3,
                                                     5e-3,  10e-3,  25e-3,  50e-3,  100e-3, 250e-3};
    void note(double seconds);
    const std::array<uint64_t, bounds_s.size() + 1>& counts() const { return counts_; } // the last: longer than all
    double sum_s() const { return sum_s_; }

private:
    std::array<uint64_t, bounds_s.size() + 1> counts_{};
    double sum_s_ = 0;
};

// What `Status` does not hold.
struct Measured {
    uint64_t bans = 0;
    Delays delays;
    double cpu_s = 0; // the worker's
    uint64_t resident_bytes = 0;
};

std::string metrics(const Status& status, const Measured& measured, const policy::View& policy);

// Why a load balancer or a probe should not count on this wall, one sentence a line; empty where it may.
std::string unready(const Status& status);

} // namespace ringwall::control
