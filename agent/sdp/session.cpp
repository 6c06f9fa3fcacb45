// SPDX-License-Identifier: Apache-2.0
#include "agent/sdp/session.hpp"

#include "agent/sdp/attribute.hpp"
#include "agent/sdp/bundle.hpp"
#include "agent/sdp/connection.hpp"
#include "agent/sdp/fields.hpp"
#include "agent/sdp/media.hpp"
#include "agent/text/line.hpp"

namespace ringwall::sdp {
namespace {

using tl::make_unexpected;
using Outcome = Result<void, Defect>;

// Gateways leave empty lines behind a description, and C programs its NUL: all readers end it there.
std::string_view without_tail(std::string_view body) {
    constexpr std::string_view tail("\0\r\n", 3);
    return body.substr(0, body.find_last_not_of(tail) + 1);
}

// One description being read, a line at a time; a line belongs to the last m-line above it, or to the session.
class Parser {
public:
    Parser(std::string_view body, Session& session) : body_(without_tail(body)), session_(session) {}

    Result<void, ParseError> parse();

private:
    Outcome take_lines();
    Outcome take(char letter, std::string_view value);
    Outcome take_connection(std::string_view value);
    Outcome take_bandwidth(std::string_view value);
    Outcome begin_media(std::string_view value);
    Outcome finish_media();

    std::string_view body_;
    Session& session_;
    Media* media_ = nullptr; // the m-section we are in
    size_t endpoints_ = 0;
    SessionLevel level_;
    const char* at_ = nullptr; // the line being read
};

// Everything but the arrays, whose counts say what of them is alive.
void reset(Media& media, const SessionLevel& level) {
    media.connection_count = media.payload_type_count = media.candidate_count = 0;
    media.port_count = 1;
    media.rtcp = std::nullopt;
    media.rtcp_has_address = false;
    media.rtcp_mux = media.rtcp_mux_only = media.bundle_only = false;
    media.is_ice = level.is_ice;
    media.ice_ufrag = level.ice_ufrag;
    media.mid = {};
    media.direction = level.direction;
    media.has_fingerprint = level.has_fingerprint;
    media.has_crypto = media.has_ssrc_group = false;
    media.setup = level.setup;
    media.path = std::nullopt;
    media.ptime_ms = media.bandwidth_kbps = std::nullopt;
}

Result<void, ParseError> Parser::parse() {
    session_.media_count = 0;
    at_ = body_.data();
    const auto read = take_lines().and_then([this] { return finish_media(); });
    session_.is_bundle = level_.is_bundle;
    take_bundles(level_, session_);
    return read.map_error(
        [this](Defect defect) { return ParseError{defect, static_cast<size_t>(at_ - body_.data())}; });
}

// 5: <type>=<value>, the version first.
Outcome Parser::take_lines() {
    const char* const end = body_.data() + body_.size();
    size_t count = 0;
    for (text::Line line{}; at_ != end; at_ = line.next) {
        line = text::find_line_end(at_, end);
        if (line.kind == text::LineEnd::forbidden) return make_unexpected(Defect::bad_line);
        const std::string_view text(at_, static_cast<size_t>(line.end - at_));
        if (text.size() < 2 || !text::is(text[0], text::alpha_char) || text[1] != '=')
            return make_unexpected(Defect::bad_line);
        if (++count > max_lines) return make_unexpected(Defect::too_many);
        if ((count == 1) != (text[0] == 'v'))
            return make_unexpected(count == 1 ? Defect::missing_version : Defect::bad_version);
        if (const Outcome taken = take(text[0], text.substr(2)); !taken) return taken;
    }
    return count == 0 ? make_unexpected(Defect::missing_version) : Outcome();
}

Outcome Parser::take(char letter, std::string_view value) {
    switch (letter) {
        case 'v': return text::trim(value) == "0" ? Outcome() : make_unexpected(Defect::bad_version);
        case 'c': return take_connection(value);
        case 'b': return take_bandwidth(value);
        case 'm': return begin_media(value);
        case 'a': return media_ != nullptr ? media_attribute(value, *media_) : session_attribute(value, level_);
        default: return {};
    }
}

// connection-field = nettype SP addrtype SP connection-address: one for the session, any number for an m-line (5.7)
Outcome Parser::take_connection(std::string_view value) {
    Fields fields(value);
    const auto read = connection(fields);
    if (!read) return make_unexpected(Defect::bad_connection);
    if (media_ == nullptr) {
        if (level_.connection) return make_unexpected(Defect::bad_connection);
        level_.connection = *read;
        return {};
    }
    if (media_->connection_count == max_addresses) return make_unexpected(Defect::too_many);
    media_->connection_storage[media_->connection_count++] = *read;
    return {};
}

// bandwidth-field = bwtype ":" bandwidth (5.8): AS in kbit/s, TIAS in bit/s (RFC 3890 6.2). A hint for policing: one
// that cannot be read is none; the session's is the sum over its m-lines and says nothing of one.
Outcome Parser::take_bandwidth(std::string_view value) {
    const size_t colon = value.find(':');
    if (media_ == nullptr || colon == value.npos) return {};
    const std::string_view type = value.substr(0, colon);
    const auto amount = text::decimal(text::trim(value.substr(colon + 1)));
    if (!amount) return {};
    if (type == "AS") media_->bandwidth_kbps = *amount;
    if (type == "TIAS" && !media_->bandwidth_kbps) media_->bandwidth_kbps = *amount / 1000 + (*amount % 1000 != 0);
    return {};
}

Outcome Parser::begin_media(std::string_view value) {
    if (const Outcome finished = finish_media(); !finished) return finished;
    if (session_.media_count == max_media) return make_unexpected(Defect::too_many);
    media_ = &session_.media_storage[session_.media_count];
    reset(*media_, level_);
    if (const Outcome read = media_line(value, *media_); !read) return read;
    ++session_.media_count;
    return {};
}

// What only the whole section can say: whose connection holds, and where RTCP goes that names no address.
Outcome Parser::finish_media() {
    if (media_ == nullptr) return {};
    Media& media = *media_;
    if (media.connection_count == 0 && level_.connection)
        media.connection_storage[media.connection_count++] = *level_.connection;
    if (media.connection_count == 0)
        return media.is_rejected() ? Outcome() : make_unexpected(Defect::missing_connection);
    if (media.rtcp && !media.rtcp_has_address) media.rtcp->address = media.connection_storage[0].address;
    endpoints_ += media.connection_count * media.port_count;
    return endpoints_ > max_endpoints ? make_unexpected(Defect::too_many) : Outcome();
}

} // namespace

Result<void, ParseError> parse(std::string_view body, Session& session) { return Parser(body, session).parse(); }

} // namespace ringwall::sdp
