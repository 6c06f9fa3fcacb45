// SPDX-License-Identifier: Apache-2.0
// The parent's eye on the list files: what they hold now is put into force whole, as a reload would, while the
// configuration stays what it is.
#include <ctime>

#include "agent/log.hpp"
#include "agent/process/parent.hpp"

namespace ringwall::agent {
namespace {

control::List describe(const LoadedList& list) {
    return {.path = list.file.path,
            .kind = std::string(policy::to_string(list.file.kind)),
            .prefixes = list.size(),
            .broken_lines = list.contents ? list.contents->broken_count : 0,
            .loaded_s = list.loaded_s,
            .trouble = list.trouble};
}

std::vector<control::List> describe(const LoadedLists& lists) {
    std::vector<control::List> all;
    for (const LoadedList& list : lists) all.push_back(describe(list));
    return all;
}

void log_remarks(const LoadedList& list) {
    for (const std::string& remark : remarks_on(list)) log::warn("list", remark);
}

} // namespace

// After a start or a reload has read them all.
void Parent::watch_lists() {
    for (const LoadedList& list : lists_) log_remarks(list);
    file_watch_->follow(lists_, config_watch_.directories());
    briefing_.lists = describe(lists_);
}

void Parent::take_lists(const std::vector<size_t>& which) {
    if (which.empty()) return;
    LoadedLists next = lists_;
    bool has_changed = false;
    for (const size_t each : which) {
        const bool is_other = load_again(next, each);
        if (is_other)
            log::info("list", next[each].file.path + ": " + std::to_string(next[each].size()) + " prefixes",
                      {{"list", next[each].file.path}});
        log_remarks(next[each]);
        has_changed |= is_other;
    }
    if (const auto written =
            has_changed ? write(compile(config_, surroundings_, {next, known().names})) : Result<void>();
        !written) {
        log::error("list", "the lists before stay: " + written.error().message());
        for (const size_t each : which) {
            lists_[each].looked_at = next[each].looked_at;
            lists_[each].trouble = written.error().message();
        }
    } else {
        lists_ = std::move(next);
    }
    briefing_.lists = describe(lists_);
    brief_worker(Message::surroundings);
}

} // namespace ringwall::agent
