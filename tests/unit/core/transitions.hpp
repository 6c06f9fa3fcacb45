// SPDX-License-Identifier: Apache-2.0
// What each message, second or restart did to the state of a leg and to the phase of a hole, as the maps show it:
// "leg early --in INVITE 2xx--> confirmed", "hole answered --> draining". Only what changed counts.
#pragma once

#include <set>
#include <string>

#include "tests/unit/core/fake_maps.hpp"

namespace ringwall::test {

class Transitions {
public:
    // What stands in the maps now, after `event`.
    void note(const FakeMaps& maps, const std::string& event);
    // Several messages at once: what each did of it, nobody can tell.
    void pass_over(const FakeMaps& maps);
    const std::set<std::string>& seen() const { return seen_; }

private:
    std::map<uint64_t, uint8_t> legs_;
    std::map<pinhole::HoleKey, uint8_t> holes_;
    std::set<std::string> seen_;
};

// "out INVITE", "in re-INVITE", "in BYE 481", "out INVITE 2xx": what the dialog machine tells apart.
std::string event_name(const std::vector<std::string>& words);

} // namespace ringwall::test
