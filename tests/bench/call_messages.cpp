// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/call_messages.hpp"

#include "tests/kernel/packet.hpp"

namespace ringwall::bench {
namespace {

constexpr const char* outside_address = "198.51.100.7";

// One side of a call.
struct Party {
    std::string address, tag, user;
    uint16_t media_port;
};

struct Call {
    std::string id;
    Party caller, callee;
};

std::string description(const Party& from) {
    return "v=0\r\n"
           "o=- 1793 1 IN IP4 " +
           from.address +
           "\r\n"
           "s=call\r\n"
           "c=IN IP4 " +
           from.address +
           "\r\n"
           "t=0 0\r\n"
           "m=audio " +
           std::to_string(from.media_port) +
           " RTP/AVP 8 0 101\r\n"
           "a=rtpmap:8 PCMA/8000\r\n"
           "a=rtpmap:0 PCMU/8000\r\n"
           "a=rtpmap:101 telephone-event/8000\r\n"
           "a=ptime:20\r\n"
           "a=sendrecv\r\n";
}

std::string uri(const Party& of) { return "sip:" + of.user + "@" + of.address; }

// `sender` says it; the request is always the caller's.
std::string message(const Call& call, const std::string& start, const std::string& method, const Party& sender,
                    bool has_to_tag, bool has_description) {
    const int cseq = method == "BYE" ? 103 : 102;
    std::string text = start +
                       "\r\n"
                       "Via: SIP/2.0/UDP " +
                       call.caller.address + ":5060;branch=z9hG4bK-524287-" + method + "-" + call.id +
                       ";rport\r\n"
                       "Max-Forwards: 70\r\n"
                       "From: \"Front desk\" <" +
                       uri(call.caller) + ">;tag=" + call.caller.tag +
                       "\r\n"
                       "To: <" +
                       uri(call.callee) + ">" + (has_to_tag ? ";tag=" + call.callee.tag : "") +
                       "\r\n"
                       "Call-ID: " +
                       call.id +
                       "-9f3a-4c11-8d2e@pbx.office.example\r\n"
                       "CSeq: " +
                       std::to_string(cseq) + " " + method +
                       "\r\n"
                       "Contact: <" +
                       uri(sender) +
                       ":5060>\r\n"
                       "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE, PRACK\r\n"
                       "Supported: replaces, timer\r\n"
                       "User-Agent: Office PBX 4.2 bookworm1\r\n";
    const std::string body = has_description ? description(sender) : "";
    if (has_description) text += "Content-Type: application/sdp\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string frame(const Party& from, const Party& to, const std::string& text) {
    const auto bytes = (test::eth / test::ip4{.src = from.address, .dst = to.address} /
                        test::udp{.sport = 5060, .dport = 5060} / test::text(text))
                           .bytes();
    return {bytes.begin(), bytes.end()};
}

} // namespace

std::array<Crossing, 7> call(uint32_t number) {
    const bool is_inbound = number % 2 != 0;
    const std::string n = std::to_string(number);
    const Party inside{"192.0.2." + std::to_string(10 + number / 20000 % 25), "in" + n, "desk" + n,
                       static_cast<uint16_t>(10000 + number % 20000 * 2)},
        outside{outside_address, "out" + n, "+4930" + n, static_cast<uint16_t>(20000 + number % 10000 * 2)};
    const Call call{"7b1e0d5c-" + n, is_inbound ? outside : inside, is_inbound ? inside : outside};
    const auto asks = [&](const std::string& method, bool has_to_tag, bool has_description) {
        return Crossing{!is_inbound, frame(call.caller, call.callee,
                                           message(call, method + " " + uri(call.callee) + ":5060 SIP/2.0", method,
                                                   call.caller, has_to_tag, has_description))};
    };
    const auto says = [&](const std::string& status, const std::string& method, bool has_description) {
        return Crossing{is_inbound, frame(call.callee, call.caller,
                                          message(call, "SIP/2.0 " + status, method, call.callee,
                                                  !status.starts_with("100"), has_description))};
    };
    return {asks("INVITE", false, true),
            says("100 Trying", "INVITE", false),
            says("180 Ringing", "INVITE", false),
            says("200 OK", "INVITE", true),
            asks("ACK", true, false),
            asks("BYE", true, false),
            says("200 OK", "BYE", false)};
}

} // namespace ringwall::bench
