// SPDX-License-Identifier: Apache-2.0
// Says when the configuration's files are others than those that were loaded, and have come to rest: whoever replaces
// several of them means one change. Files are followed through symbolic links, so that a ConfigMap of Kubernetes, which
// swaps a link beside them (`..data`), is seen like an edit.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "agent/process/at_rest.hpp"
#include "agent/process/lists.hpp"

namespace ringwall::agent {

using FileIdentities = std::map<std::string, FileIdentity>; // by path

class ConfigWatch {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit ConfigWatch(const std::string& config_path);

    Paths directories() const; // to be watched
    void about_to_load();      // what stands there now is not news any more
    // These in directories() were closed after writing, came or went. Others than the configuration's count where they
    // change what its names lead to.
    void touched(const Paths& changed, Time now);
    std::optional<Time> due() const { return due_; }
    // At due(), and once a second: true where there is news, and it is at rest.
    bool look(Time now, const Paths& being_written);

private:
    FileIdentities identities() const;
    void see(FileIdentities found, Time now);

    std::string config_path_;
    FileIdentities loaded_, seen_;
    Time seen_since_;
    std::optional<Time> due_, news_since_;
};

} // namespace ringwall::agent
