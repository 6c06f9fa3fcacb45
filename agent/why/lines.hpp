// SPDX-License-Identifier: Apache-2.0
// Names and lines: which word of the configuration, or which line of a list, says what the maps hold as numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/why/evidence.hpp"
#include "policy/compile.hpp"

namespace ringwall::why {

// Something said, and where it stands: "FILE:LINE", empty where it is nobody's word.
struct Said {
    policy::Claim claim;
    uint8_t zone; // of Claim::zone
    std::string what, where;
};

class Lines {
public:
    explicit Lines(const policy::View& policy) : policy_(policy) {}

    const policy::View& policy() const { return policy_; }
    // "/etc/ringwall/ringwall.yaml:12"; empty where no file says it.
    std::string where(std::string_view path) const;
    // A setting with its place, or that it is the default: "timers.idle (FILE:31)", "timers.idle (unsaid)".
    std::string setting(std::string_view path) const;
    std::string path_of_zone(uint32_t zone) const; // "peers[0]", "zones[1]"; empty for 0
    std::string name_of_zone(uint32_t zone) const; // "peer provider", "zone internet", "no peer and no zone"
    std::string with_place(std::string text, std::string_view path) const; // "peer provider (FILE:12)"
    // What is said of an address, narrowest prefix first, but for static rules.
    std::vector<Said> said_of(const IpAddress& address) const;
    // Does the file say what the kernel holds of this address? Not where it has changed since it was loaded.
    bool agrees(const IpAddress& address, const struct network& held) const;

private:
    std::string where(const policy::Statement& statement) const;

    const policy::View& policy_;
};

} // namespace ringwall::why
