// SPDX-License-Identifier: Apache-2.0
// Pinholes and calls as documents, one at a time: what stands is looked up where it stands, so that a list of a hundred
// thousand needs neither the time nor the memory of all of them at once.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <optional>

#include "agent/core.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "maps/abi/dialog.h"
#include "maps/by_bytes.hpp"
#include "policy/compile.hpp"

namespace ringwall::control {

// What stands: a live wall's maps, or values.
struct Standing {
    std::function<std::optional<pinhole::PresentPinhole>(const struct pinhole_key&)> pinhole;
    std::function<std::optional<struct refusal>(const struct pinhole_key&)> refusal;
    std::function<std::optional<struct dialog_record>(uint64_t leg)> dialog;
};

class Holes {
public:
    // `policy` outlives it.
    Holes(Standing standing, const policy::View& policy, Now now);

    // What somebody opened by hand: the pinholes that it names will say so. Other records are nothing to it.
    void note_by_hand(const struct dialog_record& record);

    boost::json::object pinhole(const pinhole::PresentPinhole& hole) const;
    // `elsewhere`: what its SDP names for media, where that is not ours (Core::elsewhere_of).
    boost::json::object call(const struct dialog_record& record, std::optional<Endpoint> elsewhere = {}) const;

private:
    uint64_t end_of(const struct pinhole& value) const;
    std::string call_id_of(uint64_t leg) const;
    void add_refusal(const pinhole::PresentPinhole& hole, boost::json::object& entry) const;

    Standing standing_;
    const policy::View& policy_;
    uint64_t now_ns_;
    std::map<struct pinhole_key, boost::json::array, ByBytes> by_hand_;
};

} // namespace ringwall::control
