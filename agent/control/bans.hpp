// SPDX-License-Identifier: Apache-2.0
// Bans as the control socket speaks of them: what a command asks for, the lines of a list, the list as JSON. Values only.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "agent/now.hpp"
#include "maps/bans.hpp"
#include "maps/net/result.hpp"

namespace ringwall::control {

struct BanTerms {
    std::chrono::nanoseconds length{};
    std::string note; // at most BAN_NOTE_BYTES - 1 bytes
};

// {"source":"203.0.113.9","for":"10m","reason":"…"}; of a removal `for` and `reason` are not asked for.
struct BanRequest {
    struct ban_key key{};
    BanTerms terms;
};
Result<BanRequest, std::string> ban_request(std::string_view body, bool needs_terms);

// The first line {"for":"24h","reason":"…"}, then one source a line; a byte order mark before them, empty lines and what
// follows # or ; are passed over.
class BanLines {
public:
    static Result<BanLines> open(std::string_view body);
    const BanTerms& terms() const { return terms_; }
    // Reads at most `lines` more. False where there are none left; an error names the line of the list, counted from 1.
    Result<bool> read(size_t lines, std::vector<struct ban_key>& into);

private:
    BanTerms terms_;
    std::string_view rest_;
    size_t line_ = 0;
};

struct ban ban_by_command(const BanTerms& terms, Now now);
// {"source":"203.0.113.9","cause":"passwords","sentence":"…","count":20,"packets":5,"since":…,"expires_in":599.1,
//  "by":"wall","reason":""}, with a comma before it unless it is the first. Nothing for one that is over.
void append_ban(std::string& list, const struct ban_key& key, const struct ban& ban, Now now);

} // namespace ringwall::control
