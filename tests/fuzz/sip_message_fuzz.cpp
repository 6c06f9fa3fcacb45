// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "agent/sip/message.hpp"
#include "agent/sip/outline.hpp"
#include "tests/fuzz/invariants.hpp"

namespace ringwall {
namespace {

void add(fuzz::Statement& said, const sip::HostPort& host_port) {
    said.add(host_port.host);
    said.add(host_port.address);
    said.add(host_port.port);
}

void add(fuzz::Statement& said, const sip::Via& via) {
    said.add(via.transport);
    said.add(via.branch);
    said.add(via.received);
    said.add(via.rport);
    add(said, via.sent_by);
}

void add(fuzz::Statement& said, const sip::NameAddress& name) {
    for (const auto view : {name.uri, name.scheme}) said.add(view);
    said.add(name.expires);
    add(said, name.host_port);
}

void add(fuzz::Statement& said, const sip::Message& message) {
    for (const auto view : {message.method_token, message.request_uri, message.call_id, message.replaces, message.rack,
                            message.user_agent, message.content_type, message.content_encoding, message.body})
        said.add(view);
    for (const uint64_t number :
         {uint64_t{message.is_request}, static_cast<uint64_t>(message.method), uint64_t{message.status},
          uint64_t{message.cseq}, uint64_t{message.bytes}, uint64_t{message.contact_is_star}})
        said.add_number(number);
    said.add(message.session_expires);
    said.add(message.expires);
    said.add(message.content_length);
    for (const auto view : {message.from.uri, message.from.tag, message.to.uri, message.to.tag}) said.add(view);
    for (const auto& via : message.vias()) add(said, via);
    for (const auto& contact : message.contacts()) add(said, contact);
}

void check(std::string_view input, const sip::Message& message) {
    MUST_HOLD(message.via_count >= 1 && message.via_count <= sip::max_vias);
    MUST_HOLD(message.contact_count <= sip::max_contacts);
    MUST_HOLD(!message.call_id.empty() && message.call_id.size() <= sip::max_call_id_bytes);
    MUST_HOLD(message.from.tag.size() <= sip::max_tag_bytes && message.to.tag.size() <= sip::max_tag_bytes);
    MUST_HOLD(message.cseq <= 0x7fffffff);
    MUST_HOLD(message.bytes <= input.size() && message.body.size() <= message.bytes);
    MUST_HOLD(!message.content_length || *message.content_length == message.body.size());
    MUST_HOLD(message.is_request ? message.status == 0 : message.status >= 100 && message.status <= 699);
    MUST_HOLD(!message.contact_is_star || message.contact_count == 0);
}

} // namespace
} // namespace ringwall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace ringwall;
    static sip::Message used;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto fresh = std::make_unique<sip::Message>();
    const auto first = sip::parse(input, used);
    const auto second = sip::parse(input, *fresh);
    MUST_HOLD(first.has_value() == second.has_value());
    if (!first) {
        MUST_HOLD(first.error().defect == second.error().defect && first.error().offset == second.error().offset);
        MUST_HOLD(first.error().offset <= size && !sip::to_string(first.error().defect).empty());
        if (sip::outline(input, used)) (void)sip::find_sdp(used);
        return 0;
    }
    fuzz::Statement said(input), again(input);
    add(said, used);
    add(again, *fresh);
    MUST_HOLD(said == again);
    check(input, used);
    // What one message says does not hang on the bytes after it.
    if (used.content_length) MUST_HOLD(sip::parse(input.substr(0, used.bytes), *fresh));
    (void)sip::is_keepalive(input);
    return 0;
}
