// SPDX-License-Identifier: Apache-2.0
// The documents that the commands show, made from map contents and policy alone: values in, JSON out. Shapes as the
// design fixes them.
#pragma once

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
    int ifindex = 0;
    std::string ingress;          // "xdp native", "xdp generic", "tcx", "clsact", "none"
    std::string egress;           // "tcx", "clsact"
    std::string role = "outside"; // or "watch"
    std::string why;              // of the ingress, where it is not what was asked for first; else empty

    bool operator==(const Interface&) const = default;
};

// What `status` shows beside the policy.
struct Status {
    std::string version;
    int pid = 0;
    int64_t started_s = 0; // CLOCK_REALTIME
    std::string config_path;
    int64_t config_loaded_s = 0;
    std::string config_error; // of the last reload that failed, else empty
    std::vector<Interface> interfaces;
    std::vector<std::pair<uint32_t, struct reason_count>> reasons; // summed over CPUs, non-zero ones
    std::vector<uint64_t> events;                                  // by enum event, summed over CPUs
    std::vector<CoreCounter> core;
    uint64_t pinholes = 0, pinholes_capacity = 0, calls = 0;
};

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

} // namespace ringwall::control
