// SPDX-License-Identifier: Apache-2.0
// The first line of the input is the Content-Type, the rest the body.
#include <memory>

#include "agent/sip/message.hpp"
#include "tests/fuzz/invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace ringwall;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const size_t line = input.find('\n');
    if (line == input.npos) return 0;
    static const auto message = std::make_unique<sip::Message>();
    message->content_type = input.substr(0, line);
    message->body = input.substr(line + 1);
    message->bytes = size;

    const auto found = sip::find_sdp(*message);
    const auto again = sip::find_sdp(*message);
    MUST_HOLD(found.has_value() == again.has_value());
    if (!found) {
        MUST_HOLD(found.error().defect == sip::Defect::bad_multipart || found.error().defect == sip::Defect::too_many);
        MUST_HOLD(found.error().offset <= size);
        return 0;
    }
    const auto first = sip::find_first_sdp(*message);
    MUST_HOLD(first && (!*found || (*first && (*first)->data() <= (*found)->data())));
    fuzz::Statement said(message->body), repeated(message->body);
    said.add(*found);
    repeated.add(*again);
    MUST_HOLD(said == repeated);
    return 0;
}
