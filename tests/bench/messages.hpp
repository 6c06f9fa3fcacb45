// SPDX-License-Identifier: Apache-2.0
// The two messages that parsers are measured with: sizes as in the measurements of the peers we compare with.
#pragma once

#include <string_view>

namespace ringwall::bench {

inline constexpr std::string_view invite =
    "INVITE sip:+4930123456@gw.carrier.example:5060;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-524287-1---0c2f;rport\r\n"
    "Max-Forwards: 70\r\n"
    "From: \"Front desk\" <sip:+49301110@pbx.office.example>;tag=8a12f03c\r\n"
    "To: <sip:+4930123456@gw.carrier.example>\r\n"
    "Call-ID: 7b1e0d5c-9f3a-4c11-8d2e@192.0.2.10\r\n"
    "CSeq: 102 INVITE\r\n"
    "Contact: <sip:+49301110@192.0.2.10:5060>\r\n"
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE, PRACK\r\n"
    "Supported: replaces, timer\r\n"
    "User-Agent: Office PBX 4.2 bookworm1\r\n"
    "Session-Expires: 1800\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 205\r\n"
    "\r\n"
    "v=0\r\n"
    "o=- 1793 1 IN IP4 192.0.2.10\r\n"
    "s=call\r\n"
    "c=IN IP4 192.0.2.10\r\n"
    "t=0 0\r\n"
    "m=audio 17482 RTP/AVP 8 0 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=ptime:20\r\n"
    "a=sendrecv\r\n";

inline constexpr std::string_view registration =
    "REGISTER sip:registrar.carrier.example SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 198.51.100.23:5060;branch=z9hG4bK-7d3b19a2f6;rport\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:desk42@carrier.example>;tag=40c1e77b\r\n"
    "To: <sip:desk42@carrier.example>\r\n"
    "Call-ID: 55d1c0aa93f84b@198.51.100.23\r\n"
    "CSeq: 2117 REGISTER\r\n"
    "Contact: <sip:desk42@198.51.100.23:5060>;expires=600\r\n"
    "Authorization: Digest username=\"desk42\", realm=\"carrier.example\", nonce=\"5f0a91d34c\", "
    "uri=\"sip:registrar.carrier.example\", response=\"9c2de4571b08fa63c2de4571b08fa63c\", algorithm=MD5\r\n"
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, NOTIFY, REFER, INFO\r\n"
    "User-Agent: Deskphone 42 v3.11.2-240517\r\n"
    "Expires: 600\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

} // namespace ringwall::bench
