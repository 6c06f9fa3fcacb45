// SPDX-License-Identifier: Apache-2.0
// Where lines go: standard error, or journald's socket. Neither ever waits, as the worker writes here between two messages
// of SIP: a line that nobody takes at once is lost, and counted. One that nobody listens for is told apart, as another
// outlet may have it.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "agent/fd.hpp"

namespace ringwall::log {

class Outlet : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    // Since the last time: 0 while the last line was lost too.
    uint64_t take_lost();
    bool is_unheard() const { return last_ == Fate::unheard; } // the last line

protected:
    enum class Fate { taken, lost, unheard };
    virtual Fate write(std::string_view line) = 0;
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

private:
    uint64_t lost_ = 0;
    Fate last_ = Fate::taken;
};

constexpr const char* journal_socket = "/run/systemd/journal/socket";

std::shared_ptr<Outlet> to_descriptor(int fd); // of somebody else's
// Without a socket of its own every line is unheard.
std::shared_ptr<Outlet> to_journal(std::string_view path = journal_socket);

// Whether `fd` is what systemd connected to the journal: JOURNAL_STREAM names its device and inode (systemd.exec(5)).
bool is_journal_stream(int fd, const char* journal_stream);

} // namespace ringwall::log
