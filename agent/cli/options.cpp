// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/options.hpp"

#include <charconv>
#include <optional>

#include "maps/bans.hpp"
#include "maps/reasons.hpp"
#include "maps/utf8.hpp"
#include "policy/scalars.hpp"

namespace ringwall::cli {
namespace {

// "200us", "1ms", "2s"; nothing for anything else.
std::optional<std::chrono::nanoseconds> latency(std::string_view text) {
    constexpr std::pair<std::string_view, uint64_t> units[] = {
        {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number > 1000000000) return std::nullopt;
    for (const auto& [name, nanoseconds] : units)
        if (name == text.substr(static_cast<size_t>(end - text.data())))
            return std::chrono::nanoseconds(number * nanoseconds);
    return std::nullopt;
}

void add_replay_options(CLI::App& command, replay::Options& options) {
    command.add_option("capture", options.capture, "Capture file; - is standard input")->type_name("FILE")->required();
    command
        .add_option("--verdicts", options.verdicts, "Write one JSON object a packet, in order; - is standard output")
        ->type_name("OUT");
    command.add_option("--calls", options.calls, "Write the calls and their pinholes as JSON; - is standard output")
        ->type_name("OUT");
    command
        .add_option_function<std::string>(
            "--agent-delay",
            [&options](const std::string& text) {
                const auto delay = latency(text);
                if (!delay) throw CLI::ValidationError("--agent-delay", "expected a time such as 200us, 1ms or 0s");
                options.agent_delay = *delay;
            },
            "How long the agent takes from a message to its pinholes")
        ->type_name("TIME")
        ->default_str("200us");
}

// What was said as '' is a variable that was empty, not the default.
std::string expected_a_word(const std::string& text) { return text.empty() ? "expected a word, got nothing" : ""; }

// Of what travels as JSON (RFC 8259 8.1).
std::string expected_utf8(const std::string& text) { return to_utf8(text) == text ? "" : "expected UTF-8"; }

// A command of `pinholes`, with what tells one pinhole from another.
CLI::App& add_by_hand(CLI::App& pinholes, Invocation& invocation, Command which, const char* name, const char* about,
                      const char* example, const char* about_name) {
    CLI::App* command = pinholes.add_subcommand(name, about);
    command->footer(std::string(common_options) + example);
    command->fallthrough();
    const char* about_proto = which == Command::open ? "udp (the default) or tcp" : "Only udp, or only tcp";
    command->add_option("--proto", invocation.by_hand.proto, about_proto)->type_name("PROTO")->check(expected_a_word);
    command->add_option("--name", invocation.by_hand.name, about_name)
        ->type_name("NAME")
        ->check(expected_a_word)
        ->check(expected_utf8);
    command->add_flag("--json", invocation.json, "Print JSON");
    command->final_callback([&invocation, which] { invocation.command = which; });
    return *command;
}

void add_open_and_close(CLI::App& pinholes, Invocation& invocation) {
    ByHand& said = invocation.by_hand;
    CLI::App& open =
        add_by_hand(pinholes, invocation, Command::open, "open",
                    "Open a media port of a protected address for a while; again with the same name: anew, from now on",
                    "ringwall pinholes open 192.0.2.10:40000 --from 198.51.100.7:30000 --rtcp --for 2h --name call-17\n"
                    "  ringwall pinholes open '[2001:db8:1::10]:40000' --from provider\n"
                    "  ringwall pinholes open 192.0.2.10:2855 --proto tcp --from 203.0.113.9",
                    "Who wants it, such as a channel or a call: \"hand\" unless said");
    open.add_option("local", said.local, "The inside address and port, or the public ones that stand for it")
        ->type_name("ADDRESS:PORT")
        ->required();
    open.add_option("--from", said.from,
                    "Who may send: addresses with or without port (six at most), a declared peer, or any (the default)")
        ->type_name("WHO")
        ->delimiter(',')
        ->allow_extra_args(false); // each --from takes one word: the next may be the port
    open.add_option("--for", said.life, "How long: 90s, 15m, 1h (the default); timers.max_call at most")
        ->type_name("TIME")
        ->check(expected_a_word);
    open.add_option("--media", said.media, "rtp (the default: RTP, RTCP, STUN, DTLS, ZRTP), udptl (fax) or any")
        ->type_name("KIND")
        ->check(expected_a_word);
    open.add_flag("--rtcp", said.rtcp, "RTCP has a port of its own, the next one");
    CLI::App& close =
        add_by_hand(pinholes, invocation, Command::close, "close",
                    "Take back what was opened by hand: of this port, of this name, or both. Calls keep their ports",
                    "ringwall pinholes close --name call-17\n  ringwall pinholes close 192.0.2.10:40000",
                    "Only what was opened by this name; of every name unless said");
    close.add_option("local", said.local, "The address and port that were opened")->type_name("ADDRESS:PORT");
}

void add_ban_terms(CLI::App& command, BansInvocation& bans, const std::string& unsaid) {
    command.add_option("--for", bans.length, "How long; " + unsaid + " where it is not said")
        ->type_name("TIME")
        ->check([](const std::string& text) {
            const auto parsed = policy::as::duration.parse(text);
            const bool is_good = parsed && *parsed >= shortest_ban && *parsed <= longest_ban;
            return is_good
                       ? ""
                       : "expected a whole number with its unit, s, m, h or d, such as 90s; 1s at least, 366d at most";
        });
    command.add_option("--reason", bans.reason, "Shown beside the ban, at most 31 bytes")
        ->type_name("TEXT")
        ->check(expected_utf8);
}

CLI::App* add_ban_command(CLI::App& command, BansInvocation& bans, BansInvocation::Action action, const char* name,
                          const char* about) {
    CLI::App* part = command.add_subcommand(name, about);
    part->fallthrough();
    part->callback([&bans, action] { bans.action = action; });
    return part;
}

void add_bans_commands(CLI::App& command, BansInvocation& bans) {
    using Action = BansInvocation::Action;
    add_ban_command(command, bans, Action::list, "list", "The bans that stand; so does `ringwall bans` alone");
    CLI::App* add = add_ban_command(command, bans, Action::add, "add", "Ban an address, ADDRESS:PORT or an IPv6 /64");
    CLI::App* del = add_ban_command(command, bans, Action::del, "del", "Lift a ban");
    CLI::App* import = add_ban_command(command, bans, Action::import, "import",
                                       "Ban every source of a list, one a line; # begins a comment");
    for (CLI::App* of_one : {add, del})
        of_one->add_option("source", bans.source, "As `bans` shows it")
            ->type_name("SOURCE")
            ->required()
            ->check([](const std::string& text) {
                return ban_key_of(text) ? "" : "got \"" + text + "\", " + std::string(ban_source_expected);
            });
    import->add_option("list", bans.source, "The list; - is standard input")->type_name("FILE")->required();
    add_ban_terms(*add, bans, "10m");
    add_ban_terms(*import, bans, "24h");
    command.require_subcommand(0, 1);
}

// Which drops, for `drops` and `capture`.
void add_drop_filter(CLI::App& command, DropsInvocation& drops) {
    command.add_option("--reason", drops.reasons, "Only for these reasons, separated by commas, or said again")
        ->type_name("REASON")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check([](const std::string& label) {
            for (uint32_t number = 0; number < REASON_LIMIT; ++number)
                if (const ReasonText text = reason_text(number); text.is_drop && text.label == label)
                    return std::string();
            return "no packet drops as \"" + label + "\"; the reasons are those of `ringwall status`";
        });
    command.add_option("--source", drops.source, "Only from this address or prefix")
        ->type_name("NETWORK")
        ->check([](const std::string& text) {
            return Prefix::parse(text) ? std::string() : "expected an address or a prefix, such as 203.0.113.0/24";
        });
}

void add_drops_options(CLI::App& command, DropsInvocation& drops) {
    add_drop_filter(command, drops);
    command.add_flag("--follow,-f", drops.follow, "Show each as it comes, a line each, until ^C");
    command.add_flag("--would", drops.would, "Only what mode: monitor let pass, by reason, peer and call");
}

void add_capture_options(CLI::App& command, DropsInvocation& drops) {
    const CLI::Range positive(uint64_t{1}, uint64_t{1} << 31, "");
    command.add_option("--write,-w", drops.file, "The file to write; - is standard output")
        ->type_name("FILE")
        ->required();
    command.add_option("--seconds", drops.seconds, "End after so long")->type_name("N")->check(positive);
    command.add_option("--count", drops.count, "End after so many packets")->type_name("N")->check(positive);
    add_drop_filter(command, drops);
}

void add_address(CLI::App& command, std::string& address, const char* about) {
    command.add_option("address", address, about)->type_name("ADDRESS")->check([](const std::string& text) {
        return IpAddress::parse(text) ? std::string() : "expected an IPv4 or IPv6 address";
    });
}

void add_question(CLI::App& command, ringwall::why::Asked& asked) {
    command.add_option("source", asked.source, "Where it comes from; its port is guessed where it is not said")
        ->type_name("SRC[:PORT]")
        ->required();
    command.add_option("destination", asked.destination, "Where it goes to; without a port to the first SIP port")
        ->type_name("DST[:PORT]")
        ->required();
    command.add_option("protocol", asked.protocol, "udp (the default) or tcp")->type_name("PROTO");
    command
        .add_option("--method", asked.method,
                    "What SIP it is: a method, response or keepalive. INVITE where the port is one of SIP")
        ->type_name("METHOD");
    command
        .add_option("--media", asked.media,
                    "What media it is: rtp, rtcp, stun, dtls or udptl. What the port was opened for, else rtp")
        ->type_name("KIND");
    command.add_flag("--established", asked.is_established, "Of TCP: a segment of a connection that stands, no SYN");
    command
        .add_option("--direction", asked.way,
                    "in or out, as the outside interface sees it: out where only the source is protected")
        ->type_name("WAY")
        ->check(CLI::IsMember({"in", "out"}).description(""));
}

void add_completion(CLI::App& command, std::string& what) {
    command.add_option("shell", what, "For which shell, or the manual page ringwall(8)")
        ->type_name("bash|zsh|fish|man")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish", "man"}, CLI::ignore_case).description(""));
}

} // namespace

void add_options_of(Command which, CLI::App& command, Invocation& invocation) {
    switch (which) {
        case Command::replay: return add_replay_options(command, invocation.replay);
        case Command::pinholes: return add_open_and_close(command, invocation);
        case Command::completion: return add_completion(command, invocation.completion);
        case Command::why: return add_question(command, invocation.why);
        case Command::lists: return add_address(command, invocation.address, "Say what decides about this address");
        case Command::sources: return add_address(command, invocation.address, "Say all about this address");
        case Command::drops: return add_drops_options(command, invocation.drops);
        case Command::capture: return add_capture_options(command, invocation.drops);
        case Command::bans: return add_bans_commands(command, invocation.bans);
        default: return;
    }
}

} // namespace ringwall::cli
