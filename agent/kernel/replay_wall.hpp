// SPDX-License-Identifier: Apache-2.0
// A wall without interfaces and pins: the programs of the live one, with maps of their own, run on one frame at a time
// (BPF_PROG_TEST_RUN) at whatever time the caller says it is. For `ringwall replay`, and for what `ringwall why` asks.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "agent/kernel/maps.hpp"
#include "policy/compile.hpp"

struct bpf_object;

namespace ringwall::kernel {

struct Verdict {
    bool passes = true;
    uint32_t reason = 0; // enum reason
};

class ReplayWall {
public:
    static Result<ReplayWall> load(const policy::Compiled& policy, const policy::Tables& tables);
    // Of maps that `prepare` sizes, or takes from elsewhere, before they are made; nothing is written to them.
    static Result<ReplayWall> load(const std::function<Result<void>(bpf_object*)>& prepare);
    ReplayWall(ReplayWall&&) noexcept;
    ReplayWall& operator=(ReplayWall&&) noexcept;
    ~ReplayWall();

    MapSource maps() const; // hands out copies of the descriptors
    int map_fd(const char* name) const;

    // What the programs take for CLOCK_MONOTONIC and CLOCK_TAI from here on.
    void set_time(uint64_t monotonic_ns, uint64_t tai_ns);
    // `frame`: Ethernet, at least its header, at most capture::longest_frame.
    Result<Verdict> in(std::string_view frame);
    Result<Verdict> out(std::string_view frame);
    // How many of out() TC's TEST_RUN does not take, so that they went through the parser of XDP.
    uint64_t outbound_by_xdp() const { return outbound_by_xdp_; }

private:
    struct Skeletons;
    explicit ReplayWall(std::unique_ptr<Skeletons> skeletons);
    std::unique_ptr<Skeletons> skeletons_;
    uint64_t outbound_by_xdp_ = 0;
};

} // namespace ringwall::kernel
