// SPDX-License-Identifier: Apache-2.0
// When a configuration that has changed is taken: real files, made-up time and events.
#include "agent/process/config_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/support/directory.hpp"

namespace ringwall::agent {
namespace {

using namespace std::chrono_literals;

class Configuration : public testing::Test {
protected:
    Configuration() {
        std::filesystem::create_directory(directory.file("conf.d"));
        watch.about_to_load();
    }
    // Each content is longer than the one before: the clock of files is coarse.
    void write(const std::string& name, ConfigWatch::Time at) {
        directory.write(name, content += "#\n");
        watch.touched({directory.file(name)}, at);
    }
    bool look(ConfigWatch::Time at) { return watch.look(at, being_written); }

    test::Directory directory;
    std::string content = "version: 1\n";
    ConfigWatch watch{directory.write("r.yaml", content)};
    const ConfigWatch::Time begin{1h};
    Paths being_written;
};

TEST_F(Configuration, is_taken_a_third_of_a_second_after_the_last_of_several_changes) {
    write("r.yaml", begin);
    EXPECT_FALSE(look(begin + 100ms)); // the look of each second
    EXPECT_FALSE(look(begin + 150ms));
    write("conf.d/peer.yaml", begin + 200ms);
    EXPECT_FALSE(look(begin + 300ms));
    EXPECT_EQ(watch.due(), begin + 500ms);
    EXPECT_FALSE(look(begin + 499ms));
    EXPECT_TRUE(look(begin + 500ms));
    watch.about_to_load();
    EXPECT_FALSE(look(begin + 1s));
}

TEST_F(Configuration, is_taken_after_ten_seconds_where_changes_have_no_end) {
    auto now = begin;
    for (; now < begin + 10s; now += 100ms) {
        write("r.yaml", now);
        EXPECT_FALSE(look(now + 50ms));
    }
    EXPECT_EQ(watch.due(), begin + 10s);
    EXPECT_TRUE(look(now));
    watch.about_to_load();
    write("r.yaml", now);
    EXPECT_FALSE(look(now + 299ms)) << "and then anew";
    EXPECT_TRUE(look(now + 300ms));
}

TEST_F(Configuration, waits_for_the_end_of_a_file_that_is_being_written) {
    being_written = {directory.file("conf.d/peer.yaml")};
    directory.write("conf.d/peer.yaml", "peers:\n");
    write("r.yaml", begin);
    EXPECT_FALSE(look(begin + 300ms));
    EXPECT_FALSE(look(begin + 59s));
    being_written.clear();
    write("conf.d/peer.yaml", begin + 59s);
    EXPECT_TRUE(look(begin + 59s + 300ms));
}

TEST_F(Configuration, is_taken_when_a_file_is_closed_that_was_seen_whole_before) {
    being_written = {directory.file("r.yaml")};
    directory.write("r.yaml", content += "#\n");
    EXPECT_FALSE(look(begin));
    being_written.clear();
    watch.touched({directory.file("r.yaml")}, begin + 500ms);
    EXPECT_TRUE(look(begin + 800ms));
}

TEST_F(Configuration, is_taken_as_it_is_once_its_writer_has_written_nothing_for_a_minute) {
    being_written = {directory.file("r.yaml")};
    directory.write("r.yaml", content += "#\n");
    EXPECT_FALSE(look(begin));
    EXPECT_FALSE(look(begin + 59s));
    EXPECT_TRUE(look(begin + 60s));
}

TEST_F(Configuration, is_taken_five_seconds_after_a_change_that_nothing_told_of) {
    directory.write("r.yaml", content += "#\n");
    EXPECT_FALSE(look(begin));
    EXPECT_FALSE(look(begin + 4s));
    directory.write("r.yaml", content += "#\n");
    EXPECT_FALSE(look(begin + 5s));
    EXPECT_FALSE(look(begin + 9s));
    EXPECT_TRUE(look(begin + 10s));
}

TEST_F(Configuration, is_not_held_up_by_another_file_beside_it) {
    write("r.yaml", begin);
    watch.touched({directory.write("log", "a line\n")}, begin + 200ms);
    EXPECT_EQ(watch.due(), begin + 300ms);
    being_written = {directory.file("log")};
    EXPECT_TRUE(look(begin + 300ms));
    watch.about_to_load();
    watch.touched({directory.file("log")}, begin + 1s);
    EXPECT_FALSE(watch.due());
}

TEST_F(Configuration, is_taken_when_a_link_beside_it_is_swapped) {
    for (const char* generation : {"1", "2"}) {
        std::filesystem::create_directory(directory.file(generation));
        directory.write(std::string(generation) + "/r.yaml", content);
    }
    std::filesystem::create_symlink("1", directory.file("..data"));
    std::filesystem::remove(directory.file("r.yaml"));
    std::filesystem::create_symlink("..data/r.yaml", directory.file("r.yaml"));
    watch.about_to_load();
    std::filesystem::create_symlink("2", directory.file("tmp"));
    std::filesystem::rename(directory.file("tmp"), directory.file("..data"));
    watch.touched({directory.file("..data")}, begin);
    EXPECT_TRUE(look(begin + 300ms));
}

TEST_F(Configuration, is_no_news_that_is_as_it_was) {
    std::filesystem::rename(directory.file("r.yaml"), directory.file("aside"));
    watch.touched({directory.file("r.yaml")}, begin);
    EXPECT_TRUE(watch.due());
    std::filesystem::rename(directory.file("aside"), directory.file("r.yaml"));
    watch.touched({directory.file("r.yaml")}, begin + 100ms);
    EXPECT_FALSE(watch.due());
    EXPECT_FALSE(look(begin + 1s));
}

TEST(ConfigWatch, watches_the_directory_of_a_bare_name) {
    EXPECT_EQ(ConfigWatch("r.yaml").directories(), (Paths{".", "./conf.d"}));
    EXPECT_EQ(ConfigWatch("/r.yaml").directories(), (Paths{"/", "/conf.d"}));
    EXPECT_EQ(ConfigWatch("/etc/r.yaml").directories(), (Paths{"/etc", "/etc/conf.d"}));
}

} // namespace
} // namespace ringwall::agent
