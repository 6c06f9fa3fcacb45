// SPDX-License-Identifier: Apache-2.0
#include "agent/drops/book.hpp"

#include <algorithm>

namespace ringwall::drops {

Book::Key Book::key_of(const Line& line) {
    return {line.reason, line.passed,   line.protocol, line.source.address, line.destination.address,
            line.call,   line.sip_class};
}

void Book::note(const Drop& drop) {
    Line noted{.reason = drop.reason,
               .passed = drop.passed,
               .protocol = drop.protocol,
               .call = drop.call,
               .sip_class = drop.sip_class,
               .packets = drop.packets,
               .first_ns = drop.time_ns,
               .last_ns = drop.time_ns,
               .source = drop.source,
               .destination = drop.destination,
               .ifindex = drop.ifindex};
    Lines& lines = by_reason_[drop.reason];
    if (const auto found = index_.find(key_of(noted)); found != index_.end()) {
        noted.packets += found->second->packets;
        noted.first_ns = found->second->first_ns;
        *found->second = std::move(noted);
        lines.splice(lines.begin(), lines, found->second);
        return;
    }
    if (index_.size() >= capacity_) make_room();
    Key key = key_of(noted);
    lines.push_front(std::move(noted));
    index_.emplace(std::move(key), lines.begin());
}

void Book::make_room() {
    const auto fullest =
        std::ranges::max_element(by_reason_, {}, [](const auto& of_reason) { return of_reason.second.size(); });
    index_.erase(key_of(fullest->second.back()));
    fullest->second.pop_back();
}

std::vector<const Line*> Book::lines(const Filter& filter) const {
    std::vector<const Line*> all;
    for (const auto& [reason, lines] : by_reason_)
        for (const Line& line : lines)
            if (filter.takes(line.reason, line.source.address, line.passed)) all.push_back(&line);
    std::ranges::sort(all, std::ranges::greater(), &Line::last_ns);
    return all;
}

} // namespace ringwall::drops
