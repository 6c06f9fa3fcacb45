// SPDX-License-Identifier: Apache-2.0
// `ringwall check` as a process: for people, and as one JSON document.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/unit/cli/program.hpp"

namespace ringwall {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Check, says_good_and_puts_warnings_on_standard_error) {
    const Directory directory;
    const std::string config = directory.write("ringwall.yaml", std::string(good_config) + "timers: { bye: 5s }\n");
    const Outcome outcome = ringwall({"check", "--config", config});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, "good\n");
    EXPECT_THAT(outcome.err, StartsWith(config + ":4:16: warning: timers.bye: "));
}

TEST(Check, prints_each_mistake_with_its_place_and_exits_with_5) {
    const Directory directory;
    const std::string config = directory.write("ringwall.yaml", "version: 1\noutside: [eth0]\nmode: on\n");
    const Outcome outcome = ringwall({"check", "--config", config});
    EXPECT_EQ(outcome.code, 5);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, config + ":1:1: protect: missing, expected networks and media_ports\n" + config +
                               ":3:7: mode: got \"on\", expected enforce or monitor\n");
}

TEST(Check, reads_conf_d_in_the_order_of_its_names) {
    const Directory directory;
    const std::string config = directory.write("ringwall.yaml", good_config);
    const std::string folder = config.substr(0, config.rfind('/')) + "/conf.d";
    std::filesystem::create_directory(folder);
    directory.write("conf.d/20.yaml", "mode: enforce\n");
    directory.write("conf.d/.hidden.yaml", "mode: [\n");
    directory.write("conf.d/10.yaml", "mode: monitor\n");
    EXPECT_EQ(ringwall({"check", "--config", config}).err,
              folder + "/20.yaml:1:7: mode: got \"enforce\", and " + folder +
                  "/10.yaml:1:7 says \"monitor\", expected it in one place\n");
}

TEST(Check, of_a_file_that_cannot_be_read_exits_with_5) {
    EXPECT_EQ(ringwall({"check", "--config", "/nonexistent/ringwall.yaml"}).code, 5);
    const Outcome directory = ringwall({"check", "--config", "/tmp"});
    EXPECT_EQ(directory.code, 5);
    EXPECT_THAT(directory.err, HasSubstr("directory"));
}

// Of `check --json`, which says nothing beside its document.
json::array findings(const Outcome& outcome) {
    EXPECT_EQ(outcome.err, "");
    const json::value document = json::parse(outcome.out);
    EXPECT_EQ(document.as_object().size(), 2U);
    EXPECT_EQ(document.at("good").as_bool(), outcome.code == 0);
    return document.at("findings").as_array();
}

json::array check_as_json(const std::string& config, int code) {
    const Outcome outcome = ringwall({"check", "--json", "--config", config});
    EXPECT_EQ(outcome.code, code);
    return findings(outcome);
}

json::value finding(const std::string& file, const json::value& line, const json::value& column,
                    std::string_view severity, std::string_view text) {
    return json::object{{"file", file}, {"line", line}, {"column", column}, {"severity", severity}, {"text", text}};
}

