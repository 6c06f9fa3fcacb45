// SPDX-License-Identifier: Apache-2.0
// The files of a replay, or standard input and output where they are called "-".
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "agent/capture/capture.hpp"

namespace ringwall::replay {

struct CloseFile {
    void operator()(std::FILE* file) const {
        if (file != stdin && file != stdout) std::fclose(file);
    }
};

class InputFile {
public:
    static Result<InputFile> open(const std::string& path);
    capture::Read read();                   // what it returns lives as long as this file
    uint64_t size() const { return size_; } // 0: not known
    Result<void> status() const;            // an error that read() took for the end

private:
    InputFile(std::string path, std::unique_ptr<std::FILE, CloseFile> file, uint64_t size)
        : path_(std::move(path)), file_(std::move(file)), size_(size) {}
    std::string path_;
    std::unique_ptr<std::FILE, CloseFile> file_;
    uint64_t size_;
};

// Whether two names are one regular file: whoever opens it for writing empties what he reads, or has written.
bool is_one_file(const std::string& one, const std::string& other);

class OutputFile {
public:
    static Result<OutputFile> open(const std::string& path); // "": swallows everything
    bool is_wanted() const { return file_ != nullptr; }
    Result<void> write(std::string_view text);
    Result<void> close(); // a full disk shows here at the latest

private:
    OutputFile(std::string path, std::unique_ptr<std::FILE, CloseFile> file)
        : path_(std::move(path)), file_(std::move(file)) {}
    std::string path_;
    std::unique_ptr<std::FILE, CloseFile> file_;
};

} // namespace ringwall::replay
