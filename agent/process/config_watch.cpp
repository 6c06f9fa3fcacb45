// SPDX-License-Identifier: Apache-2.0
#include "agent/process/config_watch.hpp"

#include <algorithm>
#include <utility>

#include "agent/process/config_files.hpp"

namespace ringwall::agent {
namespace {

constexpr auto rest = std::chrono::milliseconds(300);

} // namespace

std::set<std::string> ConfigWatch::directories() const {
    const size_t slash = config_path_.rfind('/');
    const std::string own = slash == config_path_.npos ? "." : config_path_.substr(0, std::max<size_t>(slash, 1));
    return {own, conf_d_of(config_path_)};
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
}

void ConfigWatch::touched(Time now) {
    seen_ = identities();
    due_ = now + rest;
}

bool ConfigWatch::look() {
    due_.reset();
    FileIdentities now = identities();
    const bool is_at_rest = now == seen_;
    seen_ = std::move(now);
    return is_at_rest && seen_ != loaded_;
}

} // namespace ringwall::agent
