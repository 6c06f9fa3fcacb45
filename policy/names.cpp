// SPDX-License-Identifier: Apache-2.0
#include "policy/names.hpp"

#include <algorithm>

#include "policy/ascii.hpp"

namespace ringwall::policy {
namespace {

constexpr size_t longest_name = 253, longest_label = 63; // RFC 1035 2.3.4, as text

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_label_char(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; }

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= longest_label && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, is_label_char);
}
bool is_service_label(std::string_view label) { return label.starts_with('_') && is_label(label.substr(1)); }

// Cuts the first label off.
std::string_view next_label(std::string_view& rest) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
    return label;
}

bool is_host(std::string_view text) {
    std::string_view last;
    size_t labels = 0;
    for (std::string_view rest = text; !rest.empty(); ++labels)
        if (last = next_label(rest); !is_label(last)) return false;
    return labels >= 2 && !text.ends_with('.') && !std::ranges::all_of(last, is_digit);
}

} // namespace

std::optional<PeerName> parse_peer_name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.size() > longest_name) return std::nullopt;
    PeerName name{std::string(text)};
    std::ranges::transform(name.text, name.text.begin(), lower);
    std::string_view host = name.text;
    if (host.starts_with('_') && !(is_service_label(next_label(host)) && is_service_label(next_label(host))))
        return std::nullopt;
    if (!is_host(host)) return std::nullopt;
    return name;
}

const PeerName* name_of_host(const Config& config, std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    const PeerName* service = nullptr;
    for (const Peer& peer : config.peers)
        for (const PeerName& name : peer.names) {
            std::string_view domain = name.text;
            const std::string_view first = name.is_service() ? next_label(domain) : "";
            if (name.is_service()) next_label(domain);
            if (!std::ranges::equal(domain, host, {}, {}, lower)) continue;
            if (!name.is_service()) return &name;
            if (service == nullptr && (first == "_sip" || first == "_sips")) service = &name;
        }
    return service;
}

} // namespace ringwall::policy
