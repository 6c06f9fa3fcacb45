// SPDX-License-Identifier: Apache-2.0
// Where nobody takes lines, nobody waits for it: a full pipe, one without a reader, a full socket.
#include "agent/log/outlet.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <filesystem>
#include <string>

#include "tests/unit/support/directory.hpp"

namespace ringwall::log {
namespace {

struct Pipe {
    explicit Pipe(bool is_socket = false) {
        int ends[2];
        EXPECT_EQ(is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
        reading.reset(ends[0]);
        writing.reset(ends[1]);
    }
    std::string take(size_t most) const {
        std::string bytes(most, '\0');
        const ssize_t size = read(reading.get(), bytes.data(), bytes.size());
        bytes.resize(size < 0 ? 0 : static_cast<size_t>(size));
        return bytes;
    }
    Fd reading, writing;
};

struct Logged {
    explicit Logged(int fd) : outlet(to_descriptor(fd)), logger("test", outlet) { logger.set_pattern("%v"); }
    std::shared_ptr<Outlet> outlet;
    spdlog::logger logger;
};

class ANobodyReads : public testing::TestWithParam<bool> {};

TEST_P(ANobodyReads, pipe_or_socket_loses_lines_and_counts_them_once_there_is_room_again) {
    const Pipe pipe(GetParam());
    Logged log(pipe.writing.get());
    const std::string line(1000, 'x');
    for (int i = 0; i < 5000; ++i) log.logger.info(line); // would block for good
    EXPECT_EQ(log.outlet->take_lost(), 0U);               // nobody could be told yet
    while (pipe.take(1 << 20).size() == (1 << 20)) {}
    log.logger.info("room");
    const uint64_t lost = log.outlet->take_lost();
    EXPECT_GT(lost, 1000U);
    EXPECT_LT(lost, 5000U);
    EXPECT_EQ(log.outlet->take_lost(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ANobodyReads, testing::Bool());

TEST(Descriptor, takes_lines_whole_and_cuts_those_that_a_pipe_would_not) {
    const Pipe pipe;
    Logged log(pipe.writing.get());
    log.logger.info("one");
    log.logger.info(std::string(2 * PIPE_BUF, 'x'));
    const std::string got = pipe.take(1 << 16);
    EXPECT_TRUE(got.starts_with("one\nxxx"));
    EXPECT_EQ(got.size(), 4U + PIPE_BUF);
    EXPECT_TRUE(got.ends_with("x\n"));
}

TEST(Descriptor, outlives_its_reader) {
    std::signal(SIGPIPE, SIG_IGN); // as the agent does
    Pipe pipe;
    Logged log(pipe.writing.get());
    pipe.reading.reset();
    log.logger.info("nobody");
    log.logger.info("nobody");
    EXPECT_EQ(log.outlet->take_lost(), 0U);
}

// A journald: who listens at a path, and may hang.
struct Listening {
    explicit Listening(const std::string& path) : fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    std::string take() const {
        std::string bytes(1 << 16, '\0');
        const ssize_t size = recv(fd.get(), bytes.data(), bytes.size(), 0);
        bytes.resize(size < 0 ? 0 : static_cast<size_t>(size));
        return bytes;
    }
    Fd fd;
};

struct LoggedToJournal {
    explicit LoggedToJournal(const std::string& path) : outlet(to_journal(path)), logger("test", outlet) {
        logger.set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::local, ""));
    }
    std::shared_ptr<Outlet> outlet;
    spdlog::logger logger;
};

TEST(Journal, says_of_a_line_that_nobody_listens_for_and_finds_a_journald_that_comes) {
    const test::Directory directory;
    const std::string path = directory.file("socket");
    LoggedToJournal log(path);
    log.logger.info("nobody");
    EXPECT_TRUE(log.outlet->is_unheard()) << "no such file";
    { const Listening gone(path); }
    log.logger.info("nobody");
    EXPECT_TRUE(log.outlet->is_unheard()) << "its socket is there, and refuses";
    std::filesystem::remove(path);
    const Listening journald(path);
    log.logger.info("heard");
    EXPECT_FALSE(log.outlet->is_unheard());
    EXPECT_EQ(journald.take(), "heard");
    EXPECT_EQ(log.outlet->take_lost(), 0U) << "what nobody listens for is another outlet's";
}

TEST(Journal, that_hangs_loses_lines_and_counts_them) {
    const test::Directory directory;
    const Listening journald(directory.file("socket"));
    LoggedToJournal log(directory.file("socket"));
    for (int i = 0; i < 5000; ++i) log.logger.info("line");
    EXPECT_FALSE(log.outlet->is_unheard());
    EXPECT_EQ(log.outlet->take_lost(), 0U);
    while (!journald.take().empty()) {}
    log.logger.info("room");
    EXPECT_GT(log.outlet->take_lost(), 1000U);
}

TEST(JournalStream, is_told_by_device_and_inode) {
    const Pipe pipe(true);
    struct stat about{};
    ASSERT_EQ(fstat(pipe.writing.get(), &about), 0);
    const std::string named = std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino);
    EXPECT_TRUE(is_journal_stream(pipe.writing.get(), named.c_str()));
    EXPECT_FALSE(is_journal_stream(pipe.reading.get(), named.c_str()));
    EXPECT_FALSE(is_journal_stream(pipe.writing.get(), nullptr));
    EXPECT_FALSE(is_journal_stream(-1, named.c_str()));
}

} // namespace
} // namespace ringwall::log
