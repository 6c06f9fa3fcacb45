// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/owners.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "agent/kernel/pid_namespace.hpp"

namespace ringwall::inspect {
namespace {

namespace fs = std::filesystem;

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
    Number value{};
    const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (trouble != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "socket:[12345]"
std::optional<uint64_t> socket_of(std::string_view link) {
    constexpr std::string_view head = "socket:[";
    if (!link.starts_with(head) || !link.ends_with(']')) return std::nullopt;
    return whole_number<uint64_t>(link.substr(head.size(), link.size() - head.size() - 1));
}

std::string program_of(const fs::path& process) {
    std::string name;
    std::ifstream text(process / "comm");
    std::getline(text, name);
    return name;
}

} // namespace

bool find_owners(std::vector<Listener>& listeners) {
    std::multimap<uint64_t, Listener*> wanted;
    for (Listener& each : listeners)
        if (each.inode != 0) wanted.emplace(each.inode, &each);
    // Without the first, /proc hides the others' processes (hidepid, proc(5)), or it is a container's.
    bool sees_first = false, is_refused = false;
    std::error_code none; // a process that ends meanwhile
    for (fs::directory_iterator process("/proc", none), end; process != end; process.increment(none)) {
        const auto pid = whole_number<int>(process->path().filename().string());
        if (!pid) continue;
        std::error_code trouble;
        fs::directory_iterator file(process->path() / "fd", trouble);
        is_refused |= trouble == std::errc::permission_denied || trouble == std::errc::operation_not_permitted;
        sees_first |= *pid == 1 && !trouble;
        for (; file != end; file.increment(none)) {
            const auto inode = socket_of(fs::read_symlink(file->path(), none).string());
            if (!inode) continue;
            for (auto [each, last] = wanted.equal_range(*inode); each != last; ++each) {
                if (each->second->owners.empty()) each->second->program = program_of(process->path());
                each->second->owners.push_back(*pid);
            }
        }
    }
    return sees_first && !is_refused && kernel::is_in_first_pid_namespace();
}

} // namespace ringwall::inspect
