// SPDX-License-Identifier: Apache-2.0
// SIP and SDP text from a line of a call script: real messages, so that the parsers are part of every test.
#include <algorithm>
#include <map>
#include <sstream>

#include "tests/unit/core/call_script.hpp"

namespace ringwall::test {
namespace {

using Options = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

Options options_of(const std::vector<std::string>& words) {
    Options options;
    for (size_t i = 2; i < words.size(); ++i) {
        const size_t equals = words[i].find('=');
        options[words[i].substr(0, equals)] = equals == std::string::npos ? "" : words[i].substr(equals + 1);
    }
    return options;
}

std::string get(const Options& options, const std::string& key, const std::string& otherwise) {
    const auto found = options.find(key);
    return found == options.end() ? otherwise : found->second;
}

std::string family(const std::string& address) {
    return address.find(':') == std::string::npos ? "IN IP4 " : "IN IP6 ";
}

// host:COMPONENT:ADDRESS:PORT, srflx:…[@BASE:PORT], tcphost:…
std::string candidate_line(const std::string& text) {
    const std::string word = text.substr(0, text.find('@'));
    std::string related;
    if (word != text) {
        const size_t port = text.rfind(':');
        related = " raddr " + text.substr(word.size() + 1, port - word.size() - 1) + " rport " + text.substr(port + 1);
    }
    const size_t type = word.find(':'), component = word.find(':', type + 1), port = word.rfind(':');
    const bool is_tcp = word.starts_with("tcp");
    return "a=candidate:1 " + word.substr(type + 1, component - type - 1) + (is_tcp ? " TCP" : " UDP") +
           " 2130706431 " + word.substr(component + 1, port - component - 1) + " " + word.substr(port + 1) + " typ " +
           word.substr(is_tcp ? 3 : 0, type - (is_tcp ? 3 : 0)) + related + "\r\n";
}

// PORT, or PORT@ADDRESS (RFC 3605)
std::string rtcp_line(const std::string& word) {
    const size_t at = word.find('@');
    const std::string where = at == word.npos ? "" : " " + family(word.substr(at + 1)) + word.substr(at + 1);
    return "a=rtcp:" + word.substr(0, at) + where + "\r\n";
}

// PORT[/video|/text|/data|/t38|/msrp|/bfcp|/udp|/pstn][/n:PORTS][/mux|/muxonly][/rtcp:PORT[@ADDRESS]][/sendonly|/inactive|/recvonly][/setup:ROLE][/mid:TAG][/path:ADDRESS:PORT][/c:ADDRESS][/ice:UFRAG][/host:COMPONENT:ADDRESS:PORT…]
std::string media_line(const std::string& text) {
    const auto words = split(text, '/');
    std::string type = "audio", protocol = "RTP/AVP", formats = "0 8 101", attributes, number;
    for (size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "video") type = "video";
        else if (word == "t38") type = "image", protocol = "udptl", formats = "t38";
        else if (word == "msrp") type = "message", protocol = "TCP/MSRP", formats = "*";
        else if (word == "bfcp") type = "application", protocol = "TCP/TLS/BFCP", formats = "*";
        else if (word == "text") type = "text", formats = "98";
        else if (word == "udp") type = "application", protocol = "udp", formats = "wb";
        else if (word == "data") type = "application", protocol = "UDP/DTLS/SCTP", formats = "webrtc-datachannel";
        else if (word.starts_with("n:")) number = "/" + word.substr(2);
        else if (word == "pstn") protocol = "PSTN", formats = "-";
        else if (word == "mux") attributes += "a=rtcp-mux\r\n";
        else if (word == "muxonly") attributes += "a=rtcp-mux\r\na=rtcp-mux-only\r\n";
        else if (word.starts_with("rtcp:")) attributes += rtcp_line(word.substr(5));
        else if (word.starts_with("path:")) attributes += "a=path:msrp://" + word.substr(5) + "/s1;tcp\r\n";
        else if (word.starts_with("ice:")) attributes += "a=ice-ufrag:" + word.substr(4) + "\r\na=ice-pwd:p\r\n";
        else if (word.starts_with("host:") || word.starts_with("srflx:") || word.starts_with("tcphost:"))
            attributes += candidate_line(word);
        else if (word.starts_with("c:"))
            attributes = "c=" + family(word.substr(2)) + word.substr(2) + "\r\n" + attributes;
        else attributes += "a=" + word + "\r\n";
    }
    return "m=" + type + " " + words[0] + number + " " + protocol + " " + formats + "\r\n" + attributes;
}

// contact=ADDRESS,ADDRESS:PORT;expires=60,… each a Contact of its own; `*` and `none` as they say.
std::string contact_lines(const Options& options, const std::string& contact) {
    if (contact == "none") return "";
    if (contact == "*") return "Contact: *\r\n";
    std::string lines;
    for (const std::string& one : split(contact, ',')) {
        const size_t parameters = std::min(one.find(';'), one.size());
        const std::string at = (options.contains("gin") ? "" : "x@") + one.substr(0, parameters);
        const std::string uri = at + (options.contains("gin") ? ";bnc" : options.contains("ob") ? ";ob" : "");
        lines += "Contact: <sip:" + uri + ">" + one.substr(parameters) +
                 (options.contains("ob") ? ";+sip.instance=\"<urn:uuid:0>\";reg-id=" + options.at("ob") : "") + "\r\n";
    }
    return lines;
}

std::string sdp_of(const Options& options, bool outbound) {
    const std::string address = get(options, "c", outbound ? "192.0.2.10" : "198.51.100.7");
    std::string sdp =
        "v=0\r\no=- 7 7 " + family(address) + address + "\r\ns=-\r\nc=" + family(address) + address + "\r\nt=0 0\r\n";
    if (options.contains("group")) {
        std::string group = options.at("group"); // BUNDLE,0,1
        std::ranges::replace(group, ',', ' ');
        sdp += "a=group:" + group + "\r\n";
    }
    for (const std::string& media : split(get(options, "sdp", ""), '+')) sdp += media_line(media);
    return sdp;
}

// UFRAG/host:COMPONENT:ADDRESS:PORT…, as INFO brings candidates later (RFC 8840 9).
std::string fragment_of(const std::string& text) {
    const auto words = split(text, '/');
    std::string lines = "a=ice-ufrag:" + words[0] + "\r\na=ice-pwd:p\r\nm=audio 9 RTP/AVP 0\r\na=mid:1\r\n";
    for (size_t i = 1; i < words.size(); ++i) lines += candidate_line(words[i]);
    return lines + "a=end-of-candidates\r\n";
}

} // namespace

