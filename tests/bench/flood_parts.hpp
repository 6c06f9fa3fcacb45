// SPDX-License-Identifier: Apache-2.0
// What the parts of flood_bench share: its words, its programs, its beginning and end.
#pragma once

#include <bpf/libbpf.h>
#include <linux/if_ether.h> // the skeleton needs it
#include <net/if.h>

#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <system_error>

#include "flood.skel.h"
#include "tests/bench/bench_wall.hpp"

namespace ringwall::bench {

inline volatile std::sig_atomic_t is_over = 0; // a signal has come

inline uint32_t number(std::string_view text) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) test::give_up("NUMBER");
    return value;
}

inline uint32_t index_of(const char* interface) {
    const uint32_t index = if_nametoindex(interface);
    if (index == 0) test::give_up(interface);
    return index;
}

inline flood* open_programs() {
    flood* programs = flood::open();
    if (programs == nullptr) test::give_up("open the programs");
    return programs;
}

inline void load(flood* programs) {
    if (flood::load(programs) != 0) test::give_up("load the programs");
}

inline void say_ready() {
    std::puts("ready");
    std::fflush(stdout);
}

int send(std::span<char*> words); // flood_send.cpp

} // namespace ringwall::bench
