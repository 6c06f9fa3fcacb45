// SPDX-License-Identifier: Apache-2.0
#include "agent/sdp/candidate.hpp"

#include "agent/sdp/connection.hpp"
#include "agent/sdp/fields.hpp"
#include "agent/text/word.hpp"

namespace ringwall::sdp {

using namespace text;

constexpr uint32_t max_component = 256;

namespace {

// rel-addr = "raddr" SP connection-address; rel-port = "rport" SP port. Who hides them says 0.0.0.0 and 9.
std::optional<Endpoint> related(Fields& fields) {
    if (!is_word<"raddr">(fields.next())) return std::nullopt;
    const auto address = IpAddress::parse(fields.next());
    if (!is_word<"rport">(fields.next())) return std::nullopt;
    const auto port = decimal(fields.next(), UINT16_MAX);
    if (!address || !port) return std::nullopt;
    return Endpoint{*address, Port{static_cast<uint16_t>(*port)}};
}

std::optional<Endpoint> base_of(std::string_view type, const Endpoint& endpoint, Fields& fields) {
    if (is_word<"host">(type)) return endpoint;
    return is_word<"srflx">(type) || is_word<"prflx">(type) ? related(fields) : std::nullopt;
}

} // namespace

// candidate-attribute = "candidate" ":" foundation SP component-id SP transport SP priority SP connection-address SP
//                       port SP cand-type [SP rel-addr] [SP rel-port] *(SP cand-extension)
CandidateRead candidate(std::string_view value, Candidate& out) {
    Fields fields(value);
    const std::string_view foundation = fields.next();
    const auto component = decimal(fields.next(), max_component);
    const std::string_view transport = fields.next();
    const auto priority = decimal(fields.next());
    const std::string_view host = fields.next();
    const auto port = decimal(fields.next(), UINT16_MAX);
    const bool has_type = is_word<"typ">(fields.next());
    const std::string_view type = fields.next();
    if (foundation.empty() || !component || *component == 0 || !priority || !port || !has_type || type.empty())
        return CandidateRead::unreadable;
    const auto address = IpAddress::parse(host);
    if (!address) return is_host_name(host) ? CandidateRead::named : CandidateRead::unreadable;
    const Endpoint endpoint{*address, Port{static_cast<uint16_t>(*port)}};
    out = {.component = static_cast<uint16_t>(*component),
           .endpoint = endpoint,
           .is_udp = is_word<"udp">(transport),
           .base = base_of(type, endpoint, fields)};
    return CandidateRead::taken;
}

} // namespace ringwall::sdp
