// SPDX-License-Identifier: Apache-2.0
#include "agent/process/config_files.hpp"

#include <dirent.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>

#include "maps/utf8.hpp"

namespace ringwall::agent {
namespace json = boost::json;
namespace {

// Room for the JSON that they travel to the worker in (messages.hpp).
constexpr size_t most_bytes = size_t{2} << 20;

// Block by block: an istreambuf_iterator throws where a directory is read, istream::read does not. A pipe is as good as
// a file.
Result<std::string> contents(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text, block(size_t{64} << 10, '\0');
    while (text.size() <= most_bytes &&
           (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0))
        text.append(block, 0, static_cast<size_t>(file.gcount()));
    if (!file.is_open() || file.bad()) return fail_errno(errno != 0 ? errno : EIO, path);
    return text;
}

// Sorted; none where there is no such directory.
Result<std::vector<std::string>> fragments_in(const std::string& directory) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(directory.c_str()), closedir);
    if (!open && errno == ENOENT) return names;
    if (!open) return fail_errno(errno, directory);
    while (const dirent* entry = readdir(open.get()))
        if (const std::string name = entry->d_name; !name.starts_with('.') && name.ends_with(".yaml")) {
            // A pipe would be waited for, and the agent with it.
            if (std::error_code gone; !std::filesystem::is_regular_file(directory + "/" + name, gone))
                return gone ? fail_errno(gone.value(), directory + "/" + name)
                            : fail(directory + "/" + name + ": no file");
            names.push_back(name);
        }
    std::ranges::sort(names);
    return names;
}

} // namespace

std::string conf_d_of(const std::string& config_path) {
    const size_t slash = config_path.rfind('/');
    return (slash == config_path.npos ? "" : config_path.substr(0, slash + 1)) + "conf.d";
}

Result<std::vector<std::string>> config_paths(const std::string& config_path) {
    const std::string directory = conf_d_of(config_path);
    const auto names = fragments_in(directory);
    if (!names) return tl::make_unexpected(names.error());
    std::vector<std::string> paths{config_path};
    for (const std::string& name : *names) paths.push_back(directory + "/" + name);
    for (const std::string& path : paths) // which stand in JSON, as sent to the worker and by it
        if (const std::string told = to_utf8(path); told != path) return fail(told + ": its name is no UTF-8");
    return paths;
}

std::vector<std::string> overlooked(const std::string& config_path) {
    std::vector<std::string> paths;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(conf_d_of(config_path), gone))
        if (const auto name = entry.path().filename().string(); !name.starts_with('.') && name.ends_with(".yml"))
            paths.push_back(entry.path().string());
    std::ranges::sort(paths);
    return paths;
}

Result<std::vector<policy::ConfigFile>> read_config(const std::string& config_path) {
    const auto paths = config_paths(config_path);
    if (!paths) return tl::make_unexpected(paths.error());
    std::vector<policy::ConfigFile> files;
    size_t bytes = 0;
    for (const std::string& path : *paths) {
        auto text = contents(path);
        if (!text) return tl::make_unexpected(text.error());
        if ((bytes += text->size()) > most_bytes) return fail(path + ": larger than 2 MiB, with what stands before it");
        files.push_back({path, std::move(*text)});
    }
    return files;
}

std::string first_change(const std::vector<policy::ConfigFile>& before, const std::vector<policy::ConfigFile>& now) {
    const auto [then_at, now_at] = std::mismatch(before.begin(), before.end(), now.begin(), now.end());
    if (then_at == before.end()) return now_at == now.end() ? "" : now_at->name;
    if (now_at == now.end()) return then_at->name;
    return std::min(then_at->name, now_at->name); // in their order: the lesser one stands on one side only
}

json::array to_json(const std::vector<policy::ConfigFile>& files) {
    json::array document;
    for (const policy::ConfigFile& file : files)
        document.push_back(json::object{{"name", file.name}, {"text", file.text}});
    return document;
}

std::vector<policy::ConfigFile> config_files_of(const json::value& document) {
    std::vector<policy::ConfigFile> files;
    for (const json::value& file : document.as_array())
        files.push_back({std::string(file.at("name").as_string()), std::string(file.at("text").as_string())});
    return files;
}

} // namespace ringwall::agent
