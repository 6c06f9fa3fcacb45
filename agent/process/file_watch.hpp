// SPDX-License-Identifier: Apache-2.0
// Says when list files, or the configuration's, have changed and may be read. It watches their directories (inotify(7)), as
// files are replaced by rename; and as inotify sees nothing of what lies behind a symbolic link or on another machine, each
// file is looked at once a second, too (the configuration's: config_watch.hpp).
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/fd.hpp"
#include "agent/process/at_rest.hpp"
#include "agent/process/lists.hpp"
#include "maps/net/result.hpp"

namespace ringwall::agent {

class FileWatch {
public:
    using Time = std::chrono::steady_clock::time_point;

    static Result<FileWatch> open();
    int fd() const { return events_.get(); }

    // From now on the directories of these, and `others`. Those that are not there yet are looked for at each look().
    void follow(const LoadedLists& lists, Paths others);
    struct Events {
        std::vector<size_t>
            lists;    // which were closed after writing, renamed into place, or are gone; none half written
        Paths others; // what in one of the other directories was
    };
    Events take_events(const LoadedLists& lists); // never blocks
    // Once a second: which are others than were loaded, and at rest though no event has said so.
    std::vector<size_t> look(const LoadedLists& lists, Time now);
    // What an event told was written to, and none that it was closed.
    const Paths& being_written() const { return being_written_; }

private:
    explicit FileWatch(Fd events) : events_(std::move(events)) {}
    struct Changes;
    struct Seen {
        FileIdentity identity;
        Time since;
    };
    Paths wanted_directories(const LoadedLists& lists) const;
    void watch_directories(const LoadedLists& lists);
    void take(std::string_view events, Changes& into);
    void note_writing(const Changes& found, const LoadedLists& lists);
    void forget_writing(const Paths& gone_directories);

    Fd events_;
    Paths others_, being_written_;
    std::map<std::string, int> directories_; // watch descriptors
    std::map<std::string, Seen> seen_;       // at the last look
};

} // namespace ringwall::agent
