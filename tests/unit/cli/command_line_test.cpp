// SPDX-License-Identifier: Apache-2.0
// ringwall as a process: what goes to which stream, and the exit codes that scripts rely on.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "agent/control/http.hpp"

namespace ringwall {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Directory {
public:
    Directory() {
        char name[] = "/tmp/ringwall-cli-XXXXXX";
        path_ = mkdtemp(name);
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string write(const std::string& name, std::string_view text) const {
        std::ofstream(file(name)) << text;
        return file(name);
    }

private:
    std::string path_;
};

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

struct Outcome {
    int code = -1;
    std::string out, err;
};

Outcome ringwall(std::vector<std::string> words, const std::string& stdout_path = {}) {
    const Directory directory;
    const std::string out = stdout_path.empty() ? directory.file("out") : stdout_path, err = directory.file("err");
    words.insert(words.begin(), RINGWALL_BINARY);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT, 0600);
    pid_t child = 0;
    int status = 0;
    EXPECT_EQ(posix_spawn(&child, RINGWALL_BINARY, &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, stdout_path.empty() ? contents(out) : "", contents(err)};
}

// An agent that gives one answer to everything.
class FakeAgent {
public:
    explicit FakeAgent(control::Response answer) {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(fd, 8), 0);
        // Not a coroutine: it calls one and keeps no captures across its suspension.
        auto handler = [answer](const control::Request& request) { return reply(answer, request); };
        boost::asio::co_spawn(loop_, control::serve(fd, handler), boost::asio::detached);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~FakeAgent() {
        loop_.stop();
        thread_.join();
    }
    std::string path() const { return directory_.file("ringwall.sock"); }

private:
    static boost::asio::awaitable<control::Response> reply(control::Response answer, control::Request) {
        co_return answer;
    }

    Directory directory_;
    boost::asio::io_context loop_;
    std::thread thread_;
};

constexpr std::string_view good_config =
    "version: 1\noutside: [eth0]\nprotect: { networks: [self], media_ports: 10000-20000 }\n";

TEST(CommandLine, explains_itself_with_exit_code_0) {
    const Outcome help = ringwall({"--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_EQ(help.err, "");
    for (const std::string command : {"run", "check", "schema", "status", "calls", "pinholes", "drops", "capture",
                                      "top", "why", "doctor", "reload", "detach", "version"}) {
        EXPECT_THAT(help.out, HasSubstr("\n  " + command + " "));
        const Outcome about = ringwall({command, "--help"});
        EXPECT_EQ(about.code, 0);
        EXPECT_THAT(about.out, HasSubstr("Example:\n  ringwall " + command));
    }
}

TEST(CommandLine, refuses_wrong_usage_with_exit_code_2_and_a_message_on_standard_error) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{},
                                                                                       {"frobnicate"},
                                                                                       {"status", "--colour"},
                                                                                       {"check", "--config"},
                                                                                       {"reload", "--json"},
                                                                                       {"status", "extra"},
                                                                                       {"drops", "--reason", "sip"},
                                                                                       {"drops", "--source", "x"},
                                                                                       {"capture"},
                                                                                       {"top"}}) {
        const Outcome outcome = ringwall(words);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.out, "");
        EXPECT_NE(outcome.err, "");
    }
}

TEST(CommandLine, takes_options_before_and_after_the_command) {
    const Directory directory;
    const std::string config = directory.write("ringwall.yaml", good_config);
    EXPECT_EQ(ringwall({"check", "--config", config}).code, 0);
    EXPECT_EQ(ringwall({"--config", config, "check"}).code, 0);
    EXPECT_EQ(ringwall({"--config=" + config, "check", "--pin-path", "/x", "--socket", "/y"}).code, 0);
}

TEST(Version, is_printed_for_people_and_as_json) {
    EXPECT_THAT(ringwall({"version"}).out, StartsWith("ringwall "));
    EXPECT_THAT(ringwall({"version", "--json"}).out, HasSubstr("\"abi\": "));
}

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

TEST(Schema, is_printed) { EXPECT_THAT(ringwall({"schema"}).out, StartsWith("{\n  \"$schema\": ")); }

TEST(Check, of_a_file_that_cannot_be_read_exits_with_5) {
    EXPECT_EQ(ringwall({"check", "--config", "/nonexistent/ringwall.yaml"}).code, 5);
    const Outcome directory = ringwall({"check", "--config", "/tmp"});
    EXPECT_EQ(directory.code, 5);
    EXPECT_THAT(directory.err, HasSubstr("directory"));
}

