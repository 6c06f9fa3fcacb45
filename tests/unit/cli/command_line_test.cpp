// SPDX-License-Identifier: Apache-2.0
// ringwall as a process: what goes to which stream, and the exit codes that scripts rely on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "agent/control/http.hpp"
#include "tests/unit/cli/program.hpp"

namespace ringwall {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

TEST(CommandLine, is_read_before_any_agent_or_wall_is_asked) {
    const std::string local = "192.0.2.10:40000";
    for (std::vector<std::string> words : std::vector<std::vector<std::string>>{
             {"bans", "add", "foo"},
             {"bans", "del", "203.0.113.0/24"},
             {"bans", "add", "203.0.113.9", "--for", "367d"},
             {"bans", "add", "203.0.113.9", "--reason", "at night\x80"},
             {"bans", "import", "-", "--reason", "\xff"},
             {"pinholes", "open", local, "--name", "\xc3"},
             {"pinholes", "open", "foo"},
             {"pinholes", "open", local, "--proto", "sctp"},
             {"pinholes", "open", local, "--media", "x"},
             {"pinholes", "open", local, "--for", "1"},
             {"pinholes", "open", local, "--from", "203.0.113.0/24"},
             {"pinholes", "close"},
             {"pinholes", "close", "foo"},
             {"pinholes", "close", local, "--proto", "sctp"},
             {"why", "foo", "bar"},
             {"why", "203.0.113.9", "192.0.2.10", "sctp"},
             {"why", "203.0.113.9", "2001:db8::1"},
             {"why", "203.0.113.9", "192.0.2.10", "--method", "GREET"},
             {"why", "203.0.113.9:0", "192.0.2.10"},
         }) {
        words.insert(words.end(), {"--socket", "/nonexistent/ringwall.sock", "--pin-path", "/nonexistent/pins"});
        const Outcome outcome = ringwall(words);
        EXPECT_EQ(outcome.code, 2) << words[0] << " " << words[1];
        EXPECT_THAT(outcome.err, Not(HasSubstr("nonexistent"))) << words[0] << " " << words[1];
        EXPECT_NE(outcome.err, "") << words[0] << " " << words[1];
    }
    // What can be meant is asked.
    EXPECT_EQ(ringwall({"bans", "add", "203.0.113.9", "--for", "366d", "--socket", "/nonexistent/x"}).code, 3);
    EXPECT_EQ(ringwall({"pinholes", "close", local, "--socket", "/nonexistent/x"}).code, 3);
}

TEST(CommandLine, says_what_closing_and_completion_want) {
    EXPECT_THAT(ringwall({"pinholes", "close"}).err, HasSubstr("local: expected ADDRESS:PORT, a name, or both"));
    EXPECT_THAT(ringwall({"pinholes", "close", "--help"}).out, HasSubstr("of every name unless said"));
    EXPECT_THAT(ringwall({"completion"}).err, HasSubstr("shell is required"));
}

TEST(CommandLine, says_which_option_is_no_utf_8) {
    const auto said = ringwall({"bans", "add", "203.0.113.9", "--reason", "\x80", "--socket", "/nonexistent/x"}).err;
    EXPECT_THAT(said, HasSubstr("--reason: expected UTF-8"));
}

TEST(CommandLine, says_which_command_may_be_meant_and_where_an_option_belongs) {
    EXPECT_THAT(ringwall({"statsu"}).err, StartsWith("No command is called \"statsu\", did you mean status?\n"));
    EXPECT_THAT(ringwall({"frobnicate"}).err, StartsWith("No command is called \"frobnicate\"\n"));
    EXPECT_THAT(ringwall({"--json", "status"}).err,
                StartsWith("--json belongs behind its command: ringwall status --json\n"));
    EXPECT_THAT(ringwall({"status", "--colour"}).err, HasSubstr("--colour"));
    EXPECT_THAT(ringwall({}).err, HasSubstr("required"));
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

TEST(Schema, is_printed) { EXPECT_THAT(ringwall({"schema"}).out, StartsWith("{\n  \"$schema\": ")); }

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

TEST(EveryCommand, exits_with_1_where_its_output_cannot_be_written) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"version"}, {"schema"}, {"--help"}, {"--version"}, {"calls", "--help"}, {"completion", "bash"}}) {
        const Outcome outcome = ringwall(words, "/dev/full");
        EXPECT_EQ(outcome.code, 1) << words[0];
        EXPECT_EQ(outcome.err, "ringwall: cannot write to standard output\n") << words[0];
    }
}

