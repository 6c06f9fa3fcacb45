// SPDX-License-Identifier: Apache-2.0
#include "agent/process/file_watch.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ringwall::agent {
namespace {

constexpr uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_ONLYDIR;

std::string directory_of(const std::string& path) { return path.substr(0, std::max<size_t>(path.rfind('/'), 1)); }

struct Changed {
    std::set<std::string> paths;
    std::set<int> gone; // watches of directories that are no more, or elsewhere
    bool is_overrun = false;
};

// One read's worth of events; `directories` by watch descriptor.
void take(std::string_view events, const std::map<std::string, int>& directories, Changed& into) {
    while (events.size() >= sizeof(inotify_event)) {
        inotify_event event{};
        std::memcpy(&event, events.data(), sizeof event);
        const char* name = events.data() + sizeof event;
        if ((event.mask & IN_Q_OVERFLOW) != 0) into.is_overrun = true;
        if ((event.mask & (IN_IGNORED | IN_MOVE_SELF)) != 0) into.gone.insert(event.wd);
        for (const auto& [directory, watch] : directories)
            if (watch == event.wd && event.len > 0) into.paths.insert((directory == "/" ? "" : directory) + "/" + name);
        events.remove_prefix(sizeof event + event.len);
    }
}

} // namespace

Result<FileWatch> FileWatch::open() {
    Fd events(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!events) return fail_errno(errno, "watch files");
    return FileWatch(std::move(events));
}

void FileWatch::follow(const LoadedLists& lists, std::set<std::string> others) {
    others_ = std::move(others);
    std::set<std::string> wanted = others_;
    for (const LoadedList& list : lists) wanted.insert(directory_of(list.file.path));
    for (auto at = directories_.begin(); at != directories_.end();) {
        if (!wanted.contains(at->first)) inotify_rm_watch(events_.get(), at->second);
        at = wanted.contains(at->first) ? std::next(at) : directories_.erase(at);
    }
    seen_.clear();
    watch_directories(lists);
}

void FileWatch::watch_directories(const LoadedLists& lists) {
    std::set<std::string> wanted = others_;
    for (const LoadedList& list : lists) wanted.insert(directory_of(list.file.path));
    for (const std::string& directory : wanted) {
        if (directories_.contains(directory)) continue;
        const int watch = inotify_add_watch(events_.get(), directory.c_str(), changes);
        if (watch >= 0) directories_.emplace(directory, watch);
    }
}

FileWatch::Events FileWatch::take_events(const LoadedLists& lists) {
    alignas(inotify_event) char buffer[4096];
    Changed changed;
    for (ssize_t size = 0; (size = read(events_.get(), buffer, sizeof buffer)) > 0;)
        take({buffer, static_cast<size_t>(size)}, directories_, changed);
    for (const int watch : changed.gone)
        inotify_rm_watch(events_.get(), watch); // one that was moved away is still there
    std::erase_if(directories_, [&](const auto& each) { return changed.gone.contains(each.second); });
    Events events{.lists = {}, .others = changed.is_overrun};
    for (size_t i = 0; i < lists.size(); ++i)
        if (changed.is_overrun || changed.paths.contains(lists[i].file.path)) events.lists.push_back(i);
    for (const std::string& path : changed.paths) events.others |= others_.contains(directory_of(path));
    return events;
}

std::vector<size_t> FileWatch::look(const LoadedLists& lists) {
    watch_directories(lists);
    std::vector<size_t> which;
    for (size_t i = 0; i < lists.size(); ++i) {
        const FileIdentity now = identity_of(lists[i].file.path);
        const auto [before, is_first] = seen_.try_emplace(lists[i].file.path, lists[i].looked_at);
        if (now != lists[i].looked_at && now == before->second) which.push_back(i);
        before->second = now;
    }
    return which;
}

} // namespace ringwall::agent
