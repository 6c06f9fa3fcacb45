// SPDX-License-Identifier: Apache-2.0
// A request with all that one must have, to be spoiled in one place at a time.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "agent/sip/message.hpp"

namespace ringwall::sip {

inline void PrintTo(Defect defect, std::ostream* out) { *out << to_string(defect); }

struct Request {
    std::string start = "INVITE sip:jack@blue.example SIP/2.0";
    std::string via = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1";
    std::string from = "From: <sip:rose@green.example>;tag=a";
    std::string to = "To: <sip:jack@blue.example>";
    std::string call_id = "Call-ID: one@192.0.2.1";
    std::string cseq = "CSeq: 1 INVITE";
    std::string more = {}; // further headers, each with its CRLF
    std::string body = {};

    std::string text() const {
        std::string bytes = start + "\r\n";
        for (const auto* line : {&via, &from, &to, &call_id, &cseq}) {
            if (!line->empty()) bytes += *line + "\r\n";
        }
        return bytes + more + "\r\n" + body;
    }
};

// Keeps the bytes that the message looks into.
struct Reading {
    explicit Reading(std::string text) : bytes(std::move(text)), message(std::make_unique<Message>()) {
        if (const auto result = parse(bytes, *message); !result) {
            refused = result.error().defect;
            offset = result.error().offset;
        }
    }
    const Message* operator->() const { return message.get(); }

    std::string bytes;
    std::unique_ptr<Message> message;
    std::optional<Defect> refused;
    size_t offset = 0;
};

inline Reading read(const Request& request) { return Reading(request.text()); }

} // namespace ringwall::sip
