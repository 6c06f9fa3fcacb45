// SPDX-License-Identifier: Apache-2.0
// The configuration's files: FILE, and what stands in the directory `conf.d` beside it.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "maps/net/result.hpp"
#include "policy/config.hpp"

namespace ringwall::agent {

// "/etc/ringwall/conf.d" for "/etc/ringwall/ringwall.yaml"
std::string conf_d_of(const std::string& config_path);

// FILE, and conf.d/*.yaml in the order of their names' bytes, but those that begin with a dot. FILE alone where there is no
// conf.d.
Result<std::vector<std::string>> config_paths(const std::string& config_path);

// What stands in conf.d and looks as if it were read: its name ends in .yml.
std::vector<std::string> overlooked(const std::string& config_path);

// Their contents. An error where one cannot be read, or they are longer than 2 MiB together.
Result<std::vector<policy::ConfigFile>> read_config(const std::string& config_path);

// The name of the first that is another in `now`, or came, or is gone; empty where nothing has changed.
std::string first_change(const std::vector<policy::ConfigFile>& before, const std::vector<policy::ConfigFile>& now);

// As others are told them, [{"name": "…", "text": "…"}], and back. What is no such list throws.
boost::json::array to_json(const std::vector<policy::ConfigFile>& files);
std::vector<policy::ConfigFile> config_files_of(const boost::json::value& document);

} // namespace ringwall::agent