TEST(ReadingCommands, exit_with_3_where_no_agent_answers) {
    for (const std::string command : {"status", "calls", "pinholes", "reload"}) {
        const Outcome outcome = ringwall({command, "--socket", "/nonexistent/ringwall.sock"});
        EXPECT_EQ(outcome.code, 3);
        EXPECT_EQ(outcome.out, "");
        EXPECT_THAT(outcome.err, HasSubstr("no agent answers at /nonexistent/ringwall.sock"));
    }
}

TEST(ReadingCommands, print_a_table_or_the_document) {
    const FakeAgent agent({200, "application/json", "[]"});
    EXPECT_EQ(ringwall({"calls", "--socket", agent.path()}).out, "no calls\n");
    EXPECT_EQ(ringwall({"calls", "--socket", agent.path(), "--json"}).out, "[]\n");
    EXPECT_EQ(ringwall({"pinholes", "--json", "--socket", agent.path()}).out, "[]\n");
}

TEST(ReadingCommands, exit_with_1_where_the_answer_is_none) {
    const FakeAgent agent({200, "application/json", "<html>"});
    const Outcome outcome = ringwall({"calls", "--socket", agent.path()});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("no JSON"));
    const FakeAgent failing({500, "application/json", "{}"});
    EXPECT_EQ(ringwall({"calls", "--socket", failing.path()}).code, 1);
}

TEST(ReadingCommands, exit_with_1_where_the_output_cannot_be_written) {
    const FakeAgent agent({200, "application/json", "[]"});
    EXPECT_EQ(ringwall({"calls", "--socket", agent.path()}, "/dev/full").code, 1);
}

TEST(Reload, says_reloaded) {
    const FakeAgent agent({200, "application/json", R"({"ok":true})"});
    const Outcome outcome = ringwall({"reload", "--socket", agent.path()});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, "reloaded\n");
}

TEST(Reload, of_an_invalid_configuration_prints_its_mistakes_and_exits_with_5) {
    const FakeAgent agent({422, "application/json", R"({"ok":false,"errors":["f:1:1: a","f:2:1: b"]})"});
    const Outcome outcome = ringwall({"reload", "--socket", agent.path()});
    EXPECT_EQ(outcome.code, 5);
    EXPECT_EQ(outcome.err, "f:1:1: a\nf:2:1: b\n");
}

TEST(Reload, that_is_not_permitted_exits_with_4) {
    const FakeAgent agent({403, "application/json", R"({"ok":false,"errors":["only root"]})"});
    EXPECT_EQ(ringwall({"reload", "--socket", agent.path()}).code, 4);
}

TEST(ByHand, explains_itself) {
    for (const std::string command : {"open", "close"}) {
        const Outcome about = ringwall({"pinholes", command, "--help"});
        EXPECT_EQ(about.code, 0);
        EXPECT_THAT(about.out, HasSubstr("Example:\n  ringwall pinholes " + command));
    }
    EXPECT_EQ(ringwall({"pinholes", "open"}).code, 2); // which?
    EXPECT_EQ(ringwall({"pinholes", "shut"}).code, 2);
    EXPECT_EQ(ringwall({"pinholes", "open", "192.0.2.10:40000", "--fro", "any"}).code, 2);
}

TEST(ByHand, says_what_is_open_and_warns_of_who_is_denied) {
    const FakeAgent agent({200, "application/json",
                           R"({"ok":true,"name":"x","ports":["192.0.2.10:40000","192.0.2.10:40001"],"proto":"udp",
                               "expires_in":3600,"denied":["203.0.113.9"]})"});
    const Outcome outcome = ringwall({"pinholes", "open", "192.0.2.10:40000", "--rtcp", "--socket", agent.path()});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, "open for 60 min: 192.0.2.10:40000, 192.0.2.10:40001 udp, for x\n");
    EXPECT_THAT(outcome.err, HasSubstr("not heard: 203.0.113.9"));
}

TEST(ByHand, says_what_is_closed) {
    const FakeAgent agent(
        {200, "application/json", R"({"ok":true,"closed":[{"name":"x","local":"192.0.2.10:40000","proto":"udp"}]})"});
    const Outcome outcome = ringwall({"pinholes", "close", "--name", "x", "--socket", agent.path()});
    EXPECT_EQ(outcome.out, "closed: 192.0.2.10:40000 udp, for x\n");
}

TEST(ByHand, tells_wrong_usage_from_what_may_not_be) {
    const FakeAgent unread({400, "application/json", R"({"ok":false,"errors":["for: expected a duration"]})"});
    EXPECT_EQ(ringwall({"pinholes", "open", "x", "--socket", unread.path()}).code, 2);
    const FakeAgent refused({409, "application/json", R"({"ok":false,"errors":["not guarded"]})"});
    const Outcome outcome = ringwall({"pinholes", "open", "x", "--socket", refused.path()});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, "not guarded\n");
}

} // namespace
} // namespace ringwall
