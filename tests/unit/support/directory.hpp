// SPDX-License-Identifier: Apache-2.0
// A directory for the files and sockets of one test, gone with its object.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace ringwall::test {

class Directory {
public:
    Directory() {
        char name[] = "/tmp/ringwall-test-XXXXXX";
        path_ = mkdtemp(name);
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string write(const std::string& name, std::string_view text) const {
        std::ofstream(file(name)) << text;
        return file(name);
    }

private:
    std::string path_;
};

} // namespace ringwall::test
