// SPDX-License-Identifier: Apache-2.0
#include "agent/drops/drop.hpp"

#include <algorithm>

namespace ringwall::drops {

Drop drop_of(const struct drop_sample& sample, std::string_view bytes) {
    return {.time_ns = sample.time_ns,
            .reason = sample.reason,
            .passed = (sample.flags & SAMPLE_PASSED) != 0,
            .is_bare = (sample.flags & SAMPLE_BARE) != 0,
            .is_together = (sample.flags & SAMPLE_TOGETHER) != 0,
            .protocol = sample.protocol,
            .ifindex = sample.ifindex,
            .packets = sample.packets,
            .length = sample.length,
            .source = Endpoint::from(sample.source),
            .destination = Endpoint::from(sample.destination),
            .call = {},
            .bytes = bytes};
}

bool Filter::takes(uint32_t reason, const IpAddress& from, bool has_passed) const {
    if (!reasons.empty() && std::ranges::find(reasons, reason) == reasons.end()) return false;
    if (source && !source->contains(from)) return false;
    return !passed || *passed == has_passed;
}

} // namespace ringwall::drops
