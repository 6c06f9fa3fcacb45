// SPDX-License-Identifier: Apache-2.0
// The commands in a sentence each, with examples, in the order in which `--help` and the manual page show them.
#pragma once

#include <array>

#include "agent/cli/commands.hpp"

namespace ringwall::cli {

struct Description {
    Command command;
    const char* name;
    const char* about;
    const char* example;
    bool has_json;
};

inline constexpr std::array<Description, 19> descriptions{{
    {Command::run, "run", "Attach the wall and follow the calls, until SIGTERM; the datapath then stays in place",
     "ringwall run --config /etc/ringwall/ringwall.yaml", false},
    {Command::check, "check", "Read the configuration and say every mistake in it; needs no agent and no root",
     "ringwall check --config new.yaml && cp new.yaml /etc/ringwall/ringwall.yaml && ringwall reload\n"
     "  ringwall check --json | jq -r '.findings[].text'",
     true},
    {Command::schema, "schema", "Print the JSON Schema of the configuration, which editors and other tools understand",
     "ringwall schema >ringwall.schema.json", false},
    {Command::status, "status", "What runs, where it is attached, and what has passed and dropped for which reason",
     "ringwall status --json | jq '.verdicts[] | select(.verdict == \"drop\")'", true},
    {Command::calls, "calls", "Live calls, the media ports open for each, and what was refused on them",
     "ringwall calls", true},
    {Command::pinholes, "pinholes",
     "Every media port that a call has opened, who may send to it and until when; open and close some by hand",
     "ringwall pinholes --json | jq -r '.[].local'\n"
     "  ringwall pinholes open 192.0.2.10:40000 --from 198.51.100.7:30000 --rtcp --for 2h --name call-17\n"
     "  ringwall pinholes close --name call-17",
     true},
    {Command::sources, "sources",
     "Who is no stranger to the wall, and as what; of an address, all that the wall has to do with it: bans, calls, "
     "drops",
     "ringwall sources\n"
     "  ringwall sources 198.51.100.7\n"
     "  ringwall sources --json | jq -r '.[] | select(.known_as | index(\"registered\")) | .source'",
     true},
    {Command::bans, "bans", "Sources that are shut out for a time: list them, ban, lift a ban, take a list of them",
     "ringwall bans --json | jq -r '.[] | select(.by == \"wall\") | .source'\n"
     "  ringwall bans add 203.0.113.9 --for 10m --reason 'calls at night'\n"
     "  ringwall bans del 203.0.113.9\n"
     "  curl -s https://lists.example/sip.txt | ringwall bans import - --for 24h",
     true},
    {Command::drops, "drops",
     "What has dropped of late: which packets, from whom, for which call, why, and the setting that would let them "
     "through",
     "ringwall drops\n"
     "  ringwall drops --follow --reason no_pinhole,wrong_source --source 203.0.113.0/24\n"
     "  ringwall drops --follow --json | jq -r '.source + \" \" + .reason'\n"
     "  ringwall drops --would",
     true},
    {Command::capture, "capture",
     "Write the packets that drop to a pcapng file; a comment on each says why. Until ^C, or as long as is said",
     "ringwall capture -w drops.pcapng --seconds 60\n"
     "  ringwall capture -w - --reason wrong_source,no_pinhole --count 100 | tshark -r - -T fields -e frame.comment",
     false},
    {Command::top, "top",
     "Watch it in a terminal: what drops for which reason and how fast, from whom, calls and pinholes; q ends it",
     "ringwall top\n  NO_COLOR=1 ringwall top", false},
    {Command::lists, "lists", "The list files that are in force; of an address, which line or word decides about it",
     "ringwall lists\n  ringwall lists 203.0.113.9", true},
    {Command::why, "why",
     "What would happen to a packet now, and why: by the wall's own programs, which nothing of it reaches; needs root",
     "ringwall why 198.51.100.7:30000 192.0.2.10:40000\n"
     "  ringwall why 203.0.113.9 192.0.2.10 --method REGISTER\n"
     "  ringwall why 203.0.113.9 192.0.2.10:5060 tcp\n"
     "  ringwall why '[2001:db8:bad::66]:30000' '[2001:db8:1::10]:40000' --json | jq -r .reason",
     true},
    {Command::doctor, "doctor",
     "What is wrong with this wall and its machine, and what mends it; exit 1 where something is",
     "ringwall doctor\n  ringwall doctor --json | jq -r '.[].mend'", true},
    {Command::reload, "reload", "Take the changed configuration: all of it, or nothing where it has a mistake",
     "ringwall reload", false},
    {Command::replay, "replay",
     "Run a capture (pcap, pcapng) through the wall in its own time, and say which calls have audio and what drops",
     "ringwall replay --config new.yaml call.pcapng\n"
     "  ringwall replay --config new.yaml call.pcapng --verdicts - | jq 'select(.verdict == \"drop\")'\n"
     "  tcpdump -i eth0 -w - | ringwall replay - --calls calls.json --agent-delay 1ms",
     true},
    {Command::detach, "detach", "Stop the agent and take the datapath down: nothing is filtered afterwards",
     "ringwall detach", false},
    {Command::completion, "completion",
     "Write the completion script of a shell, or the manual page, to standard output",
     "ringwall completion bash >/etc/bash_completion.d/ringwall\n"
     "  ringwall completion fish >~/.config/fish/completions/ringwall.fish\n"
     "  ringwall completion man | man -l -",
     false},
    {Command::version, "version", "The version of this program and of its maps", "ringwall version --json", true},
}};

} // namespace ringwall::cli
