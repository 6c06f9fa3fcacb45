// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "agent/sdp/session.hpp"
#include "agent/sip/content_type.hpp"
#include "agent/sip/message.hpp"
#include "tests/differential/account.hpp"

namespace ringwall::differential {
namespace {

std::string media_of(std::string_view body) {
    static const auto session = std::make_unique<sdp::Session>();
    if (const auto read = sdp::parse(body, *session); !read)
        return "refused " + std::string(sdp::to_string(read.error().defect));
    std::string media;
    for (const auto& one : session->media()) {
        const bool is_named = one.connection_count > 0 && !one.connections()[0].is_name;
        media += endpoint(is_named ? one.connections()[0].address.to_string() : "name", one.port.value) + " ";
    }
    return media;
}

} // namespace

std::string endpoint(std::string_view address, unsigned long port) {
    if (port == 0) return "0";
    std::string_view bare = address.substr(0, address.find('/'));
    if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2); // as sipp writes it
    const auto literal = IpAddress::parse(bare);
    return (literal ? literal->to_string() : "name") + ":" + std::to_string(port);
}

std::string number(std::string_view digits) {
    while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
    return std::string(digits);
}

Account ours(std::string_view bytes) {
    static const auto message = std::make_unique<sip::Message>();
    Account account;
    if (const auto read = sip::parse(bytes, *message); !read) {
        account.refused = to_string(read.error().defect);
        return account;
    }
    auto& fields = account.fields;
    fields["start"] = message->is_request ? std::string(message->method_token) : std::to_string(message->status);
    fields["call_id"] = message->call_id;
    fields["cseq"] = std::to_string(message->cseq) + " " + std::string(message->method_token);
    if (!message->from.tag.empty()) fields["from_tag"] = message->from.tag;
    if (!message->to.tag.empty()) fields["to_tag"] = message->to.tag;
    if (!message->vias()[0].branch.empty()) fields["branch"] = message->vias()[0].branch;
    if (message->content_length) fields["content_length"] = std::to_string(*message->content_length);
    if (sip::content_type(message->content_type).is_sdp() && !message->body.empty())
        fields["media"] = media_of(message->body);
    return account;
}

} // namespace ringwall::differential