TEST(CheckAsJson, finds_nothing_in_a_good_configuration) {
    const Directory directory;
    const Outcome outcome = ringwall({"--config", directory.write("r.yaml", good_config), "check", "--json"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, "{\n  \"good\": true,\n  \"findings\": []\n}\n");
    EXPECT_EQ(outcome.err, "");
}

TEST(CheckAsJson, has_the_warnings_of_a_good_configuration) {
    const Directory directory;
    const std::string config = directory.write(
        "r.yaml", std::string(good_config) +
                      "allow: [203.0.113.7, 203.0.113.7]\n"
                      "rules: [{ allow: tcp, from: any, to: any, ports: 80, until: 2020-01-01T00:00:00Z }]\n");
    EXPECT_EQ(check_as_json(config, 0),
              (json::array{
                  finding(config, 4, 8, "warning",
                          "allow: 203.0.113.7/32 changes nothing: 203.0.113.7/32 before it has all of it"),
                  finding(config, 5, 50, "warning",
                          "rules[0].ports: TCP 80 is not in protect.tcp_media_ports, and open without a rule"),
                  finding(config, 5, 61, "warning", "rules[0].until: past, the rule lets nothing through any more")}));
}

TEST(CheckAsJson, has_every_error_of_every_file_in_their_order) {
    const Directory directory;
    const std::string config = directory.write("r.yaml", "version: 1\noutside: [eth0]\nmode: on\n");
    std::filesystem::create_directory(directory.file("conf.d"));
    const std::string other = directory.write("conf.d/10.yaml", "timers: { idle: 1x }\n");
    EXPECT_EQ(check_as_json(config, 5),
              (json::array{finding(config, 1, 1, "error", "protect: missing, expected networks and media_ports"),
                           finding(config, 3, 7, "error", "mode: got \"on\", expected enforce or monitor"),
                           finding(other, 1, 17, "error",
                                   "timers.idle: got \"1x\", expected a duration of 1s to 24h, such as 5m")}));
}

TEST(CheckAsJson, has_what_is_no_yaml_and_no_utf8) {
    const Directory directory;
    const std::string config = directory.write("r.yaml", "version: 1\n}\n");
    const json::array found = check_as_json(config, 5);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].at("line"), 2);
    EXPECT_THAT(std::string(found[0].at("text").as_string()), StartsWith("not readable as YAML"));
    const std::string latin1 = directory.write("latin1.yaml", "version: 1 # \xE4\n");
    EXPECT_EQ(check_as_json(latin1, 5),
              (json::array{
                  finding(latin1, 1, 14, "error", "a byte that is no UTF-8, expected the file to be saved as UTF-8")}));
    const json::array named = check_as_json(directory.write("latin1\xE4.yaml", "version: 1\n"), 5);
    ASSERT_EQ(named.size(), 1U);
    EXPECT_EQ(named[0].at("file"), json::value(directory.file("latin1\uFFFD.yaml")));
    EXPECT_EQ(named[0].at("text"), "its name is no UTF-8");
}

TEST(CheckAsJson, has_files_that_cannot_be_read) {
    const Directory directory;
    const auto whole = [](const std::string& file, std::string_view text) {
        return json::array{finding(file, nullptr, nullptr, "error", text)};
    };
    EXPECT_EQ(check_as_json("/nonexistent/r.yaml", 5), whole("/nonexistent/r.yaml", "No such file or directory"));
    EXPECT_EQ(check_as_json("/tmp", 5), whole("/tmp", "Is a directory"));
    const std::string config = directory.write("a: b.yaml", good_config), folder = directory.file("conf.d/10.yaml");
    std::filesystem::create_directories(folder);
    EXPECT_EQ(check_as_json(config, 5), whole(folder, "no file"));
    std::filesystem::remove(folder);
    directory.write("conf.d/10.yaml", std::string(size_t{2} << 20, '#'));
    EXPECT_EQ(check_as_json(config, 5), whole(folder, "larger than 2 MiB, with what stands before it"));
}

TEST(CheckAsJson, has_what_lists_leave_out) {
    const Directory directory;
    const std::string gone = directory.file("gone.txt");
    std::string lines;
    for (int i = 0; i < 12; ++i) lines += "203.0.113." + std::to_string(i) + "\n  x\n";
    const std::string broken = directory.write("broken.txt", lines + "203.0.113.99\n");
    const std::string config =
        directory.write("r.yaml", std::string(good_config) + "deny: { files: [" + gone + ", " + broken + "] }\n");
    const json::array found = check_as_json(config, 0);
    ASSERT_EQ(found.size(), 12U); // the file that is gone, ten lines, and how many more
    EXPECT_EQ(found[0], finding(gone, nullptr, nullptr, "warning",
                                "cannot read: No such file or directory; nothing of it is in force"));
    EXPECT_EQ(found[1].at("line"), 2);
    EXPECT_EQ(found[1].at("severity"), "warning");
    EXPECT_EQ(found[11], finding(broken, nullptr, nullptr, "warning", "and 2 more lines, left out"));
    EXPECT_EQ(ringwall({"check", "--config", config}).out, "good\n");
}

TEST(CheckAsJson, exits_as_without_where_the_output_cannot_be_written_and_never_with_0) {
    const Directory directory;
    EXPECT_EQ(ringwall({"check", "--json", "--config", directory.write("r.yaml", good_config)}, "/dev/full").code, 1);
    EXPECT_EQ(ringwall({"check", "--config", directory.file("r.yaml")}, "/dev/full").code, 1);
    EXPECT_EQ(ringwall({"check", "--json", "--config", "/nonexistent/r.yaml"}, "/dev/full").code, 5);
}

} // namespace
} // namespace ringwall
