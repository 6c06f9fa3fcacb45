// SPDX-License-Identifier: Apache-2.0
#include "agent/drops/drop.hpp"

#include <algorithm>

#include "agent/text/ascii.hpp"
#include "maps/reasons.hpp"

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
            .sip_class = {},
            .bytes = bytes};
}

bool is_of_limits(uint32_t reason) {
    return reason == REASON_rate_limited || reason == REASON_rate_limit_full || reason == REASON_total_limited;
}

// As the programs read it (bpf/start_line.bpf.h): behind line ends, in letters of any case.
std::string_view class_of(std::string_view payload) {
    payload.remove_prefix(std::min(payload.find_first_not_of("\r\n"), payload.size()));
    const auto begins_with = [&](std::string_view word) {
        return payload.size() > word.size() && payload[word.size()] == ' ' &&
               std::ranges::equal(payload.substr(0, word.size()), word, {}, text::lower, text::lower);
    };
    if (begins_with("SIP/2.0")) return class_name(CLASS_RESPONSE);
    for (uint32_t number = 0; number < CLASS_OTHER; ++number)
        if (begins_with(class_name(number))) return class_name(number);
    return {};
}

bool Filter::takes(uint32_t reason, const IpAddress& from, bool has_passed) const {
    if (!reasons.empty() && std::ranges::find(reasons, reason) == reasons.end()) return false;
    if (source && !source->contains(from)) return false;
    return !passed || *passed == has_passed;
}

} // namespace ringwall::drops
