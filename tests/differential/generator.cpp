// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/generator.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace ringwall::differential {

// Mostly as everyone writes it; else compact, in another case, folded, or with blanks where HCOLON has them.
std::string Generator::header(std::string_view name, std::string_view compact, std::string value) {
    std::string written(chance(6) && !compact.empty() ? compact : name);
    if (chance(12)) {
        for (char& c : written) c = static_cast<char>(chance(2) ? std::toupper(c) : std::tolower(c));
    }
    written += pick({":", ":", ": ", ": ", ": ", ": ", ": ", " : ", ":\t", ":  ", "\t: ", ":\r\n "});
    return written + value + "\r\n";
}

std::string Generator::request_or_status_line(std::string_view method) {
    if (chance(3))
        return "SIP/2.0 " +
               std::string(pick({"100 Trying", "180 Ringing", "183 Session Progress", "200 OK", "200 ",
                                 "487 Request Terminated", "699 Odd: \"x\" <y>"})) +
               "\r\n";
    return std::string(method) + " " +
           std::string(pick({"sip:bob@blue.example", "sips:bob@192.0.2.9:5061;transport=tcp", "sip:[2001:db8::9]:5060",
                             "tel:+49-30-1", "sip:a;b=c@blue.example;lr?Subject=x", "urn:service:sos"})) +
           " SIP/2.0\r\n";
}

std::string Generator::via() {
    std::string value(
        pick({"SIP/2.0/UDP", "SIP/2.0/UDP", "SIP/2.0/TCP", "SIP / 2.0 / TLS", "sip/2.0/udp", "SIP/2.0/X-y"}));
    value +=
        " " +
        std::string(pick({"192.0.2.1", "192.0.2.1:5060", "[2001:db8::1]:5060", "proxy.example", "p-1.example:65535"}));
    if (!chance(10)) value += std::string(pick({";", ";", " ; "})) + "branch=z9hG4bK" + digits(1000000);
    if (chance(2))
        value += std::string(pick(
            {";rport", ";rport=5062", ";received=192.0.2.7", ";received=2001:db8::7", ";ttl=1", ";x", ";y=\"a;b,c\""}));
    if (chance(10)) value += std::string(pick({" (a comment)", ";maddr=224.0.1.75"}));
    return value;
}

std::string Generator::address(bool with_tag) {
    const std::string uri(pick({"sip:rose@green.example", "sip:+4930@192.0.2.3:5070;user=phone", "sips:[2001:db8::3]",
                                "tel:+49-30-1", "sip:r%61@h", "sip:r:secret@h", "sip:h"}));
    std::string value = chance(6) ? uri
                                  : std::string(pick({"", "", "Rose ", "\"Rose\" ", "\"R \\\" <x>, ;tag=no\" ",
                                                      "R. O'Hara ", "Jos\xc3\xa9 ", "\"\" "})) +
                                        "<" + uri + ">";
    if (with_tag)
        value += std::string(pick({";tag=", ";tag=", "; tag = ", ";x=y;tag=", ";TAG="})) + "t" + digits(100000);
    if (chance(8)) value += std::string(pick({";z", ";q=\"1;tag=2\"", ";a=b.c"}));
    return value;
}

std::string Generator::media(std::string_view protocol) {
    std::string lines = "m=" + std::string(pick({"audio", "audio", "video", "image", "text"})) + " ";
    lines += std::string(chance(8) ? "0" : digits(65536)) + std::string(chance(12) ? "/2" : "") + " ";
    lines += std::string(protocol) + (protocol == "udptl" ? " t38" : " " + digits(128) + " 101") + "\r\n";
    if (chance(3))
        lines += "c=IN " +
                 std::string(pick(
                     {"IP4 192.0.2.77", "IP6 2001:db8::77", "IP4 media.example", "IP4 0.0.0.0", "IP4 224.2.1.1/127"})) +
                 "\r\n";
    if (chance(2))
        lines += std::string(pick({"a=sendonly", "a=rtpmap:101 telephone-event/8000", "a=ptime:20", "a=rtcp:4001",
                                   "b=AS:64", "i=words", "a=mid:0"})) +
                 "\r\n";
    return lines;
}

