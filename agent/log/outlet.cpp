// SPDX-License-Identifier: Apache-2.0
#include "agent/log/outlet.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>
#include <utility>

namespace ringwall::log {
namespace {

bool is_socket(int fd) {
    struct stat about{};
    return fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
}

// A pipe that has room for PIPE_BUF bytes says so, and takes that many whole (pipe(7)). Its flags are not ours to set:
// whoever else writes there would be told to come again.
class Descriptor : public Outlet {
public:
    explicit Descriptor(int fd) : fd_(fd), is_socket_(is_socket(fd)) {}

private:
    Fate write(std::string_view line) override {
        if (line.size() > PIPE_BUF) return cut(line);
        pollfd waiting{.fd = fd_, .events = POLLOUT, .revents = 0};
        if (poll(&waiting, 1, 0) != 1 || (waiting.revents & POLLOUT) == 0) return Fate::lost;
        const ssize_t written = is_socket_ ? send(fd_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                           : ::write(fd_, line.data(), line.size());
        return written == static_cast<ssize_t>(line.size()) ? Fate::taken : Fate::lost;
    }

    Fate cut(std::string_view line) {
        std::string shorter(line.substr(0, PIPE_BUF - 1));
        return write(shorter += '\n');
    }

    int fd_;
    bool is_socket_;
};

// By its path each time: a journald that was started again listens there too.
class Journal : public Outlet {
public:
    Journal(Fd fd, std::string_view path) : fd_(std::move(fd)) {
        path.copy(address_.sun_path, sizeof address_.sun_path - 1);
    }

private:
    Fate write(std::string_view line) override {
        if (sendto(fd_.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&address_), sizeof address_) >= 0)
            return Fate::taken;
        return is_busy(errno) ? Fate::lost : Fate::unheard;
    }

    // Who listens has no room just now. Everything else (ENOENT, ECONNREFUSED, EACCES, EBADF) is of the socket.
    static bool is_busy(int error) {
        return error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == EINTR || error == EMSGSIZE;
    }

    Fd fd_;
    sockaddr_un address_{.sun_family = AF_UNIX, .sun_path = {}};
};

} // namespace

void Outlet::sink_it_(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    last_ = write({line.data(), line.size()});
    lost_ += last_ == Fate::lost;
}

uint64_t Outlet::take_lost() { return last_ == Fate::taken ? std::exchange(lost_, 0) : 0; }

std::shared_ptr<Outlet> to_descriptor(int fd) { return std::make_shared<Descriptor>(fd); }

std::shared_ptr<Outlet> to_journal(std::string_view path) {
    return std::make_shared<Journal>(Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), path);
}

bool is_journal_stream(int fd, const char* journal_stream) {
    struct stat about{};
    if (journal_stream == nullptr || fstat(fd, &about) != 0) return false;
    return std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino) == journal_stream;
}

} // namespace ringwall::log
