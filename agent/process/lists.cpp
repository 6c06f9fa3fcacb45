// SPDX-License-Identifier: Apache-2.0
#include "agent/process/lists.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "agent/fd.hpp"
#include "maps/net/result.hpp"

namespace ringwall::agent {
namespace {

// A million lines of 40 bytes, and some.
constexpr off_t most_bytes = off_t{64} << 20;

FileIdentity identity_of(const struct stat& file) {
    return {file.st_dev, file.st_ino, file.st_size, int64_t{file.st_mtim.tv_sec} * 1000000000 + file.st_mtim.tv_nsec};
}

std::string error_text(int number) { return std::generic_category().message(number); }

// Without waiting for what is no file: a pipe, a device. An error says why the text cannot be had.
Result<std::string, std::string> text_of(const std::string& path, FileIdentity& looked_at) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat state{};
    looked_at = {};
    if (!file || fstat(file.get(), &state) != 0) return tl::make_unexpected(error_text(errno));
    looked_at = identity_of(state);
    if (!S_ISREG(state.st_mode)) return tl::make_unexpected<std::string>("no regular file");
    if (state.st_size > most_bytes) return tl::make_unexpected<std::string>("larger than 64 MiB");
    std::string text(static_cast<size_t>(state.st_size), '\0');
    size_t filled = 0;
    while (filled < text.size()) {
        const ssize_t count = read(file.get(), text.data() + filled, text.size() - filled);
        if (count < 0 && errno != EINTR) return tl::make_unexpected(error_text(errno));
        if (count == 0) break; // shorter by now: the next look sees it
        filled += static_cast<size_t>(std::max<ssize_t>(count, 0));
    }
    text.resize(filled);
    return text;
}

uint64_t size_of_others(const LoadedLists& lists, const LoadedList& but) {
    uint64_t size = 0;
    for (const LoadedList& each : lists) size += &each == &but ? 0 : each.size();
    return size;
}

std::string first_broken(const policy::ListContents& contents) {
    if (contents.broken.empty()) return {};
    const policy::Mistake& first = contents.broken.front();
    return ", the first at line " + std::to_string(first.line) + ", column " + std::to_string(first.column) + ": " +
           first.what;
}

// Empty where it may come into force.
std::string trouble_with(const policy::ListContents& contents, uint64_t room) {
    if (contents.entries.size() > room)
        return "more than " + std::to_string(policy::most_listed) + " prefixes in all lists together";
    if (contents.entries.empty() && contents.broken_count == 0) return "empty";
    if (contents.is_no_list())
        return "no list: " + std::to_string(contents.broken_count) + " lines of it cannot be read, and " +
               std::to_string(contents.entries.size()) + " can" + first_broken(contents);
    return {};
}

} // namespace

FileIdentity identity_of(const std::string& path) {
    struct stat state{};
    return stat(path.c_str(), &state) == 0 ? identity_of(state) : FileIdentity{};
}

bool load_again(LoadedLists& lists, size_t which) {
    LoadedList& list = lists[which];
    const auto text = text_of(list.file.path, list.looked_at);
    if (!text) {
        list.trouble = "cannot read: " + text.error();
        return false;
    }
    auto contents = std::make_shared<policy::ListContents>(policy::read_list(*text));
    contents->entries.shrink_to_fit();
    const uint64_t taken = size_of_others(lists, list);
    list.trouble = trouble_with(*contents, policy::most_listed - std::min<uint64_t>(taken, policy::most_listed));
    if (!list.trouble.empty()) return false;
    const bool is_other = !list.contents || list.contents->entries != contents->entries;
    list.contents = std::move(contents);
    list.loaded_s = std::time(nullptr);
    return is_other;
}

LoadedLists load_lists(const std::vector<policy::ListFile>& wanted, const LoadedLists& before) {
    LoadedLists lists;
    for (const policy::ListFile& file : wanted) {
        const auto known = std::ranges::find(before, file, &LoadedList::file);
        lists.push_back(known != before.end() ? *known : LoadedList{.file = file});
    }
    for (size_t i = 0; i < lists.size(); ++i) load_again(lists, i);
    return lists;
}

std::vector<policy::Mistake> mistakes_in(const LoadedList& list) {
    const std::string& path = list.file.path;
    if (!list.trouble.empty()) {
        const std::string stays = list.contents ? "its " + std::to_string(list.size()) + " prefixes of before stay"
                                                : "nothing of it is in force";
        return {{0, 0, list.trouble + "; " + stays, path}};
    }
    std::vector<policy::Mistake> found;
    for (const policy::Mistake& broken : list.contents->broken)
        found.push_back({broken.line, broken.column, broken.what + ", left out", path});
    if (const uint64_t named = list.contents->broken.size(); list.contents->broken_count > named)
        found.push_back(
            {0, 0, "and " + std::to_string(list.contents->broken_count - named) + " more lines, left out", path});
    return found;
}

std::vector<std::string> remarks_on(const LoadedList& list) {
    std::vector<std::string> lines;
    for (const policy::Mistake& found : mistakes_in(list))
        lines.push_back(found.line == 0 ? found.file + ": " + found.what : policy::to_string(found));
    return lines;
}

std::vector<std::shared_ptr<const policy::ListContents>> contents_of(const LoadedLists& lists) {
    std::vector<std::shared_ptr<const policy::ListContents>> all;
    for (const LoadedList& list : lists) all.push_back(list.contents);
    return all;
}

} // namespace ringwall::agent
