// SPDX-License-Identifier: Apache-2.0
// What the worker must know of a policy that the parent has put into force. The table of networks goes beside it, as a
// descriptor of memory that nobody can write any more (shared_table.hpp): core and kernel answer alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/control/report.hpp"
#include "maps/net/address.hpp"
#include "policy/config.hpp"

namespace ringwall::agent {

struct Briefing {
    std::string config_path;
    std::vector<policy::ConfigFile> config;
    std::vector<IpAddress> self;       // what `protect: [self]` stands for
    std::string pins_path, pins_error; // the error: why pins that somebody has deleted are still missing
    std::string http_listen;           // where metrics are answered, or "off"
    std::string http_error;            // why nobody listens there
    std::vector<control::Interface> interfaces;
    uint64_t attachments_lost = 0; // since the parent started
    std::vector<control::List> lists;
    std::vector<control::Name> names;
    int64_t loaded_s = 0;           // CLOCK_REALTIME
    std::string config_error;       // why the last reload failed: the policy before stays; empty where it was good
    bool is_config_refused = false; // for the configuration's mistakes, one a line
    uint64_t reloads_answered = 0;  // of those that this worker has asked for
    uint64_t table = 0;             // which one goes beside it
};

// Whatever bytes names of files and interfaces are of: what is no UTF-8 in them goes as U+FFFD.
std::string encode(const Briefing& briefing);
Result<Briefing> decode_briefing(std::string_view body);

} // namespace ringwall::agent
