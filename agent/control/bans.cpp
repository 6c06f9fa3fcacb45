// SPDX-License-Identifier: Apache-2.0
#include "agent/control/bans.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/control/members.hpp"
#include "agent/control/text.hpp"
#include "agent/pinhole/map_value.hpp"
#include "agent/text/ascii.hpp"

namespace ringwall::control {
namespace {

namespace json = boost::json;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

double seconds_of(uint64_t ns) { return static_cast<double>(ns) / 1e9; }

BanTerms terms_of(Members& members) {
    BanTerms terms{members.scalar("for", policy::as::duration, ""), members.text("reason", "")};
    if (terms.length < shortest_ban || terms.length > longest_ban) members.refuse("for", "1s to 366d");
    if (terms.note.size() >= BAN_NOTE_BYTES)
        members.refuse("reason", std::to_string(BAN_NOTE_BYTES - 1) + " bytes at most");
    return terms;
}

std::string_view without_comment(std::string_view line) { return text::trim(line.substr(0, line.find_first_of("#;"))); }

std::string no_source(std::string_view text) {
    return "got \"" + printable(to_utf8(text)) + "\", " + std::string(ban_source_expected);
}

} // namespace

Result<BanRequest, std::string> ban_request(std::string_view body, bool needs_terms) {
    Members members(body);
    const std::string source = members.text("source", "");
    const auto key = ban_key_of(source);
    BanRequest request{.key = key.value_or(ban_key{})};
    if (needs_terms) request.terms = terms_of(members);
    if (!members.mistake().empty()) return tl::make_unexpected(members.mistake());
    if (!key) return tl::make_unexpected(no_source(source));
    return request;
}

Result<BanLines> BanLines::open(std::string_view body) {
    const size_t end = std::min(body.find('\n'), body.size());
    Members members(body.substr(0, end));
    BanLines lines;
    lines.terms_ = terms_of(members);
    if (!members.mistake().empty()) return fail(members.mistake());
    lines.rest_ = body.substr(std::min(end + 1, body.size()));
    if (lines.rest_.starts_with(byte_order_mark)) lines.rest_.remove_prefix(byte_order_mark.size());
    return lines;
}

Result<bool> BanLines::read(size_t lines, std::vector<struct ban_key>& into) {
    for (; lines > 0 && !rest_.empty(); --lines) {
        ++line_;
        const size_t end = std::min(rest_.find('\n'), rest_.size());
        const std::string_view source = without_comment(rest_.substr(0, end));
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        if (source.empty()) continue;
        const auto key = ban_key_of(source);
        if (!key) return fail("line " + std::to_string(line_) + ": " + no_source(source.substr(0, 80)));
        into.push_back(*key);
    }
    return !rest_.empty();
}

struct ban ban_by_command(const BanTerms& terms, Now now) {
    struct ban ban{};
    ban.since_ns = pinhole::to_ns(now.monotonic);
    ban.until_ns = ban.since_ns + static_cast<uint64_t>(terms.length.count());
    ban.cause = BAN_CAUSE_command;
    ban.count = 1;
    std::ranges::copy(terms.note, ban.note); // terms_of() bounds it
    return ban;
}

void append_ban(std::string& list, const struct ban_key& key, const struct ban& ban, Now now) {
    const uint64_t now_ns = pinhole::to_ns(now.monotonic);
    if (ban.until_ns <= now_ns) return;
    const CauseText cause = cause_text(ban.cause);
    const double ago = seconds_of(now_ns - std::min<uint64_t>(ban.since_ns, now_ns));
    if (!list.empty() && list.back() != '[') list += ',';
    list += json::serialize(json::object{{"source", to_string(key)},
                                         {"cause", json::string_view(cause.label.data(), cause.label.size())},
                                         {"sentence", json::string_view(cause.sentence.data(), cause.sentence.size())},
                                         {"count", ban.count},
                                         {"packets", ban.packets},
                                         {"since", now.realtime_s - static_cast<int64_t>(ago)},
                                         {"expires_in", seconds_of(ban.until_ns - now_ns)},
                                         {"by", ban.flags & BAN_OF_OURS ? "wall" : "command"},
                                         {"reason", to_utf8(until_nul(ban.note))}});
}

} // namespace ringwall::control
