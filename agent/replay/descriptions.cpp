// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/descriptions.hpp"

#include <algorithm>

namespace ringwall::replay {
namespace {

// What a flood of offers may fill our memory with; later calls' media counts as audio.
constexpr size_t most_calls = 262144, most_wanted = 262144;

// T.38 is m=image (RFC 3362).
bool is_audio_or_fax(sdp::MediaType type) { return type == sdp::MediaType::audio || type == sdp::MediaType::image; }

void note_line(const sdp::Media& media, Said::Line& line) {
    if (line.type != media.type) line = {.type = media.type, .payload_types = {}};
    for (const uint8_t type : media.payload_types()) line.payload_types.set(type & 0x7fU);
}

} // namespace

// On a port of its own whatever comes is of its m-line. Of a bundle's m-lines it is the one that lists the type (RFC 9143
// 9.2), or else the port's.
bool Said::is_audio(size_t line, uint8_t payload_type) const {
    if (line >= lines.size()) return true; // not known
    const auto lists_it = [&](const Line& each) { return each.payload_types.test(payload_type); };
    if (!is_bundle || lists_it(lines[line])) return is_audio_or_fax(lines[line].type);
    const auto found = std::ranges::find_if(lines, lists_it);
    return is_audio_or_fax(found == lines.end() ? lines[line].type : found->type);
}

void Descriptions::hear(const Datagram& datagram) {
    if (!datagram.is_whole || !sip::parse(datagram.payload, *message_)) return;
    const auto body = sip::find_sdp(*message_);
    if (!body || !*body || !sdp::parse(**body, *session_)) return;
    const std::string call_id(message_->call_id);
    if (calls_.size() == most_calls && !calls_.contains(call_id)) return;
    note(datagram, calls_[call_id]);
}

void Descriptions::note(const Datagram& datagram, Said& said) {
    said.is_bundle = said.is_bundle || session_->is_bundle;
    said.lines.resize(std::max(said.lines.size(), session_->media_count));
    for (size_t i = 0; i < session_->media_count; ++i) {
        const sdp::Media& media = session_->media()[i];
        note_line(media, said.lines[i]);
        if (!is_audio_or_fax(media.type) || media.is_rejected()) continue;
        said.has_audio = true;
        if (datagram.outbound) continue;
        for (const sdp::Connection& connection : media.connections())
            if (const Endpoint named{connection.address, media.port};
                !connection.is_name && (wanted_.size() < most_wanted || wanted_.contains(named)))
                wanted_[named] = {&said, media.transport == sdp::Transport::udptl};
    }
}

const Said* Descriptions::of(std::string_view call_id) const {
    const auto found = calls_.find(std::string(call_id));
    return found == calls_.end() ? nullptr : &found->second;
}

void Descriptions::pass_beside(bool is_outbound, const Endpoint& outside, const Content& content) {
    if (content.kind == Content::Kind::nothing || content.kind == Content::Kind::rtcp) return;
    const auto found = wanted_.find(outside);
    if (found == wanted_.end() || (content.kind != Content::Kind::rtp && !found->second.is_fax)) return;
    ++(is_outbound ? found->second.said->beside_out : found->second.said->beside_in);
}

} // namespace ringwall::replay
