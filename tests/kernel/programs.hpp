// SPDX-License-Identifier: Apache-2.0
// The programs, loaded once a process (200 ms of verifier are too dear for every test), without pins and with the same
// maps. What a test writes into the maps is wall.hpp's.
#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apply.skel.h"
#include "tc_egress.skel.h"
#include "tc_ingress.skel.h"
#include "tests/kernel/mirrored.hpp"
#include "xdp_ingress.skel.h"

namespace ringwall::test {

struct Programs {
    Programs(); // throws what the verifier says
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;
    ~Programs();

    int map(const char* name) const;
    std::vector<Mirrored> read(const char* ring); // what came since it was last read

    xdp_ingress* ingress = xdp_ingress::open();
    tc_ingress* tc = tc_ingress::open();
    tc_ingress* watching = tc_ingress::open(); // the copy for watched interfaces
    tc_egress* egress = tc_egress::open();
    ::apply* change = ::apply::open();
    std::map<std::string, std::string> costs; // by program: the verifier's statistics

private:
    void load(bpf_object* object);
    void share_maps_with(bpf_object* object) const;
    static int receive(void* self, void* record, size_t size);

    std::map<std::string, std::unique_ptr<ring_buffer, decltype(&ring_buffer__free)>> rings_;
    std::vector<Mirrored> received_;
};

Programs& programs();

} // namespace ringwall::test
