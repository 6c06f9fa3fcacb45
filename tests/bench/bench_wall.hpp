// SPDX-License-Identifier: Apache-2.0
// The ingress program as the benches load it: no pins, a million pinholes at most, one small configuration; and beside it
// the programs of bare.bpf.c with the same pinholes, and those of parts.bpf.c with all the same maps.
#pragma once

#include <cstdint>
#include <string>

#include "bare.skel.h"
#include "parts.skel.h"
#include "tests/kernel/packet.hpp"
#include "xdp_ingress.skel.h"

namespace ringwall::test {

[[noreturn]] void give_up(const char* what); // with errno

class BenchWall {
public:
    BenchWall();
    BenchWall(const BenchWall&) = delete;
    BenchWall& operator=(const BenchWall&) = delete;
    ~BenchWall();

    int ingress() const;
    int program(const char* name) const; // of bare.bpf.c or parts.bpf.c
    int map(const char* name) const;     // of the wall

    enum class Family { ip4, ip6 };
    void open_holes(Family family, uint32_t count); // at tests/bench/varied.h's destinations
    void close_holes(Family family, uint32_t count);
    void add_prefixes(uint32_t count); // of /32, denied, scattered over all of IPv4

    void vary(uint32_t different); // packets, from here on
    void run_next(int program);    // by vary_*

private:
    xdp_ingress* wall_;
    bare* bare_;
    parts* parts_;
};

} // namespace ringwall::test
