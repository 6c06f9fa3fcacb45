// SPDX-License-Identifier: Apache-2.0
// Every named limit of the grammar: at it a message is read and opens its port; one above, it is refused as a whole, with
// the error that says so, the byte at which it stands, and its counter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"
#include "tests/unit/core/call_script.hpp"

namespace ringwall::test {
namespace {

std::string repeated(size_t times, const std::string& text) {
    std::string all;
    for (size_t i = 0; i < times; ++i) all += text;
    return all;
}

const std::string description =
    "v=0\r\no=- 7 7 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
    "a=rtcp-mux\r\na=rtcp-mux-only\r\n";

struct Parts {
    std::string call_id = "one", tag = "a", more = {}, type = "application/sdp", body = description;

    std::string text() const {
        return "INVITE sip:x@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nFrom: "
               "<sip:a@h>;tag=" +
               tag + "\r\nTo: <sip:x@h>\r\nCall-ID: " + call_id +
               "\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.10>\r\nContent-Type: " + type +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
    }
    static constexpr size_t headers = 8, vias = 1, contacts = 1;
};

std::string header_of(size_t bytes, const std::string& begin, const std::string& filling, const std::string& end) {
    std::string header = begin;
    while (header.size() + filling.size() + end.size() <= bytes) header += filling;
    return header + std::string(bytes - header.size() - end.size(), 'y') + end + "\r\n";
}

std::string nested(size_t depth) {
    std::string type = "application/sdp", body = description;
    for (size_t i = 0; i < depth; ++i) {
        const std::string boundary = "x" + std::to_string(i);
        body = "--" + boundary + "\r\nContent-Type: " + type + "\r\n\r\n" + body + "\r\n--" + boundary + "--\r\n";
        type = "multipart/mixed;boundary=" + boundary;
    }
    return Parts{.type = type, .body = body}.text();
}

std::string parts(size_t count) {
    return Parts{.type = "multipart/mixed;boundary=b",
                 .body = "--b\r\nContent-Type: application/sdp\r\n\r\n" + description +
                         repeated(count - 1, "\r\n--b\r\n\r\nx") + "\r\n--b--\r\n"}
        .text();
}

std::string described(const std::string& more) { return Parts{.body = description + more}.text(); }

// As long as it may be, or a byte more, by its body.
std::string of_bytes(size_t bytes) {
    Parts parts{.type = "text/plain"};
    parts.body = std::string(60000, 'y');
    parts.body += std::string(bytes - parts.text().size(), 'y');
    return parts.text();
}

struct Limit {
    std::string name, at, above, counter;
    std::string where; // the last of these in `above` is where the error stands: in SDP from the body's beginning
    bool opens = true;
};

std::vector<Limit> limits() {
    const std::string sip_many = "sip_defect_too_many", sip_long = "sip_defect_too_long",
                      sdp_many = "sdp_defect_too_many";
    const auto more = [](std::string headers) { return Parts{.more = std::move(headers)}.text(); };
    const auto header = [&](size_t extra, const std::string& begin, const std::string& filling,
                            const std::string& end = "") {
        return more(header_of(sip::max_header_bytes + extra, begin, filling, end));
    };
    const std::string z = "Z: y\r\n", via = "Via: SIP/2.0/UDP h\r\n", contact = "Contact: <sip:b@h>\r\n",
                      candidate = "a=candidate:1 1 udp 1 192.0.2.10 40000 typ srflx\r\n", line = "a=x\r\n",
                      media = "m=video 0 RTP/AVP 31\r\n", address = "c=IN IP4 192.0.2.10\r\n";
    const size_t lines = 8; // of `description`
    std::string types;
    for (size_t i = 0; i < sdp::max_payload_types; ++i) types += " " + std::to_string(i);
    return {
        {"message", of_bytes(sip::max_message_bytes), of_bytes(sip::max_message_bytes + 1), sip_long, "INVITE sip:x@",
         false},
        {"headers", more(repeated(sip::max_headers - Parts::headers, z)),
         more(repeated(sip::max_headers - Parts::headers + 1, z)), sip_many, z},
        {"a header", header(0, "Z: ", "y"), header(1, "Z: ", "y"), sip_long, "Z: "},
        {"a header of many folds", header(0, "Z: ", "\r\n y"), header(1, "Z: ", "\r\n y"), sip_long, "Z: "},
        {"a quoted string of escapes", header(0, "Contact: \"", "\\\"", "\" <sip:a@h>"),
         header(1, "Contact: \"", "\\\"", "\" <sip:a@h>"), sip_long, "Contact: \""},
        {"comments in comments", header(0, "Server: ", "(", ")"), header(1, "Server: ", "(", ")"), sip_long, "Server"},
        {"Via", more(repeated(sip::max_vias - Parts::vias, via)), more(repeated(sip::max_vias - Parts::vias + 1, via)),
         sip_many, "SIP/2.0/UDP h"},
        {"Contact", more(repeated(sip::max_contacts - Parts::contacts, contact)),
         more(repeated(sip::max_contacts - Parts::contacts + 1, contact)), sip_many, "<sip:b@h>"},
        {"Call-ID", Parts{.call_id = std::string(sip::max_call_id_bytes, 'x')}.text(),
         Parts{.call_id = std::string(sip::max_call_id_bytes + 1, 'x')}.text(), sip_long,
         std::string(sip::max_call_id_bytes + 1, 'x')},
        {"tag", Parts{.tag = std::string(sip::max_tag_bytes, 'x')}.text(),
         Parts{.tag = std::string(sip::max_tag_bytes + 1, 'x')}.text(), sip_long,
         std::string(sip::max_tag_bytes + 1, 'x')},
        {"multipart depth", nested(sip::max_multipart_depth), nested(sip::max_multipart_depth + 1), sip_many,
         "--x0\r\n"},
        {"multipart parts", parts(sip::max_multipart_parts), parts(sip::max_multipart_parts + 1), sip_many,
         "\r\nx\r\n--b--"},
        {"m-lines", described(repeated(sdp::max_media - 1, media)), described(repeated(sdp::max_media, media)),
         sdp_many, media},
        {"addresses", described(repeated(sdp::max_addresses, address)),
         described(repeated(sdp::max_addresses + 1, address)), sdp_many, address},
        {"payload types", described("m=video 0 RTP/AVP" + types + "\r\n"),
         described("m=video 0 RTP/AVP" + types + " 0\r\n"), sdp_many, "m=video"},
        {"candidates", described(repeated(sdp::max_candidates, candidate)),
         described(repeated(sdp::max_candidates + 1, candidate)), sdp_many, candidate},
        {"lines", described(repeated(sdp::max_lines - lines, line)),
         described(repeated(sdp::max_lines - lines + 1, line)), sdp_many, line},
    };
}

// The byte at which SIP or SDP is refused; nothing where both are read.
std::optional<size_t> refused_at(const std::string& text) {
    const auto message = std::make_unique<sip::Message>();
    if (const auto read = sip::parse(text, *message); !read) return read.error().offset;
    const auto body = sip::find_sdp(*message);
    if (!body) return body.error().offset;
    const auto session = std::make_unique<sdp::Session>();
    if (*body)
        if (const auto read = sdp::parse(**body, *session); !read) return read.error().offset;
    return std::nullopt;
}

std::string holes_of(const std::string& text, const std::string& counter, uint64_t& counted) {
    CallScript script;
    const Endpoint inside = Endpoint::parse("192.0.2.10:5060").value(),
                   outside = Endpoint::parse("198.51.100.1:5060").value();
    FakeMaps maps;
    maps.apply(script.core().on_datagram({.outbound = true, .source = inside, .destination = outside, .payload = text},
                                         script.now()));
    counted = script.counter(counter);
    return maps.holes();
}

TEST(Limits, are_read_up_to_and_refused_from_one_above) {
    for (const Limit& limit : limits()) {
        SCOPED_TRACE(limit.name);
        uint64_t counted = 0;
        EXPECT_EQ(refused_at(limit.at), std::nullopt);
        EXPECT_EQ(holes_of(limit.at, limit.counter, counted), limit.opens ? "192.0.2.10:40000/offered/networks" : "");
        EXPECT_EQ(counted, 0U);

        const bool is_sdp = limit.counter.starts_with("sdp");
        const size_t body = is_sdp ? limit.above.find("\r\n\r\n") + 4 : 0;
        EXPECT_EQ(refused_at(limit.above), limit.above.rfind(limit.where) - body);
        EXPECT_EQ(holes_of(limit.above, limit.counter, counted), "");
        EXPECT_EQ(counted, 1U);
    }
}

} // namespace
} // namespace ringwall::test
