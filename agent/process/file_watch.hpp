// SPDX-License-Identifier: Apache-2.0
// Says when list files, or the configuration's, may have changed. It watches their directories (inotify(7)), as files are
// replaced by rename; and as inotify sees nothing of what lies behind a symbolic link or on another machine, each file is
// looked at once a second, too (the configuration's: config_watch.hpp).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/fd.hpp"
#include "agent/process/lists.hpp"
#include "maps/net/result.hpp"

namespace ringwall::agent {

class FileWatch {
public:
    static Result<FileWatch> open();
    int fd() const { return events_.get(); }

    // From now on the directories of these, and `others`. Those that are not there yet are looked for at each look().
    void follow(const LoadedLists& lists, std::set<std::string> others);
    struct Events {
        std::vector<size_t> lists; // which were closed after writing, renamed into place, or are gone
        bool others = false;       // something in one of the other directories was
    };
    Events take_events(const LoadedLists& lists); // never blocks
    // Once a second: which are others than were loaded, and have been the same at two looks.
    std::vector<size_t> look(const LoadedLists& lists);

private:
    explicit FileWatch(Fd events) : events_(std::move(events)) {}
    void watch_directories(const LoadedLists& lists);

    Fd events_;
    std::set<std::string> others_;
    std::map<std::string, int> directories_;   // watch descriptors
    std::map<std::string, FileIdentity> seen_; // at the last look
};

} // namespace ringwall::agent
