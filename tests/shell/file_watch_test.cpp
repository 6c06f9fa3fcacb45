// SPDX-License-Identifier: Apache-2.0
// When a file that has changed is taken: at once where it was closed or renamed, never in the middle of its writing, and after
// a rest where nothing tells of its end. Real files and inotify; the time is made up.
#include "agent/process/file_watch.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "tests/unit/support/directory.hpp"

namespace ringwall::agent {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class Writer {
public:
    explicit Writer(const std::string& path) : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600)) {}
    void write(std::string_view text) const {
        EXPECT_EQ(::write(file_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    void close() { file_.reset(); }

private:
    Fd file_;
};

class Watched : public testing::Test {
protected:
    void follow(const std::string& path) {
        lists = load_lists({{.path = path, .kind = policy::ListKind::deny}}, {});
        watch.follow(lists, {});
    }
    auto told() { return watch.take_events(lists).lists; }
    auto seen_at(std::chrono::seconds time) { return watch.look(lists, FileWatch::Time(time)); }

    test::Directory directory;
    FileWatch watch = FileWatch::open().value();
    LoadedLists lists;
};

TEST_F(Watched, is_taken_when_it_is_closed_and_when_it_is_replaced) {
    const std::string path = directory.write("deny", "192.0.2.1\n");
    follow(path);
    EXPECT_THAT(told(), IsEmpty());
    directory.write("deny", "192.0.2.2\n");
    EXPECT_THAT(told(), ElementsAre(0));
    std::filesystem::rename(directory.write("new", "192.0.2.3\n"), path);
    EXPECT_THAT(told(), ElementsAre(0));
    std::filesystem::remove(path);
    EXPECT_THAT(told(), ElementsAre(0));
}

TEST_F(Watched, is_left_alone_while_it_is_being_written) {
    const std::string path = directory.write("deny", "192.0.2.1\n192.0.2.2\n");
    follow(path);
    Writer writer(path);
    writer.write("192.0.2.1\n192.0.2.");
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_THAT(watch.being_written(), ElementsAre(path));
    for (int second = 1; second < 60; ++second) EXPECT_THAT(seen_at(second * 1s), IsEmpty()) << second;
    writer.write("2\n");
    writer.close();
    EXPECT_THAT(told(), ElementsAre(0));
    EXPECT_THAT(watch.being_written(), IsEmpty());
}

TEST_F(Watched, is_left_to_the_writer_after_the_one_that_has_closed_it) {
    const std::string path = directory.write("deny", "192.0.2.1\n");
    follow(path);
    directory.write("deny", "192.0.2.2\n");
    Writer next(path);
    EXPECT_THAT(told(), IsEmpty());
    next.write("192.0.2.3\n");
    next.close();
    EXPECT_THAT(told(), ElementsAre(0));
}

TEST_F(Watched, is_taken_as_it_is_once_its_writer_has_written_nothing_for_a_minute) {
    const std::string path = directory.write("deny", "192.0.2.1\n");
    follow(path);
    const Writer writer(path);
    writer.write("192.0.2.2\n");
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_THAT(seen_at(1s), IsEmpty());
    writer.write("192.0.2.30\n");
    EXPECT_THAT(seen_at(59s), IsEmpty());
    EXPECT_THAT(seen_at(118s), IsEmpty());
    EXPECT_THAT(seen_at(119s), ElementsAre(0));
}

TEST_F(Watched, is_taken_five_seconds_after_its_last_change_behind_a_link) {
    const test::Directory elsewhere;
    const Writer writer(elsewhere.file("deny")); // nothing tells of it
    writer.write("192.0.2.1\n");
    std::filesystem::create_symlink(elsewhere.file("deny"), directory.file("link"));
    follow(directory.file("link"));
    EXPECT_THAT(seen_at(0s), IsEmpty());
    writer.write("192.0.2.");
    EXPECT_THAT(seen_at(1s), IsEmpty());
    EXPECT_THAT(seen_at(5s), IsEmpty());
    writer.write("20\n");
    EXPECT_THAT(seen_at(6s), IsEmpty());
    EXPECT_THAT(seen_at(10s), IsEmpty());
    EXPECT_THAT(seen_at(11s), ElementsAre(0));
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Watched, is_missed_at_once_with_its_directory_and_found_again_without_what_was_being_written) {
    std::filesystem::create_directory(directory.file("lists"));
    const std::string path = directory.write("lists/deny", "192.0.2.1\n");
    follow(path);
    const Writer writer(path);
    EXPECT_THAT(told(), IsEmpty());
    std::filesystem::rename(directory.file("lists"), directory.file("aside"));
    EXPECT_THAT(told(), ElementsAre(0));
    EXPECT_THAT(watch.being_written(), IsEmpty());
    EXPECT_FALSE(load_again(lists, 0)); // as the parent does: it is not there
    std::filesystem::rename(directory.file("aside"), directory.file("lists"));
    EXPECT_THAT(seen_at(1s), IsEmpty());
    EXPECT_THAT(seen_at(6s), ElementsAre(0));
    directory.write("lists/deny", "192.0.2.2\n");
    EXPECT_THAT(told(), ElementsAre(0)) << "its directory is watched again";
}

TEST_F(Watched, others_are_named_and_only_what_is_followed_counts_as_being_written) {
    const std::string path = directory.write("deny", "192.0.2.1\n");
    std::filesystem::create_directory(directory.file("conf.d"));
    follow(path);
    watch.follow(lists, {directory.file("conf.d"), directory.file("not-there")});
    const Writer log(directory.file("log")), fragment(directory.file("conf.d/10.yaml"));
    log.write("a line\n");
    fragment.write("peers:\n");
    directory.write("conf.d/20.yaml", "mode: monitor\n");
    const FileWatch::Events events = watch.take_events(lists);
    EXPECT_THAT(events.lists, IsEmpty());
    EXPECT_THAT(events.others, ElementsAre(directory.file("conf.d/20.yaml")));
    EXPECT_THAT(watch.being_written(), ElementsAre(directory.file("conf.d/10.yaml")));
    watch.follow(lists, {});
    EXPECT_THAT(watch.being_written(), IsEmpty());
}

} // namespace
} // namespace ringwall::agent
