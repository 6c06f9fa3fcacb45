// SPDX-License-Identifier: Apache-2.0
// `ringwall capture`: the stream of drops, with their frames, as a pcapng file.
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iostream>
#include <optional>
#include <system_error>

#include "agent/capture/pcapng_writer.hpp"
#include "agent/cli/ask.hpp"
#include "agent/cli/commands.hpp"
#include "agent/cli/words.hpp"
#include "agent/control/text.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

bool is_yes(const json::value& drop, std::string_view key) {
    const json::value* found = drop.is_object() ? drop.get_object().if_contains(key) : nullptr;
    return found != nullptr && found->is_bool() && found->get_bool();
}

// "drop no_pinhole: a media port that no call has opened; call 17@x"
std::string comment(const json::value& drop) {
    std::string said = is_yes(drop, "passed") ? "would drop (monitor), " : "drop ";
    said += text(drop, "reason") + ": " + text(drop, "sentence");
    if (const std::string call = text(drop, "call_id"); !call.empty()) said += "; call " + call;
    if (const std::string name = text(drop, "by_hand"); !name.empty()) said += "; opened by hand for " + name;
    if (const uint64_t packets = number(drop, "packets"); packets > 1)
        said += "; " + std::to_string(packets - 1) + " before it of this reason were not captured";
    if (is_yes(drop, "together")) said += "; one of several datagrams in a buffer, of which this is the beginning";
    return control::printable(said);
}

std::optional<std::string> bytes_of(std::string_view hexadecimal) {
    const auto digit = [](char c) -> int {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    std::string bytes;
    for (size_t i = 0; i + 1 < hexadecimal.size(); i += 2) {
        const int high = digit(hexadecimal[i]), low = digit(hexadecimal[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
}

// The file, once the agent sends: a capture of yesterday is not emptied because no agent answers today.
class Sink {
public:
    explicit Sink(const DropsInvocation& wanted) : wanted_(wanted) {}

    bool open() {
        errno = 0;
        if (wanted_.file != "-") file_.open(wanted_.file, std::ios::binary | std::ios::trunc);
        if (!file_.is_open() && wanted_.file != "-") {
            const std::error_code why(errno, std::generic_category());
            std::cerr << "ringwall: cannot write " << wanted_.file << ": " << why.message() << '\n';
            code_ = why.value() == EACCES ? agent::exit_not_permitted : agent::exit_failed;
            return false;
        }
        std::cerr << "capturing what drops to " << (wanted_.file == "-" ? "standard output" : wanted_.file)
                  << "; ^C ends it\n";
        return put(writer_.begin());
    }

    // False: enough, or no more can be written.
    bool add(const json::value& drop) {
        if (const uint64_t missed = number(drop, "missed"); missed > 0) {
            std::cerr << counted(missed, "packet") << " left out: more than could be written\n";
            return true;
        }
        const std::string hexadecimal = text(drop, "frame");
        const auto bytes = bytes_of(hexadecimal);
        if (!bytes) return true;
        const capture::Record record{.time_ns = number(drop, "time_ns"),
                                     .link_type = static_cast<uint32_t>(number(drop, "link_type")),
                                     .length = static_cast<uint32_t>(number(drop, "length")),
                                     .direction = capture::Direction::in,
                                     .bytes = *bytes};
        if (!put(writer_.packet(record, text(drop, "interface"), comment(drop)))) return false;
        return ++packets_ != wanted_.count;
    }

    int finish(int followed) {
        if (is_open_) std::cerr << counted(packets_, "packet") << " written\n";
        return code_ == agent::exit_good ? followed : code_;
    }
    bool is_open() const { return is_open_; }

private:
    bool put(const std::string& bytes) {
        std::ostream& to = wanted_.file == "-" ? std::cout : file_;
        is_open_ = true;
        errno = 0;
        if (to.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush()) return true;
        const std::error_code why(errno, std::generic_category());
        std::cerr << "ringwall: cannot write to " << (wanted_.file == "-" ? "standard output" : wanted_.file)
                  << (why ? ": " + why.message() : "") << '\n';
        code_ = agent::exit_failed;
        return false;
    }

    const DropsInvocation& wanted_;
    capture::PcapngWriter writer_{"ringwall " RINGWALL_VERSION};
    std::ofstream file_;
    bool is_open_ = false;
    uint64_t packets_ = 0;
    int code_ = agent::exit_good;
};

} // namespace

int capture(const Invocation& invocation) {
    const std::string which = drop_parameters(invocation.drops);
    Sink sink(invocation.drops);
    const int followed = follow(
        invocation.options, "/api/v1/drops/follow" + which + (which.empty() ? "?" : "&") + "frames=yes",
        [&](const json::value& line) { return sink.is_open() ? sink.add(line) : sink.open(); },
        std::chrono::seconds(invocation.drops.seconds));
    return sink.finish(followed);
}

} // namespace ringwall::cli
