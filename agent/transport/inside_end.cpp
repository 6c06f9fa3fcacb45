// SPDX-License-Identifier: Apache-2.0
#include "agent/transport/inside_end.hpp"

namespace ringwall::transport {

InsideEnd::InsideEnd(uint32_t sequence, std::optional<uint32_t> acknowledgement)
    : next_(sequence), oldest_(sequence), received_(acknowledgement) {}

InsideEnd InsideEnd::met_midway(uint32_t sequence) {
    InsideEnd end(sequence, {});
    end.oldest_ -= most_under_way;
    return end;
}

// The number in a reset is that of the segment which it refuses: whoever sent that has chosen it (RFC 9293 3.10.7.1).
void InsideEnd::on_sent(const Segment& segment) {
    if (segment.rst) return;
    if (segment.syn) {
        *this = InsideEnd(segment.sequence, segment.acknowledgement);
        next_ = segment.sequence + segment.length;
        return;
    }
    if (!segment.acknowledgement) return; // a record of an earlier program, in a ring that outlived it
    const uint32_t end = segment.sequence + segment.length + (segment.fin ? 1 : 0);
    if (!next_ || distance(end, *next_) > most_under_way) *this = met_midway(segment.sequence);
    if (distance(*next_, end) > 0) next_ = end;
    if (distance(oldest_, *next_) > most_under_way) oldest_ = *next_ - most_under_way;
    received_ = segment.acknowledgement;
}

bool InsideEnd::takes(const Segment& segment) {
    if (!next_ || segment.rst) return true;          // a reset counts where it stands exactly
    if (!segment.acknowledgement) return !received_; // of an earlier program, as in on_sent(), or forged
    const uint32_t acknowledged = *segment.acknowledgement;
    const bool is_of_what_was_sent = distance(oldest_, acknowledged) >= 0 && distance(acknowledged, *next_) >= 0;
    if (segment.syn) return is_of_what_was_sent && !received_;
    if (is_of_what_was_sent) oldest_ = acknowledged;
    return distance(oldest_ - acknowledgement_slack, acknowledged) >= 0 &&
           distance(acknowledged, *next_ + acknowledgement_slack) >= 0;
}

} // namespace ringwall::transport
