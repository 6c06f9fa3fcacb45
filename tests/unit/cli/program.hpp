// SPDX-License-Identifier: Apache-2.0
// ringwall as a subprocess.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/support/directory.hpp"

namespace ringwall {

using test::Directory;

inline std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

struct Outcome {
    int code = -1;
    std::string out, err;
};

inline Outcome ringwall(std::vector<std::string> words, const std::string& stdout_path = {}) {
    const Directory directory;
    const std::string out = stdout_path.empty() ? directory.file("out") : stdout_path, err = directory.file("err");
    words.insert(words.begin(), RINGWALL_BINARY);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT, 0600);
    pid_t child = 0;
    int status = 0;
    EXPECT_EQ(posix_spawn(&child, RINGWALL_BINARY, &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, stdout_path.empty() ? contents(out) : "", contents(err)};
}

inline constexpr std::string_view good_config =
    "version: 1\noutside: [eth0]\nprotect: { networks: [self], media_ports: 10000-20000 }\n";

} // namespace ringwall
