// SPDX-License-Identifier: Apache-2.0
// What the SDP of each call says that no map keeps: of which kind its m-lines are, and where its party outside wants
// audio. It is read beside the core, from the same messages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/datagram.hpp"
#include "agent/pinhole/claim.hpp"
#include "agent/replay/content.hpp"
#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::replay {

// Of one Call-ID, either side's.
struct Said {
    struct Line {
        sdp::MediaType type = sdp::MediaType::other;
        pinhole::PayloadTypes payload_types; // of both sides
    };
    std::vector<Line> lines; // m-lines, in their order
    bool is_bundle = false;  // m-lines may share a port
    bool has_audio = false;  // an m-line of audio or fax that was not rejected
    // Packets of audio that passed to and from where the party outside wants it, on no pinhole.
    uint64_t beside_in = 0, beside_out = 0;

    // Is RTP of this type, on the port of that m-line, audio?
    bool is_audio(size_t line, uint8_t payload_type) const;
};

class Descriptions {
public:
    void hear(const Datagram& datagram);
    // Null where its SDP was not read. Lives as long as this.
    const Said* of(std::string_view call_id) const;
    // Passed, on no pinhole; counts where it is audio of a call.
    void pass_beside(bool is_outbound, const Endpoint& outside, const Content& content);

private:
    struct Wanted { // at an endpoint outside
        Said* said = nullptr;
        bool is_fax = false;
    };
    void note(const Datagram& datagram, Said& said);

    std::unordered_map<std::string, Said> calls_;
    std::unordered_map<Endpoint, Wanted> wanted_; // by whom it was named last
    // Large: parsed in place, one at a time.
    std::unique_ptr<sip::Message> message_ = std::make_unique<sip::Message>();
    std::unique_ptr<sdp::Session> session_ = std::make_unique<sdp::Session>();
};

} // namespace ringwall::replay