TEST(ByHand, takes_no_empty_words) {
    for (const std::string option : {"--name", "--proto", "--for", "--media"}) {
        const Outcome outcome = ringwall({"pinholes", "open", "192.0.2.10:40000", option, ""});
        EXPECT_EQ(outcome.code, 2) << option;
        EXPECT_THAT(outcome.err, HasSubstr(option + ": expected a word"));
    }
    EXPECT_EQ(ringwall({"pinholes", "close", "--name", ""}).code, 2);
}

TEST(Bans, say_which_times_they_take) {
    for (const std::string time : {"250ms", "90", "1w", "0s"})
        EXPECT_THAT(ringwall({"bans", "add", "203.0.113.9", "--for", time}).err,
                    HasSubstr("--for: expected a whole number with its unit, s, m, h or d, such as 90s; 1s at least"));
}

TEST(Bans, say_all_that_a_lifting_has_lifted_and_what_holds_still) {
    const FakeAgent agent({200, "application/json",
                           R"({"ok":true,"source":"2001:db8::9","lifted":["2001:db8::9","[2001:db8::9]:5060"],
                               "still_banned_by":"2001:db8::/64"})"});
    const Outcome outcome = ringwall({"bans", "del", "2001:db8::9", "--socket", agent.path()});
    EXPECT_EQ(outcome.out, "lifted the ban of 2001:db8::9\nlifted the ban of [2001:db8::9]:5060\n");
    EXPECT_EQ(outcome.err, "ringwall: warning: the ban of 2001:db8::/64 holds for it still\n");
}

TEST(Reload, takes_no_other_file_than_the_agents) {
    const FakeAgent agent({200, "application/json", R"({"ok":true,"config":{"path":"/etc/one.yaml"}})"});
    const Outcome other = ringwall({"reload", "--socket", agent.path(), "--config", "/etc/other.yaml"});
    EXPECT_EQ(other.code, 2);
    EXPECT_EQ(other.out, "");
    EXPECT_THAT(other.err, HasSubstr("started with /etc/one.yaml, and reloads that"));
    EXPECT_EQ(ringwall({"reload", "--socket", agent.path(), "--config", "/etc/one.yaml"}).out, "reloaded\n");
    const std::string usual = "/etc/ringwall/ringwall.yaml"; // where it is asked for, it is meant
    EXPECT_EQ(ringwall({"reload", "--socket", agent.path(), "--config", usual}).code, 2);
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
    const FakeAgent agent({200, "application/json",
                           R"({"ok":true,"closed":[{"name":"x","local":"192.0.2.10:40000",
                               "ports":["192.0.2.10:40000","192.0.2.10:40001"],"proto":"udp"}]})"});
    const Outcome outcome = ringwall({"pinholes", "close", "--name", "x", "--socket", agent.path()});
    EXPECT_EQ(outcome.out, "closed: 192.0.2.10:40000, 192.0.2.10:40001 udp, for x\n");
}

TEST(ByHand, tells_wrong_usage_from_what_may_not_be) {
    const FakeAgent unread({400, "application/json", R"({"ok":false,"errors":["for: expected a duration"]})"});
    EXPECT_EQ(ringwall({"pinholes", "open", "192.0.2.10:40000", "--socket", unread.path()}).code, 2);
    const FakeAgent refused({409, "application/json", R"({"ok":false,"errors":["not guarded"]})"});
    const Outcome outcome = ringwall({"pinholes", "open", "192.0.2.10:40000", "--socket", refused.path()});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, "not guarded\n");
}

} // namespace
} // namespace ringwall
