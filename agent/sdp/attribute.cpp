// SPDX-License-Identifier: Apache-2.0
#include "agent/sdp/attribute.hpp"

#include "agent/sdp/candidate.hpp"
#include "agent/sdp/connection.hpp"

namespace ringwall::sdp {
namespace {

using namespace text;
using tl::make_unexpected;

// attribute = (attribute-name ":" attribute-value) / attribute-name. Names are case-sensitive (5.13).
struct Attribute {
    explicit Attribute(std::string_view line) {
        const char* const end = line.data() + line.size();
        const char* const colon = find(line.data(), end, ':');
        name = without_spaces_behind(line.data(), colon);
        if (colon != end) value = without_spaces_behind(colon + 1, end);
    }

    static std::string_view without_spaces_behind(const char* begin, const char* end) {
        while (end != begin && end[-1] == ' ') --end;
        return {begin, static_cast<size_t>(end - begin)};
    }

    std::string_view name;
    std::string_view value;
};

std::optional<Direction> direction(std::string_view name) {
    if (name == "sendrecv") return Direction::sendrecv;
    if (name == "sendonly") return Direction::sendonly;
    if (name == "recvonly") return Direction::recvonly;
    if (name == "inactive") return Direction::inactive;
    return std::nullopt;
}

// setup-attr = "active" / "passive" / "actpass" / "holdconn" (RFC 4145 4)
Result<void, Defect> setup(std::string_view value, Setup& out) {
    if (value == "active") return out = Setup::active, Result<void, Defect>();
    if (value == "passive") return out = Setup::passive, Result<void, Defect>();
    if (value == "actpass") return out = Setup::actpass, Result<void, Defect>();
    if (value == "holdconn") return out = Setup::holdconn, Result<void, Defect>();
    return make_unexpected(Defect::bad_attribute);
}

// rtcp-attribute = "rtcp" ":" port [nettype SP addrtype SP connection-address] (RFC 3605 2.1)
Result<void, Defect> rtcp(std::string_view value, Media& out) {
    Fields fields(value);
    const auto port = decimal(fields.next(), UINT16_MAX);
    if (!port || out.rtcp) return make_unexpected(Defect::bad_rtcp);
    out.rtcp = Endpoint{{}, Port{static_cast<uint16_t>(*port)}};
    if (fields.at_end()) return {};
    const auto named = connection(fields);
    if (!named) return make_unexpected(Defect::bad_rtcp);
    out.rtcp->address = named->address;
    out.rtcp_has_address = true;
    return {};
}

// packet-time = non-zero-int-or-real (6.4). A hint: one that cannot be read is no hint, as with any unknown attribute.
std::optional<uint32_t> packet_time(std::string_view value) {
    const size_t dot = value.find('.');
    const auto whole = decimal(value.substr(0, dot), 60'000);
    if (!whole || dot == value.npos) return whole;
    const std::string_view fraction = value.substr(dot + 1);
    if (!consists_of(fraction, digit_char)) return std::nullopt;
    return *whole + (fraction.find_first_not_of('0') == fraction.npos ? 0 : 1);
}

// path = "path:" MSRP-URI *(SP MSRP-URI); MSRP-URI = msrp-scheme "://" [userinfo "@"] host [":" port] "/" … (RFC 4975 9).
// Who connects goes to the first. A host name is as good as none: it is not resolved.
std::optional<Endpoint> first_hop(std::string_view value) {
    const size_t scheme = value.find("://");
    if (scheme == value.npos) return std::nullopt;
    value.remove_prefix(scheme + 3);
    value = value.substr(0, value.find_first_of("/; "));
    if (const size_t at = value.rfind('@'); at != value.npos) value.remove_prefix(at + 1);
    if (const auto endpoint = Endpoint::parse(value)) return endpoint->port.value != 0 ? endpoint : std::nullopt;
    constexpr Port registered{2855}; // RFC 4975 15.4
    const bool has_brackets = value.starts_with('[') && value.ends_with(']');
    const auto address = IpAddress::parse(has_brackets ? value.substr(1, value.size() - 2) : value);
    return address && address->is_v4() != has_brackets ? std::optional(Endpoint{*address, registered}) : std::nullopt;
}

Result<void, Defect> add_candidate(std::string_view value, Media& out) {
    Candidate read;
    const CandidateRead how = candidate(value, read);
    out.is_ice |= how != CandidateRead::unreadable;
    if (how != CandidateRead::taken) return {};
    if (out.candidate_count == max_candidates) return make_unexpected(Defect::too_many);
    out.candidate_storage[out.candidate_count++] = read;
    return {};
}

Result<void, Defect> ice_ufrag(std::string_view value, bool& is_ice, std::string_view& out) {
    if (value.empty()) return make_unexpected(Defect::bad_attribute);
    is_ice = true;
    out = value;
    return {};
}

Result<void, Defect> add_bundle(std::string_view value, SessionLevel& out) {
    out.is_bundle = true;
    if (out.bundle_count == max_bundles) return make_unexpected(Defect::too_many);
    out.bundle_storage[out.bundle_count++] = value;
    return {};
}

} // namespace

Result<void, Defect> session_attribute(std::string_view line, SessionLevel& out) {
    const Attribute attribute(line);
    if (const auto found = direction(attribute.name)) return out.direction = *found, Result<void, Defect>();
    if (attribute.name == "setup") return setup(attribute.value, out.setup);
    if (attribute.name == "ice-ufrag") return ice_ufrag(attribute.value, out.is_ice, out.ice_ufrag);
    if (attribute.name == "candidate") out.is_ice = true;
    if (attribute.name == "fingerprint") out.has_fingerprint = true;
    if (attribute.name == "group" && attribute.value.starts_with("BUNDLE")) return add_bundle(attribute.value, out);
    return {};
}

Result<void, Defect> media_attribute(std::string_view line, Media& out) {
    const Attribute attribute(line);
    const auto [name, value] = attribute;
    switch (name.empty() ? '\0' : name.front()) {
        case 'b':
            if (name == "bundle-only") out.bundle_only = true;
            break;
        case 'c':
            if (name == "candidate") return add_candidate(value, out);
            if (name == "crypto") out.has_crypto = true;
            break;
        case 'f':
            if (name == "fingerprint") out.has_fingerprint = true;
            break;
        case 'm':
            if (name == "mid") out.mid = value;
            break;
        case 'p':
            if (name == "ptime") out.ptime_ms = packet_time(value);
            if (name == "path") out.path = first_hop(value);
            break;
        case 'r':
            if (name == "rtcp") return rtcp(value, out);
            if (name == "rtcp-mux") out.rtcp_mux = true;
            if (name == "rtcp-mux-only") out.rtcp_mux_only = true;
            if (name == "recvonly") out.direction = Direction::recvonly;
            break;
        case 'i':
            if (name == "ice-ufrag") return ice_ufrag(value, out.is_ice, out.ice_ufrag);
            if (name == "inactive") out.direction = Direction::inactive;
            break;
        case 's':
            if (name == "setup") return setup(value, out.setup);
            if (name == "sendrecv") out.direction = Direction::sendrecv;
            if (name == "ssrc-group") out.has_ssrc_group = true;
            if (name == "sendonly") out.direction = Direction::sendonly;
            break;
        default: break;
    }
    return {};
}

} // namespace ringwall::sdp
