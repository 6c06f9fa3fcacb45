// SPDX-License-Identifier: Apache-2.0
// What each command does with the control socket or the configuration. Data goes to standard output, messages to
// standard error; each returns the process's exit code (agent::ExitCode).
#pragma once

#include <string>
#include <vector>

#include "agent/agent.hpp"
#include "agent/replay/replay.hpp"
#include "agent/why/question.hpp"

namespace ringwall::cli {

enum class Command {
    run,
    check,
    schema,
    status,
    calls,
    pinholes,
    open,
    close,
    sources,
    bans,
    drops,
    capture,
    top,
    lists,
    reload,
    replay,
    detach,
    completion,
    version,
    why,
    doctor
};

// What `pinholes open` and `close` were given, as it was written: the agent reads it.
struct ByHand {
    std::string local, proto, media, life, name;
    std::vector<std::string> from;
    bool rtcp = false;
};

struct BansInvocation {
    enum class Action { list, add, del, import } action = Action::list;
    std::string source; // of add and del; of import the file, or -
    std::string length; // "10m"; empty: as `--help` says
    std::string reason;
};

struct DropsInvocation {
    std::vector<std::string> reasons; // labels
    std::string source;               // address or prefix
    bool follow = false;
    bool would = false; // only what monitor mode let pass
    // Of capture:
    std::string file;                // - is standard output
    uint64_t seconds = 0, count = 0; // 0: no end
};

struct Invocation {
    Command command = Command::run;
    agent::Options options;
    bool names_config = false; // --config was given
    bool json = false;
    ringwall::replay::Options replay;
    ByHand by_hand;
    BansInvocation bans;
    DropsInvocation drops;
    std::string completion; // for which shell, or "man"
    std::string address;    // of lists and sources; empty: all of them
    ringwall::why::Asked why;
};

// Reads the command line. Either an invocation, or the exit code after help or a message has been printed.
struct Parsed {
    bool is_invocation = false;
    Invocation invocation;
    int exit_code = agent::exit_good;
};
Parsed parse_arguments(int argc, const char* const* argv);

// Every command but run and detach (agent.hpp), replay (replay/replay.hpp) and those of agent/inspect.
int check(const agent::Options& options, bool as_json);
int schema();
int show(const Invocation& invocation); // status, calls, pinholes, sources, bans, lists
int bans(const Invocation& invocation);
int drops(const Invocation& invocation);
std::string drop_parameters(const DropsInvocation& drops); // "?reason=no_pinhole", as the agent wants to hear which
int capture(const Invocation& invocation);
int top(const agent::Options& options);
int reload(const Invocation& invocation);
int open(const Invocation& invocation); // pinholes open, pinholes close
int close(const Invocation& invocation);
int completion(const std::string& what);
int version(bool as_json);

} // namespace ringwall::cli
