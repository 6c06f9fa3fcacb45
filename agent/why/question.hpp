// SPDX-License-Identifier: Apache-2.0
// Which packet `ringwall why` is asked about: what was typed, and what is taken where nothing was.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/why/evidence.hpp"
#include "maps/net/address.hpp"
#include "policy/compile.hpp"

namespace ringwall::why {

enum class Way { in, out };
enum class Media { rtp, rtcp, stun, dtls, udptl };

// As it was typed; empty where it was not. Ports may be missing: 0.
struct Asked {
    std::string source, destination, protocol, method, media, way;
    bool is_established = false;
};

struct Question {
    Endpoint source, destination; // inside addresses, where a public one stands for them
    Protocol protocol = Protocol::udp;
    Way way = Way::in;
    std::string method; // of SIP: INVITE and the like, "response", "keepalive"; empty: no SIP
    std::optional<Media> media;
    bool is_established = false; // of TCP: a segment with bytes; else a SYN

    const Endpoint& inside() const { return way == Way::in ? destination : source; }
    const Endpoint& outside() const { return way == Way::in ? source : destination; }
};

// What is wrong with it as it was typed, whatever the wall: empty where nothing is.
std::string mistake_in(const Asked& asked);
// Addresses, protocol and way; the error says what was expected. What leaves is what comes from a protected address and
// goes to another, unless it is said.
Result<Question, std::string> question_of(const Asked& asked, const policy::View& policy);

// What the packet carries, and the ports that were not said, by what is known of its endpoints.
void complete(Question& question, const Evidence& evidence, const policy::View& policy);

std::string_view to_string(Media media);
std::string carries(const Question& question); // "INVITE", "rtp", "SYN", "" where that is nothing in particular

} // namespace ringwall::why
