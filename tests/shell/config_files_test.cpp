// SPDX-License-Identifier: Apache-2.0
#include "agent/process/config_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

namespace ringwall::agent {
namespace {

using Files = std::vector<policy::ConfigFile>;

const Files files{{"r.yaml", "version: 1\n"}, {"conf.d/b.yaml", "# b\n"}, {"conf.d/d.yaml", "# d\n"}};

TEST(FirstChange, names_the_file_that_is_another) {
    EXPECT_EQ(first_change(files, files), "");
    Files now = files;
    now[2].text = "# another\n";
    EXPECT_EQ(first_change(files, now), "conf.d/d.yaml");
    now[0].text.clear();
    EXPECT_EQ(first_change(files, now), "r.yaml");
}

TEST(FirstChange, names_the_file_that_came_or_is_gone) {
    Files more = files;
    more.insert(more.begin() + 2, {"conf.d/c.yaml", ""});
    EXPECT_EQ(first_change(files, more), "conf.d/c.yaml");
    EXPECT_EQ(first_change(more, files), "conf.d/c.yaml");
    more = files;
    more.push_back({"conf.d/e.yaml", ""});
    EXPECT_EQ(first_change(files, more), "conf.d/e.yaml");
    EXPECT_EQ(first_change(more, files), "conf.d/e.yaml");
}

TEST(ConfigFiles, survive_the_way_through_json) {
    EXPECT_EQ(config_files_of(to_json(files)), files);
    EXPECT_THROW(config_files_of("version: 1\n"), std::exception);
    EXPECT_THROW(config_files_of(boost::json::array{boost::json::object{{"name", "r.yaml"}}}), std::exception);
}

TEST(ConfD, stands_beside_the_file) {
    EXPECT_EQ(conf_d_of("/etc/ringwall/ringwall.yaml"), "/etc/ringwall/conf.d");
    EXPECT_EQ(conf_d_of("/ringwall.yaml"), "/conf.d");
    EXPECT_EQ(conf_d_of("ringwall.yaml"), "conf.d");
}

TEST(ConfD, has_files_and_nothing_that_would_be_waited_for) {
    const std::string root = testing::TempDir() + "ringwall-conf-d-" + std::to_string(getpid());
    ASSERT_TRUE(std::filesystem::create_directories(root + "/conf.d"));
    std::ofstream(root + "/r.yaml") << "version: 1\n";
    std::ofstream(root + "/conf.d/10.yaml") << "mode: monitor\n";
    std::ofstream(root + "/conf.d/.11.yaml") << "hidden";
    std::filesystem::create_symlink("10.yaml", root + "/conf.d/20.yaml"); // as Kubernetes has them
    std::ofstream(root + "/conf.d/15.yml") << "overlooked";
    std::ofstream(root + "/conf.d/.16.yml") << "hidden";
    EXPECT_EQ(overlooked(root + "/r.yaml"), std::vector{root + "/conf.d/15.yml"});
    EXPECT_TRUE(overlooked(root + "/conf.d/10.yaml").empty()) << "there is no conf.d beside it";
    const auto both = read_config(root + "/r.yaml");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->size(), 3U);
    ASSERT_EQ(mkfifo((root + "/conf.d/30.yaml").c_str(), 0600), 0);
    const auto piped = read_config(root + "/r.yaml");
    ASSERT_FALSE(piped);
    EXPECT_EQ(piped.error().message(), root + "/conf.d/30.yaml: no file");
    std::filesystem::remove(root + "/conf.d/30.yaml");
    std::filesystem::create_directory(root + "/conf.d/30.yaml");
    EXPECT_FALSE(read_config(root + "/r.yaml"));
    std::filesystem::remove_all(root);
}

TEST(ConfigFiles, whose_names_are_no_utf8_are_refused) {
    const auto directory = std::filesystem::temp_directory_path() / ("rw-files-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory / "conf.d");
    std::ofstream(directory / "r.yaml").put('\n');
    EXPECT_TRUE(config_paths(directory / "r.yaml"));
    std::ofstream(directory / "conf.d" / "caf\xe9.yaml").put('\n');
    const auto paths = config_paths(directory / "r.yaml");
    ASSERT_FALSE(paths);
    EXPECT_NE(paths.error().message().find("caf\xef\xbf\xbd.yaml: its name is no UTF-8"), std::string::npos);
    std::filesystem::remove_all(directory);
}

} // namespace
} // namespace ringwall::agent
