// SPDX-License-Identifier: Apache-2.0
// Requests that arrive and the inside's answers that leave, as the defence hears them.
#pragma once

#include <gtest/gtest.h>

#include <cstring>

#include "agent/dialog/defence.hpp"
#include "maps/bans.hpp"
#include "tests/unit/dialog/policy_view.hpp"

namespace ringwall::dialog {

using namespace std::chrono_literals;

inline const std::string with_peer = R"(
peers: [{ name: provider, networks: [198.51.100.0/24, "2001:db8:99::/48"] }]
zones: [{ name: internet, networks: [any], sip: yes, guessing: { passwords: 5, names: 5, within: 5m, ban: 1h } }]
allow: [203.0.113.200]
)";

struct Sent { // a request from outside, and what it is answered
    std::string method = "REGISTER";
    std::string user = "100";
    std::string nonce; // of its credentials; none without
    std::string to_tag;
    std::string agent = "Phone/1.0";
    int expires = 600;
    std::string contact = "<sip:a@10.0.0.5>"; // of a REGISTER; none: a query
};

class DefenceTest : public testing::Test {
protected:
    void use(const std::string& yaml) { policy = policy_view(yaml); }

    Exchange exchange(const sip::Message& message, const std::string& from) {
        const size_t colon = from.rfind(':');
        const bool is_v6 = from.front() == '[';
        const Endpoint outside{*IpAddress::parse(from.substr(is_v6, colon - 2 * is_v6)),
                               Port{static_cast<uint16_t>(std::stoi(from.substr(colon + 1)))}};
        return {message, protocol, outside, policy.zone_of(outside.address), policy, parties, now};
    }

    std::string headers(const Sent& sent, const std::string& to_tag) const {
        return "Via: SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK" + std::to_string(number) +
               ";rport\r\nFrom: <sip:a@x>;tag=f\r\nTo: <sip:" + sent.user + "@x>" +
               (to_tag.empty() ? "" : ";tag=" + to_tag) + "\r\nCall-ID: " + std::to_string(number) + "\r\nCSeq: 1 " +
               sent.method + "\r\n";
    }

    void request(const std::string& from, const Sent& sent = {}) {
        ++number;
        std::string text =
            sent.method + " sip:x SIP/2.0\r\n" + headers(sent, sent.to_tag) + "User-Agent: " + sent.agent + "\r\n";
        if (!sent.nonce.empty())
            text +=
                "Authorization: Digest username=\"u\", realm=\"r\", nonce=\"" + sent.nonce + "\", response=\"0\"\r\n";
        if (sent.method == "REGISTER" && !sent.contact.empty())
            text += "Contact: " + sent.contact + ";expires=" + std::to_string(sent.expires) + "\r\n";
        text += "Content-Length: 0\r\n\r\n";
        sip::Message message;
        ASSERT_TRUE(sip::parse(text, message)) << text;
        defence.on_request(exchange(message, from));
        last = sent;
    }

    // To the last request.
    void answer(const std::string& to, int status, const std::string& tag, const std::string& more = "") {
        const std::string text = "SIP/2.0 " + std::to_string(status) + " x\r\n" +
                                 headers(last, last.to_tag.empty() ? tag : last.to_tag) + more +
                                 "Content-Length: 0\r\n\r\n";
        sip::Message message;
        ASSERT_TRUE(sip::parse(text, message)) << text;
        defence.on_response(exchange(message, to));
    }
    static std::string challenge(const std::string& nonce) {
        return "WWW-Authenticate: Digest realm=\"r\", nonce=\"" + nonce + "\", algorithm=MD5\r\n";
    }

    // A try with a wrong password: each answer challenges anew.
    void guess_password(const std::string& from) {
        const std::string nonce = "n" + std::to_string(nonces) + from;
        if (nonces++ == 0 || challenged != from) {
            request(from);
            answer(from, 401, "t", challenge(nonce));
            challenged = from;
            last_nonce = nonce;
        }
        request(from, {.nonce = last_nonce});
        last_nonce = "n" + std::to_string(nonces++) + from;
        answer(from, 401, "t" + last_nonce, challenge(last_nonce));
    }
    void register_phone(const std::string& from, int expires = 600, const std::string& user = "100") {
        const std::string nonce = "r" + std::to_string(nonces++);
        request(from, {.user = user, .expires = expires});
        answer(from, 401, "t" + nonce, challenge(nonce));
        request(from, {.user = user, .nonce = nonce, .expires = expires});
        answer(from, 200, "u" + nonce,
               expires == 0 ? "" : "Contact: <sip:a@10.0.0.5>;expires=" + std::to_string(expires) + "\r\n");
    }
    // An INVITE to a name that is not there, and the ACK that repeats the tag of the 404.
    void guess_name(const std::string& from, bool acknowledges = true) {
        const std::string tag = "g" + std::to_string(nonces++);
        request(from, {.method = "INVITE"});
        answer(from, 404, tag);
        if (acknowledges) request(from, {.method = "ACK", .to_tag = tag});
    }

    std::vector<std::string> banned() {
        std::vector<std::string> sources;
        for (const Conviction& each : defence.take_convictions())
            sources.push_back(to_string(each.key) + " " + std::string(cause_text(each.cause).label));
        return sources;
    }

    policy::View policy = policy_view(with_peer);
    Defence defence{KeyedHash({1, 2})};
    Parties parties;
    Protocol protocol = Protocol::udp;
    TimePoint now{1h};
    int number = 0, nonces = 0;
    Sent last;
    std::string challenged, last_nonce;
};

inline const std::string stranger = "203.0.113.66:5060", phone = "203.0.113.5:5060";

} // namespace ringwall::dialog
