// SPDX-License-Identifier: Apache-2.0
// Session descriptions of a few lines, read or refused.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "agent/sdp/session.hpp"

namespace ringwall::sdp {

inline void PrintTo(Defect defect, std::ostream* out) { *out << to_string(defect); }

// Keeps the bytes that the session looks into.
struct Reading {
    explicit Reading(std::string text) : bytes(std::move(text)), session(std::make_unique<Session>()) {
        if (const auto result = parse(bytes, *session); !result) {
            refused = result.error().defect;
            offset = result.error().offset;
        }
    }
    const Media& operator[](size_t i) const { return session->media_storage.at(i); }
    size_t count() const { return session->media_count; }

    std::string bytes;
    std::unique_ptr<Session> session;
    std::optional<Defect> refused;
    size_t offset = 0;
};

inline const std::string beginning = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n";
inline const std::string connected = beginning + "c=IN IP4 192.0.2.1\r\nt=0 0\r\n";

// `lines`, each with its line end, below one m-line of an otherwise complete description.
inline Reading in_media(const std::string& lines) { return Reading(connected + "m=audio 4000 RTP/AVP 0\r\n" + lines); }

} // namespace ringwall::sdp
