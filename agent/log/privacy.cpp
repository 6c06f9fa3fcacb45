// SPDX-License-Identifier: Apache-2.0
#include "agent/log/privacy.hpp"

#include <algorithm>
#include <array>

#include "agent/text/ascii.hpp"

namespace ringwall::log {
namespace {

struct Scheme {
    std::string_view name;
    bool is_telephone; // its user goes up to the parameters; else up to the @
};
constexpr std::array<Scheme, 3> schemes{{{"sip:", false}, {"sips:", false}, {"tel:", true}}};

constexpr std::string_view ends_uri = " \t\r\n<>\"[]";
constexpr std::string_view number_characters = "+0123456789-.()*#";

bool begins_with(std::string_view text, std::string_view lower) {
    return text.size() >= lower.size() && std::ranges::equal(text.substr(0, lower.size()), lower, {}, text::lower);
}

const Scheme* scheme_of(std::string_view text) {
    const auto found = std::ranges::find_if(schemes, [&](const Scheme& each) { return begins_with(text, each.name); });
    return found == schemes.end() ? nullptr : &*found;
}

// A host that is but a number: a telephone number whose @ and host were left out.
bool is_number(std::string_view host) {
    return !host.empty() && host.find_first_not_of(number_characters) == host.npos &&
           std::ranges::count(host, '.') != 3;
}

// The length of the user that `rest`, behind the scheme, begins with; 0: there is none.
size_t user_length(std::string_view rest, const Scheme& scheme) {
    // IPv6 hosts stand in brackets, which no user has: they end the search for the @ too.
    const std::string_view uri = rest.substr(0, rest.find_first_of(ends_uri));
    if (scheme.is_telephone) return std::min(uri.find(';'), uri.size());
    if (const size_t at = uri.find('@'); at != uri.npos) return at;
    const size_t host = std::min(uri.find_first_of(":;?,"), uri.size());
    return is_number(uri.substr(0, host)) ? host : 0;
}

std::string hidden(uint64_t hash) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "~";
    for (unsigned shift = 40; shift > 0; shift -= 4) text += digits[hash >> (shift - 4) & 15];
    return text;
}

} // namespace

std::string hide_users(std::string_view text, const std::function<uint64_t(std::string_view)>& hash) {
    std::string safe;
    while (!text.empty()) {
        const Scheme* scheme = scheme_of(text);
        if (scheme == nullptr) {
            safe += text.front();
            text.remove_prefix(1);
            continue;
        }
        safe += text.substr(0, scheme->name.size());
        text.remove_prefix(scheme->name.size());
        const size_t length = user_length(text, *scheme);
        if (length == 0) continue;
        safe += hidden(hash(text.substr(0, length)));
        text.remove_prefix(length);
    }
    return safe;
}

} // namespace ringwall::log