std::string compose(const std::vector<std::string>& words) {
    const bool outbound = words[0] == "out";
    const Options options = options_of(words);
    const bool is_request = !std::isdigit(static_cast<unsigned char>(words[1][0]));
    const std::string method = is_request ? words[1] : get(options, "m", "INVITE");
    const std::string own = outbound ? "192.0.2.10" : "198.51.100.7", contact = get(options, "contact", own);
    const bool is_fragment = options.contains("frag");
    const std::string body = options.contains("sdp") ? sdp_of(options, outbound)
                             : is_fragment           ? fragment_of(options.at("frag"))
                                                     : "";
    const auto tag = [&](const std::string& key) {
        return options.contains(key) ? ";tag=" + options.at(key) : std::string();
    };
    std::string text = is_request ? method + " sip:bob@example.com SIP/2.0\r\n" : "SIP/2.0 " + words[1] + " Reason\r\n";
    const std::string asks = outbound == is_request ? "192.0.2.10" : "198.51.100.7";
    text += "Via: SIP/2.0/UDP " + get(options, "via", asks) + ";branch=z9hG4bK" + get(options, "b", "1") + "\r\n";
    if (options.contains("received"))
        text += "Via: SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKlower;received=" + options.at("received") + "\r\n";
    text += "From: <sip:alice@example.com>" + tag("f") + "\r\nTo: <sip:bob@example.com>" + tag("t") + "\r\n";
    text +=
        "Call-ID: " + get(options, "call", "call-1") + "\r\nCSeq: " + get(options, "n", "1") + " " + method + "\r\n";
    text += contact_lines(options, contact);
    if (options.contains("expires")) text += "Expires: " + options.at("expires") + "\r\n";
    if (options.contains("rel")) text += "Require: 100rel\r\nRSeq: 1\r\n";
    if (options.contains("se")) text += "Session-Expires: " + options.at("se") + "\r\n";
    if (!body.empty())
        text += is_fragment ? "Content-Type: application/trickle-ice-sdpfrag\r\n" : "Content-Type: application/sdp\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace ringwall::test
