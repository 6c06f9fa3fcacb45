// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

namespace ringwall::replay {
namespace {

constexpr size_t buffer_bytes = size_t{1} << 20;

}

Result<InputFile> InputFile::open(const std::string& path) {
    std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdin : std::fopen(path.c_str(), "rbe"));
    if (!file) return fail_errno(errno, "open " + path);
    struct stat about{};
    if (fstat(fileno(file.get()), &about) != 0) return fail_errno(errno, "read " + path);
    if (S_ISDIR(about.st_mode)) return fail_errno(EISDIR, "read " + path);
    std::setvbuf(file.get(), nullptr, _IOFBF, buffer_bytes);
    return InputFile(path, std::move(file), S_ISREG(about.st_mode) ? static_cast<uint64_t>(about.st_size) : 0);
}

capture::Read InputFile::read() {
    return [file = file_.get()](char* to, size_t most) { return std::fread(to, 1, most, file); };
}

Result<void> InputFile::status() const {
    if (std::ferror(file_.get()) != 0) return fail_errno(EIO, "read " + path_);
    return {};
}

bool is_one_file(const std::string& one, const std::string& other) {
    std::error_code absent;
    return one != "-" && other != "-" && std::filesystem::is_regular_file(one, absent) &&
           std::filesystem::equivalent(one, other, absent);
}

Result<OutputFile> OutputFile::open(const std::string& path) {
    if (path.empty()) return OutputFile(path, nullptr);
    std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdout : std::fopen(path.c_str(), "we"));
    if (!file) return fail_errno(errno, "write " + path);
    std::setvbuf(file.get(), nullptr, _IOFBF, buffer_bytes);
    return OutputFile(path, std::move(file));
}

Result<void> OutputFile::write(std::string_view text) {
    if (!file_ || std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size()) return {};
    return fail_errno(errno, "write " + path_);
}

Result<void> OutputFile::close() {
    if (!file_ || std::fflush(file_.get()) == 0) return {};
    return fail_errno(errno, "write " + path_);
}

} // namespace ringwall::replay
