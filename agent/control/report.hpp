// SPDX-License-Identifier: Apache-2.0
// The documents that the commands show, made from map contents and policy alone: values in, JSON out. Shapes as the
// design fixes them.
#pragma once

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <utility>
#include <vector>

#include "agent/core.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "maps/abi/counters.h"
#include "policy/compile.hpp"

namespace ringwall::control {

struct Interface {
    std::string name;
    int ifindex = 0;              // 0: `outside` names it, and it is not there
    std::string ingress;          // "xdp native", "xdp generic", "tcx", "clsact", "none"
    std::string egress;           // "tcx", "clsact", "none"
    std::string role = "outside"; // or "watch"
    std::string why;              // of the ingress, where it is not what was asked for first; of a refusal; else empty

    bool operator==(const Interface&) const = default;
};

// A list file, as it is in force.
struct List {
    std::string path;
    std::string kind; // "allow", "bypass", "deny", "feed"
    uint64_t prefixes = 0, broken_lines = 0;
    int64_t loaded_s = 0; // CLOCK_REALTIME; 0: never
    std::string trouble;  // why what stands in the file is not in force, else empty

    bool operator==(const List&) const = default;
};

// A name of a peer.
struct Name {
    std::string peer, name;
    std::vector<IpAddress> addresses; // that it stands for: its last answer, what was so until lately, and registrars
    uint64_t registrars = 0;          // with whom the inside is registered under it
    std::string trouble;              // of the last answer, else empty
    uint64_t failures = 0;            // answers with a trouble

    bool operator==(const Name&) const = default;
};

// What `status` shows beside the policy.
struct Status {
    std::string version;
    int pid = 0;
    int64_t started_s = 0; // CLOCK_REALTIME
    std::string config_path;
    int64_t config_loaded_s = 0;
    std::string config_error; // of the last reload that failed, else empty
    std::string pins_path;
    std::string pins_error;  // why some that were deleted are missing still, else empty
    std::string http_listen; // where metrics are answered, or "off"
    std::string http_error;  // why nobody can have them, else empty
    std::vector<Interface> interfaces;
    std::vector<List> lists;
    std::vector<Name> names;
    std::vector<std::pair<uint32_t, struct reason_count>> reasons; // summed over CPUs, non-zero ones
    std::vector<uint64_t> events;                                  // by enum event, summed over CPUs
    std::vector<CoreCounter> core;
    // What they were when the configuration was loaded. None: zero.
    std::vector<uint64_t> events_at_load;
    std::vector<CoreCounter> core_at_load;
    Census census;
    uint64_t pinholes_capacity = 0;
    dialog::CallCounts outside; // calls begun outside
};

// Neither ended nor opened by hand.
inline bool is_live_call(const struct dialog_record& record) {
    return record.state != DIALOG_ENDED && (record.flags & DIALOG_BY_HAND) == 0;
}

// [{"local":"192.0.2.10:40000","proto":"udp","component":"rtp","phase":"answered","constraint":"negotiated",
//   "peers":["198.51.100.7:30000"],"call_id":"…","packets":0,"bytes":0,"expires_in":117.2,"refused":3,…}]
// `refusals` by local endpoint, in any order.
boost::json::value pinholes(const pinhole::Present& present,
                            const std::vector<std::pair<struct pinhole_key, struct refusal>>& refusals,
                            const policy::View& policy, Now now);
// [{"call_id":"…","state":"early|confirmed|ending","from":"…","to":"…","peer":"…","started":…,"pinholes":[…]}]
boost::json::value calls(const pinhole::Present& present,
                         const std::vector<std::pair<struct pinhole_key, struct refusal>>& refusals,
                         const policy::View& policy, Now now);
boost::json::value status(const Status& status, const policy::View& policy, Now now);
// [{"path":"…","kind":"feed","prefixes":17,"broken_lines":0,"loaded":…,"trouble":""}]
boost::json::array lists(const std::vector<List>& lists);
// [{"peer":"…","name":"sip.example.net","addresses":["…"],"trouble":"","failures":0}]
boost::json::array names(const std::vector<Name>& names);
// {"address":"…","is":"denied","because":"203.0.113.0/24 is denied: /etc/…:17","said":["…"]}
boost::json::value explanation(const IpAddress& address, const policy::View& policy);

} // namespace ringwall::control
