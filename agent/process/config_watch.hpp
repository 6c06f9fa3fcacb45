// SPDX-License-Identifier: Apache-2.0
// Says when the configuration's files are others than those that were loaded, and have come to rest: whoever replaces
// several of them means one change. Files are followed through symbolic links, so that a ConfigMap of Kubernetes, which
// swaps a link beside them (`..data`), is seen like an edit.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "agent/process/lists.hpp"

namespace ringwall::agent {

using FileIdentities = std::map<std::string, FileIdentity>; // by path

class ConfigWatch {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit ConfigWatch(std::string config_path) : config_path_(std::move(config_path)) {}

    std::set<std::string> directories() const; // to be watched
    void about_to_load();                      // what stands there now is not news any more
    void touched(Time now);                    // something in directories() has changed
    std::optional<Time> due() const { return due_; }
    // At due(), and once a second: true where there is news, and the files are as they were at the last look.
    bool look();

private:
    FileIdentities identities() const;

    std::string config_path_;
    FileIdentities loaded_, seen_;
    std::optional<Time> due_;
};

} // namespace ringwall::agent
