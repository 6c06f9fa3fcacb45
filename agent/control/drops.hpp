// SPDX-License-Identifier: Apache-2.0
// What drops, as documents: the list of the last ones, and one line for each as it comes.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/dialog/leg.hpp"
#include "agent/drops/book.hpp"
#include "policy/compile.hpp"

namespace ringwall::control {

// What the documents say beside the drop itself.
struct DropContext {
    const policy::View& policy;
    std::function<std::string(uint32_t ifindex)> interface_name; // "" where nothing is known of it
    int64_t realtime_offset_ns = 0;                              // CLOCK_REALTIME - CLOCK_MONOTONIC
    // The call whose SDP names this port of an address that is not ours (Core::elsewhere_at). None: nobody can tell.
    std::function<std::optional<dialog::Elsewhere>(Port port)> elsewhere_at = {};
};

// What is asked for: "/api/v1/drops?reason=no_pinhole,banned&source=203.0.113.0/24&passed=yes".
struct DropRequest {
    drops::Filter filter;
    bool frames = false;      // with the bytes of the frame: a capture
    size_t most = ~size_t{0}; // of a list: the latest so many
};
Result<DropRequest, std::string> drop_request(std::string_view target);

// [{"reason":"no_pinhole","passed":false,"sentence":"…","mend":"…","interface":"outer","proto":"udp",
//   "source":"203.0.113.66:40000","destination":"192.0.2.10:10068","peer":"","call_id":"","packets":5,"first":…,"last":…}]
boost::json::array drop_list(const drops::Book& book, const DropRequest& request, const DropContext& context);
// The same of one, with "time", "length" and, of a capture, "time_ns", "link_type" and "frame" (hexadecimal).
boost::json::object drop_line(const drops::Drop& drop, bool with_frame, const DropContext& context);

} // namespace ringwall::control
