// SPDX-License-Identifier: Apache-2.0
#include "agent/sdp/connection.hpp"

#include "agent/text/word.hpp"

namespace ringwall::sdp {
namespace {

using namespace text;

// IP4-multicast = m1 3("." decimal-uchar) "/" ttl ["/" numaddr]; IP6-multicast = hexpart ["/" numaddr]
bool is_multicast_suffix(std::string_view suffix, size_t most_numbers) {
    for (size_t numbers = 1; numbers <= most_numbers; ++numbers) {
        const size_t slash = suffix.find('/');
        if (!decimal(suffix.substr(0, slash), UINT16_MAX)) return false;
        if (slash == suffix.npos) return true;
        suffix.remove_prefix(slash + 1);
    }
    return false;
}

// sipp's [local_ip] writes IN IP6 [2001:db8::1]. SDP has no brackets, and they can mean nothing else.
std::string_view without_brackets(std::string_view address, bool is_v4) {
    if (is_v4 || address.size() < 2 || address.front() != '[' || address.back() != ']') return address;
    return address.substr(1, address.size() - 2);
}

} // namespace

bool is_host_name(std::string_view text) {
    if (text.empty() || !consists_of(text, host_char)) return false;
    if (text.ends_with('.')) text.remove_suffix(1);
    const std::string_view last = text.substr(text.rfind('.') + 1);
    return !last.empty() && !is(last.front(), digit_char);
}

std::optional<Connection> connection(Fields& fields) {
    const std::string_view network = fields.next();
    const std::string_view family = fields.next();
    std::string_view address = fields.next();
    if (address.empty() || !fields.at_end()) return std::nullopt;
    if (!is_word<"in">(network)) return Connection{.address = {}, .is_name = true};
    const bool is_v4 = is_word<"ip4">(family);
    if (!is_v4 && !is_word<"ip6">(family)) return std::nullopt;

    const size_t slash = address.find('/');
    if (slash != address.npos && !is_multicast_suffix(address.substr(slash + 1), is_v4 ? 2 : 1)) return std::nullopt;
    address = without_brackets(address.substr(0, slash), is_v4);
    if (const auto literal = IpAddress::parse(address)) {
        const bool is_dotted = address.find(':') == address.npos; // ::ffff:192.0.2.1 is IP6, whatever it maps to
        if (is_dotted != is_v4) return std::nullopt;
        return Connection{.address = *literal, .is_name = false};
    }
    if (slash != address.npos || !is_host_name(address)) return std::nullopt;
    return Connection{.address = {}, .is_name = true};
}

} // namespace ringwall::sdp
