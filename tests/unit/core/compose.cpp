// SPDX-License-Identifier: Apache-2.0
// SIP and SDP text from a line of a call script: real messages, so that the parsers are part of every test.
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

// host:COMPONENT:ADDRESS:PORT, srflx:…, tcphost:…
std::string candidate_line(const std::string& word) {
    const size_t type = word.find(':'), component = word.find(':', type + 1), port = word.rfind(':');
    const bool is_tcp = word.starts_with("tcp");
    return "a=candidate:1 " + word.substr(type + 1, component - type - 1) + (is_tcp ? " TCP" : " UDP") +
           " 2130706431 " + word.substr(component + 1, port - component - 1) + " " + word.substr(port + 1) + " typ " +
           word.substr(is_tcp ? 3 : 0, type - (is_tcp ? 3 : 0)) + "\r\n";
}

// PORT[/video|/t38|/msrp|/bfcp|/pstn][/mux|/muxonly][/rtcp:PORT][/sendonly|/inactive|/recvonly][/setup:ROLE][/c:ADDRESS][/ice:UFRAG][/host:COMPONENT:ADDRESS:PORT…]
std::string media_line(const std::string& text) {
    const auto words = split(text, '/');
    std::string type = "audio", protocol = "RTP/AVP", formats = "0 8 101", attributes;
    for (size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "video") type = "video";
        else if (word == "t38") type = "image", protocol = "udptl", formats = "t38";
        else if (word == "msrp") type = "message", protocol = "TCP/MSRP", formats = "*";
        else if (word == "bfcp") type = "application", protocol = "TCP/TLS/BFCP", formats = "*";
        else if (word == "pstn") protocol = "PSTN", formats = "-";
        else if (word == "mux") attributes += "a=rtcp-mux\r\n";
        else if (word == "muxonly") attributes += "a=rtcp-mux\r\na=rtcp-mux-only\r\n";
        else if (word.starts_with("rtcp:")) attributes += "a=rtcp:" + word.substr(5) + "\r\n";
        else if (word.starts_with("ice:")) attributes += "a=ice-ufrag:" + word.substr(4) + "\r\na=ice-pwd:p\r\n";
        else if (word.starts_with("host:") || word.starts_with("srflx:") || word.starts_with("tcphost:"))
            attributes += candidate_line(word);
        else if (word.starts_with("c:"))
            attributes = "c=" + family(word.substr(2)) + word.substr(2) + "\r\n" + attributes;
        else attributes += "a=" + word + "\r\n";
    }
    return "m=" + type + " " + words[0] + " " + protocol + " " + formats + "\r\n" + attributes;
}

std::string sdp_of(const Options& options, bool outbound) {
    const std::string address = get(options, "c", outbound ? "192.0.2.10" : "198.51.100.7");
    std::string sdp =
        "v=0\r\no=- 7 7 " + family(address) + address + "\r\ns=-\r\nc=" + family(address) + address + "\r\nt=0 0\r\n";
    for (const std::string& media : split(get(options, "sdp", ""), '+')) sdp += media_line(media);
    return sdp;
}

} // namespace

std::string compose(const std::vector<std::string>& words) {
    const bool outbound = words[0] == "out";
    const Options options = options_of(words);
    const bool is_request = !std::isdigit(static_cast<unsigned char>(words[1][0]));
    const std::string method = is_request ? words[1] : get(options, "m", "INVITE");
    const std::string contact = get(options, "contact", outbound ? "192.0.2.10" : "198.51.100.7");
    const std::string body = options.contains("sdp") ? sdp_of(options, outbound) : "";
    const auto tag = [&](const std::string& key) {
        return options.contains(key) ? ";tag=" + options.at(key) : std::string();
    };
    std::string text = is_request ? method + " sip:bob@example.com SIP/2.0\r\n" : "SIP/2.0 " + words[1] + " Reason\r\n";
    text += "Via: SIP/2.0/UDP " + get(options, "via", contact) + ";branch=z9hG4bK" + get(options, "b", "1") + "\r\n";
    if (options.contains("received"))
        text += "Via: SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKlower;received=" + options.at("received") + "\r\n";
    text += "From: <sip:alice@example.com>" + tag("f") + "\r\nTo: <sip:bob@example.com>" + tag("t") + "\r\n";
    text +=
        "Call-ID: " + get(options, "call", "call-1") + "\r\nCSeq: " + get(options, "n", "1") + " " + method + "\r\n";
    text += "Contact: <sip:x@" + contact + ">\r\n";
    if (options.contains("se")) text += "Session-Expires: " + options.at("se") + "\r\n";
    if (!body.empty()) text += "Content-Type: application/sdp\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace ringwall::test
