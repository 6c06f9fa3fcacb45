// SPDX-License-Identifier: Apache-2.0
#include "agent/process/config_watch.hpp"

#include <algorithm>
#include <utility>

#include "agent/process/config_files.hpp"

namespace ringwall::agent {
namespace {

constexpr auto rest = std::chrono::milliseconds(300);
constexpr auto longest_wait = std::chrono::seconds(10); // for the end of changes that follow one another

bool has_any(const FileIdentities& files, const Paths& paths) {
    return std::ranges::any_of(files, [&](const auto& each) { return paths.contains(each.first); });
}

} // namespace

// With its directory, as events name files.
ConfigWatch::ConfigWatch(const std::string& config_path)
    : config_path_(config_path.find('/') == config_path.npos ? "./" + config_path : config_path) {}

Paths ConfigWatch::directories() const {
    return {config_path_.substr(0, std::max<size_t>(config_path_.rfind('/'), 1)), conf_d_of(config_path_)};
}

FileIdentities ConfigWatch::identities() const {
    FileIdentities identities;
    const auto paths = config_paths(config_path_);
    if (!paths) return identities;
    for (const std::string& path : *paths) identities.emplace(path, identity_of(path));
    return identities;
}

void ConfigWatch::about_to_load() {
    loaded_ = seen_ = identities();
    due_.reset();
    news_since_.reset();
}

void ConfigWatch::see(FileIdentities found, Time now) {
    seen_ = std::move(found);
    seen_since_ = now;
    if (seen_ == loaded_) news_since_.reset();
    else if (!news_since_) news_since_ = now;
}

void ConfigWatch::touched(const Paths& changed, Time now) {
    FileIdentities found = identities();
    if (found == seen_ && !has_any(found, changed)) return;
    see(std::move(found), now);
    due_.reset();
    if (news_since_) due_ = std::min(now + rest, *news_since_ + longest_wait);
}

bool ConfigWatch::look(Time now, const Paths& being_written) {
    if (due_ && now < *due_) return false;
    const bool was_told = std::exchange(due_, std::nullopt).has_value();
    if (FileIdentities found = identities(); found != seen_) {
        see(std::move(found), now);
        return false;
    }
    if (!news_since_) return false;
    if (has_any(seen_, being_written)) return now - seen_since_ >= rest_while_written;
    return was_told || now - seen_since_ >= rest_unseen;
}

} // namespace ringwall::agent
