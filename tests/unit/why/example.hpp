// SPDX-License-Identifier: Apache-2.0
// One configuration, and questions of it.
#pragma once

#include <gtest/gtest.h>

#include "agent/why/question.hpp"

namespace ringwall::why {

inline const policy::View& example() {
    static const policy::View view = [] {
        constexpr const char* wall =
            "version: 1\n"                                      // 1
            "outside: [a]\n"                                    // 2
            "protect:\n"                                        // 3
            "  networks: [192.0.2.0/24, \"2001:db8:1::/48\"]\n" // 4
            "  media_ports: 10000-20000\n"                      // 5
            "  external: { 203.0.113.1: 192.0.2.10 }\n"         // 6
            "peers:\n"                                          // 7
            "  - { name: provider, networks: [198.51.100.0/24], limits: { INVITE: 10/min }, "
            "total_limits: { OPTIONS: 1/min burst 5 } }\n" // 8
            "zones:\n"                                     // 9
            "  - name: internet\n"                         // 10
            "    networks: [any]\n"                        // 11
            "deny:\n"                                      // 12
            "  networks:\n"                                // 13
            "    - 203.0.113.64/26\n"                      // 14
            "    - 203.0.113.128/26\n";                    // 15
        constexpr const char* more =
            "rules:\n"                                                               // 1
            "  - { allow: udp, to: 192.0.2.10, ports: 15002, from: 203.0.113.5 }\n"; // 2
        const auto config =
            policy::read(std::vector<policy::ConfigFile>{{"wall.yaml", wall}, {"conf.d/rules.yaml", more}});
        EXPECT_TRUE(config);
        return policy::View(config.value_or(policy::Config{}), {});
    }();
    return view;
}

inline Question ask(const std::string& source, const std::string& destination, Asked more = {}) {
    more.source = source;
    more.destination = destination;
    const auto question = question_of(more, example());
    EXPECT_TRUE(question) << question.error();
    return question.value_or(Question{});
}

// As the kernel would hold it.
inline Evidence evidence_of(const Question& question) {
    const auto& compiled = example().compiled();
    Evidence evidence{.now_ns = 100'000'000'000, .wall = compiled.wall};
    evidence.source = example().lookup().find(question.source.address);
    evidence.destination = example().lookup().find(question.destination.address);
    evidence.zone = compiled.zones[question.way == Way::in ? evidence.source.zone : evidence.destination.zone];
    for (const auto& [page, bits] : compiled.ports)
        if (page == question.inside().port.value >> 6) evidence.bits = bits;
    evidence.heartbeat_ns = evidence.now_ns;
    return evidence;
}

} // namespace ringwall::why
