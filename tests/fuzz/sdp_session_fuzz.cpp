// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "agent/sdp/session.hpp"
#include "tests/fuzz/invariants.hpp"

namespace ringwall {
namespace {

void add(fuzz::Statement& said, const sdp::Candidate& candidate) {
    said.add_number(candidate.component);
    said.add(candidate.endpoint);
    said.add_number(candidate.is_udp);
    said.add(candidate.base.value_or(Endpoint{}));
}

void add(fuzz::Statement& said, const sdp::Media& media) {
    for (const auto view : {media.protocol, media.ice_ufrag, media.mid}) said.add(view);
    for (const uint64_t number :
         {static_cast<uint64_t>(media.type), static_cast<uint64_t>(media.transport),
          static_cast<uint64_t>(media.direction), static_cast<uint64_t>(media.setup), uint64_t{media.port.value},
          uint64_t{media.port_count}, uint64_t{media.rtcp_mux}, uint64_t{media.rtcp_mux_only},
          uint64_t{media.bundle_only}, uint64_t{media.bundle}, uint64_t{media.bundle_rank}, uint64_t{media.is_ice},
          uint64_t{media.rtcp_has_address}})
        said.add_number(number);
    said.add(media.rtcp);
    said.add(media.ptime_ms);
    said.add(media.bandwidth_kbps);
    for (const auto& connection : media.connections()) {
        said.add(connection.address);
        said.add_number(connection.is_name);
    }
    for (const auto type : media.payload_types()) said.add_number(type);
    for (const auto& candidate : media.candidates()) add(said, candidate);
}

void add(fuzz::Statement& said, const sdp::Session& session) {
    said.add_number(session.media_count);
    for (const auto& media : session.media()) add(said, media);
}

void check(const sdp::Media& media) {
    MUST_HOLD(media.connection_count <= sdp::max_addresses);
    MUST_HOLD(media.payload_type_count <= sdp::max_payload_types);
    MUST_HOLD(media.candidate_count <= sdp::max_candidates);
    MUST_HOLD(media.is_rejected() || media.connection_count >= 1);
    MUST_HOLD(media.port_count >= 1 && media.port.value + (media.port_count - 1) <= 65535);
    MUST_HOLD(!media.protocol.empty());
    MUST_HOLD(media.bundle <= sdp::max_bundles && media.bundle_rank < sdp::max_media);
    MUST_HOLD(media.bundle == 0 || !media.mid.empty());
    for (const auto type : media.payload_types()) MUST_HOLD(type <= 127);
    for (const auto& connection : media.connections())
        MUST_HOLD(!connection.is_name || connection.address.is_unspecified());
}

} // namespace
} // namespace ringwall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace ringwall;
    static sdp::Session used;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto fresh = std::make_unique<sdp::Session>();
    const auto first = sdp::parse(input, used);
    const auto second = sdp::parse(input, *fresh);
    MUST_HOLD(first.has_value() == second.has_value());
    if (!first) {
        MUST_HOLD(first.error().defect == second.error().defect && first.error().offset == second.error().offset);
        MUST_HOLD(first.error().offset <= size && !sdp::to_string(first.error().defect).empty());
        return 0;
    }
    fuzz::Statement said(input), again(input);
    add(said, used);
    add(again, *fresh);
    MUST_HOLD(said == again);
    MUST_HOLD(used.media_count <= sdp::max_media);
    for (const auto& media : used.media()) check(media);
    return 0;
}