std::string Generator::session_description() {
    std::string body = "v=0\r\no=- " + digits(100000) + " 1 IN IP4 192.0.2.1\r\ns=-\r\n";
    if (!chance(5)) body += "c=IN " + std::string(pick({"IP4 192.0.2.66", "IP6 2001:db8::66"})) + "\r\n";
    body += "t=0 0\r\n";
    for (size_t i = below(3) + 1; i > 0; --i) body += media(pick({"RTP/AVP", "RTP/AVP", "RTP/SAVP", "udptl"}));
    return body;
}

std::string Generator::message() {
    const std::string_view method =
        pick({"INVITE", "INVITE", "ACK", "BYE", "OPTIONS", "REGISTER", "UPDATE", "NOVEL.METHOD"});
    std::string text = request_or_status_line(method);
    std::vector<std::string> lines{
        header("From", "f", address(true)), header("To", "t", address(chance(2))),
        header("Call-ID", "i", digits(1000000) + std::string(pick({"", "@192.0.2.1", "@a.b", "-x.y"}))),
        header("CSeq", "", digits(100000) + " " + std::string(method)), header("Max-Forwards", "", "70")};
    for (size_t i = below(3) + 1; i > 0; --i)
        lines.push_back(header("Via", "v", via() + (chance(8) ? ", " + via() : "")));
    if (chance(2)) lines.push_back(header("Contact", "m", address(false)));
    if (chance(4)) lines.push_back(header("Subject", "s", std::string(pick({"", "a, b", "x\r\n y", "\"open"}))));
    if (chance(4))
        lines.push_back(header("X-Unknown", "", std::string(pick({"\xff\xfe", "(a (comment))", "Via: no", ";;,,"}))));
    const std::string body = chance(3) ? "" : session_description();
    if (!body.empty())
        lines.push_back(header("Content-Type", "c",
                               std::string(pick({"application/sdp", "application/sdp", "APPLICATION/SDP",
                                                 "application/sdp;charset=x", "text/plain"}))));
    if (!chance(8))
        lines.push_back(
            header("Content-Length", "l", std::string(chance(8) ? "00" : "") + std::to_string(body.size())));
    while (!lines.empty()) {
        const size_t next = chance(2) ? 0 : below(lines.size());
        text += lines[next];
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(next));
    }
    text += "\r\n" + body;
    return chance(3) ? text : spoiled(std::move(text));
}

std::string Generator::spoiled(std::string message) {
    for (size_t i = below(3) + 1; i > 0 && !message.empty(); --i) chance(3) ? spoil_line(message) : spoil(message);
    return message;
}

// One place: half of the time one that the grammar cares about.
void Generator::spoil(std::string& message) {
    size_t at = below(message.size());
    if (chance(2)) at = std::min(message.find_first_of(":;,<>@=\"/\r\n []", at), message.size() - 1);
    switch (below(5)) {
        case 0: message.erase(at, 1 + below(3)); break;
        case 1:
            message.insert(at, pick({"\r\n", "\n",    "\r",         " ",     "\t",       ";",    ",",    ":",  "<", ">",
                                     "\"",   "@",     "=",          "/",     "\\",       "[",    "]",    "(",  ")", "0",
                                     "-1",   "65536", "4294967296", "\r\n ", "\r\n\r\n", "\x01", "\x7f", "%00"}));
            break;
        case 2: message.insert(at, 1, '\0'); break;
        case 3: message[at] = static_cast<char>(below(256)); break;
        default: message[at] = static_cast<char>(message[at] ^ 0x20); break;
    }
}

// One line: twice, gone, cut, or with another end.
void Generator::spoil_line(std::string& message) {
    const size_t in = below(message.size());
    const size_t end = message.find("\r\n", in);
    const size_t before = in == 0 ? message.npos : message.rfind("\r\n", in - 1);
    if (end == message.npos) return;
    const size_t begin = before == message.npos ? 0 : before + 2;
    if (begin > end) return;
    const std::string line = message.substr(begin, end + 2 - begin);
    switch (below(5)) {
        case 0: message.insert(begin, line); break;
        case 1: message.erase(begin, line.size()); break;
        case 2: message.replace(end, 2, "\n"); break;
        case 3: message.erase(begin + below(line.size()), line.size()); break;
        default: message.insert(message.size() - below(message.size() - end), line); break;
    }
}

} // namespace ringwall::differential
