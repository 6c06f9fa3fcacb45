// SPDX-License-Identifier: Apache-2.0
#include "agent/process/file_watch.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ringwall::agent {
namespace {

constexpr uint32_t changes =
    IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_ONLYDIR;

std::string directory_of(const std::string& path) { return path.substr(0, std::max<size_t>(path.rfind('/'), 1)); }

} // namespace

struct FileWatch::Changes {
    Paths written, ended; // in the order of events: a path is in one of them
    Paths gone;           // directories that are no more, or elsewhere
    bool is_overrun = false;
};

Result<FileWatch> FileWatch::open() {
    Fd events(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!events) return fail_errno(errno, "watch files");
    return FileWatch(std::move(events));
}

void FileWatch::follow(const LoadedLists& lists, Paths others) {
    others_ = std::move(others);
    const Paths wanted = wanted_directories(lists);
    Paths unwanted;
    for (const auto& [directory, watch] : directories_) {
        if (wanted.contains(directory)) continue;
        inotify_rm_watch(events_.get(), watch);
        unwanted.insert(directory);
    }
    for (const std::string& directory : unwanted) directories_.erase(directory);
    forget_writing(unwanted);
    seen_.clear();
    watch_directories(lists);
}

Paths FileWatch::wanted_directories(const LoadedLists& lists) const {
    Paths wanted = others_;
    for (const LoadedList& list : lists) wanted.insert(directory_of(list.file.path));
    return wanted;
}

void FileWatch::watch_directories(const LoadedLists& lists) {
    for (const std::string& directory : wanted_directories(lists)) {
        if (directories_.contains(directory)) continue;
        const int watch = inotify_add_watch(events_.get(), directory.c_str(), changes);
        if (watch >= 0) directories_.emplace(directory, watch);
    }
}

void FileWatch::forget_writing(const Paths& gone_directories) {
    std::erase_if(being_written_,
                  [&](const std::string& path) { return gone_directories.contains(directory_of(path)); });
}

// One read's worth of events.
void FileWatch::take(std::string_view events, Changes& into) {
    while (events.size() >= sizeof(inotify_event)) {
        inotify_event event{};
        std::memcpy(&event, events.data(), sizeof event);
        const char* name = events.data() + sizeof event;
        if ((event.mask & IN_Q_OVERFLOW) != 0) into.is_overrun = true;
        const bool is_writing = (event.mask & IN_MODIFY) != 0;
        for (const auto& [directory, watch] : directories_) {
            if (watch != event.wd) continue;
            if ((event.mask & (IN_IGNORED | IN_MOVE_SELF)) != 0) into.gone.insert(directory);
            if (event.len == 0) continue;
            const std::string path = (directory == "/" ? "" : directory) + "/" + name;
            (is_writing ? into.ended : into.written).erase(path);
            (is_writing ? into.written : into.ended).insert(path);
        }
        events.remove_prefix(sizeof event + event.len);
    }
}

FileWatch::Events FileWatch::take_events(const LoadedLists& lists) {
    alignas(inotify_event) char buffer[4096];
    Changes found;
    for (ssize_t size = 0; (size = read(events_.get(), buffer, sizeof buffer)) > 0;)
        take({buffer, static_cast<size_t>(size)}, found);
    note_writing(found, lists);
    for (const std::string& directory : found.gone) {
        inotify_rm_watch(events_.get(), directories_[directory]); // one that was moved away is still there
        directories_.erase(directory);
    }
    Events events;
    if (found.is_overrun) events.others = others_; // what it was is not known
    for (const std::string& path : found.ended)
        if (others_.contains(directory_of(path))) events.others.insert(path);
    for (size_t i = 0; i < lists.size(); ++i) {
        const std::string& path = lists[i].file.path;
        const bool is_told = found.is_overrun || found.ended.contains(path) || found.gone.contains(directory_of(path));
        if (is_told && !being_written_.contains(path)) events.lists.push_back(i);
    }
    return events;
}

void FileWatch::note_writing(const Changes& found, const LoadedLists& lists) {
    if (found.is_overrun) being_written_.clear(); // the word of an end may be among what was lost
    for (const std::string& path : found.ended) being_written_.erase(path);
    for (const std::string& path : found.written)
        if (others_.contains(directory_of(path)) ||
            std::ranges::any_of(lists, [&](const LoadedList& list) { return list.file.path == path; }))
            being_written_.insert(path);
    forget_writing(found.gone);
}

std::vector<size_t> FileWatch::look(const LoadedLists& lists, Time now) {
    watch_directories(lists);
    std::vector<size_t> which;
    for (size_t i = 0; i < lists.size(); ++i) {
        const std::string& path = lists[i].file.path;
        const FileIdentity found = identity_of(path);
        Seen& seen = seen_.try_emplace(path, Seen{found, now}).first->second;
        if (seen.identity != found) seen = {found, now};
        const auto rest = being_written_.contains(path) ? rest_while_written : rest_unseen;
        if (found != lists[i].looked_at && now - seen.since >= rest) which.push_back(i);
    }
    return which;
}

} // namespace ringwall::agent
