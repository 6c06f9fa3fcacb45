// SPDX-License-Identifier: Apache-2.0
// The list files of a configuration as they are in force. A file that vanishes, or cannot be read, or turns into
// something that is no list, changes nothing but what is said of it: its old contents stay.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policy/lists.hpp"

namespace ringwall::agent {

// Which version of a file was looked at.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1; // -1: there was no file
    int64_t modified_ns = 0;
    bool operator==(const FileIdentity&) const = default;
};
FileIdentity identity_of(const std::string& path);

struct LoadedList {
    policy::ListFile file;
    std::shared_ptr<const policy::ListContents> contents; // in force; null: never had any
    FileIdentity looked_at;                               // good or not
    int64_t loaded_s = 0;                                 // CLOCK_REALTIME, of `contents`
    std::string trouble;                                  // why what stands there now is not in force; empty: it is
    uint64_t size() const { return contents ? contents->entries.size() : 0; }
};
using LoadedLists = std::vector<LoadedList>;

// What is wanted, each file read anew; what `before` has of the same file and kind stays where it cannot be.
LoadedLists load_lists(const std::vector<policy::ListFile>& wanted, const LoadedLists& before);
// One of them anew. False where its contents have not changed.
bool load_again(LoadedLists& lists, size_t which);
// What load_lists() or load_again() found; line 0: of the file as a whole.
std::vector<policy::Mistake> mistakes_in(const LoadedList& list);
// The same, one line each, as the log says it.
std::vector<std::string> remarks_on(const LoadedList& list);

std::vector<std::shared_ptr<const policy::ListContents>> contents_of(const LoadedLists& lists);

} // namespace ringwall::agent
