// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/trickled.hpp"
#include "tests/unit/sip/request.hpp"

namespace ringwall::sip {
namespace {

struct Found {
    std::optional<std::string> sdp;
    std::optional<Defect> refused;
    bool operator==(const Found&) const = default;
};
const Found nothing{};
Found sdp(std::string text) { return {std::move(text), {}}; }
Found refused(Defect defect) { return {{}, defect}; }

Found find(const std::string& headers, const std::string& body) {
    const auto reading = read({.more = headers + "\r\n", .body = body});
    EXPECT_EQ(reading.refused, std::nullopt);
    const auto found = find_sdp(*reading.message);
    if (!found) return refused(found.error().defect);
    return *found ? sdp(std::string(**found)) : nothing;
}

Found find_mixed(const std::string& body, const std::string& boundary = "b") {
    return find("Content-Type: multipart/mixed;boundary=" + boundary, body);
}

TEST(FindSdp, is_the_body_of_type_application_sdp_in_any_case) {
    EXPECT_EQ(find("Content-Type: application/sdp", "v=0\r\n"), sdp("v=0\r\n"));
    EXPECT_EQ(find("c : APPLICATION / Sdp ; charset=\"utf-8\"", "v=0\r\n"), sdp("v=0\r\n"));
    EXPECT_EQ(find("Content-Type: application/sdp;", "v=0\r\n"), sdp("v=0\r\n"));
    EXPECT_EQ(find("Content-Type: application/sdp;=", "v=0\r\n"), nothing);
    EXPECT_EQ(find("Content-Type: application/sdpx", "v=0\r\n"), nothing);
    EXPECT_EQ(find("Content-Type: text/plain", "v=0\r\n"), nothing);
    EXPECT_EQ(find("Content-Type: application/sdp x", "v=0\r\n"), nothing);
    EXPECT_EQ(find("Subject: untyped", "v=0\r\n"), nothing);
    EXPECT_EQ(find("Content-Type: application/sdp", ""), nothing);
}

TEST(FindTrickled, is_the_body_of_its_type_and_no_description) {
    const auto trickled = [](const std::string& type) {
        const auto reading = read({.more = "Content-Type: " + type + "\r\n", .body = "a=mid:1"});
        return find_trickled(*reading.message).value().has_value();
    };
    EXPECT_TRUE(trickled("application/trickle-ice-sdpfrag"));
    EXPECT_TRUE(trickled("Application/Trickle-ICE-SDPfrag"));
    EXPECT_FALSE(trickled("application/sdp"));
    EXPECT_EQ(find("Content-Type: application/trickle-ice-sdpfrag", "a=mid:1"), nothing);
}

TEST(FindSdp, is_not_read_through_a_coding) {
    EXPECT_EQ(find("Content-Type: application/sdp\r\nContent-Encoding: Identity", "v=0"), sdp("v=0"));
    EXPECT_EQ(find("Content-Type: application/sdp\r\ne: gzip", "v=0"), nothing);
    EXPECT_EQ(find("Content-Type: application/sdp\r\ne: gzip\r\ne: identity", "v=0"), nothing);
    EXPECT_EQ(find("Content-Type: application/sdp\r\ne: identity\r\ne: gzip", "v=0"), nothing);
}

TEST(FindSdp, is_the_first_such_part) {
    EXPECT_EQ(find_mixed("preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
                         "--b  \r\nContent-Type: application/sdp\r\n\r\nv=0\r\ns=1\r\n\r\n"
                         "--b\r\nContent-Type: application/sdp\r\n\r\nv=9\r\n--b--\r\nepilogue"),
              sdp("v=0\r\ns=1\r\n"));
    EXPECT_EQ(find_mixed("--b\nc: application/sdp\n\nv=0\n--b--"), sdp("v=0"));
    EXPECT_EQ(find_mixed("--b\r\n\r\nv=0\r\n--b--"), nothing);
    EXPECT_EQ(find_mixed("--b\r\nContent-Type: application/sdp\r\n\r\n\r\n--b--"), sdp(""));
}

TEST(FindSdp, knows_a_quoted_boundary_and_a_line_that_only_begins_like_one) {
    EXPECT_EQ(find_mixed("--b c\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b c--", "\"b c\""), sdp("v=0"));
    EXPECT_EQ(find_mixed("--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--bb\r\n --b\r\nx--b\r\n--b--"),
              sdp("v=0\r\n--bb\r\n --b\r\nx--b"));
}

TEST(FindSdp, goes_into_nested_parts_up_to_a_depth) {
    const auto nested = [](size_t depth) {
        std::string body = "v=0";
        std::string type = "application/sdp";
        for (size_t i = 0; i < depth; ++i) {
            const std::string boundary = "x" + std::to_string(i);
            body = "--" + boundary + "\r\nContent-Type: " + type + "\r\n\r\n" + body + "\r\n--" + boundary + "--";
            type = "multipart/mixed;boundary=" + boundary;
        }
        return find("Content-Type: " + type, body);
    };
    EXPECT_EQ(nested(1), sdp("v=0"));
    EXPECT_EQ(nested(max_multipart_depth), sdp("v=0"));
    EXPECT_EQ(nested(max_multipart_depth + 1), refused(Defect::too_many));
}

TEST(FindSdp, counts_parts) {
    std::string body;
    for (size_t i = 0; i < max_multipart_parts; ++i) body += "--b\r\n\r\nx\r\n";
    EXPECT_EQ(find_mixed(body + "--b--"), nothing);
    EXPECT_EQ(find_mixed(body + "--b\r\n\r\nx\r\n--b--"), refused(Defect::too_many));
}

TEST(FindSdp, does_not_decode_parts) {
    const auto part = [](const std::string& header) {
        return find_mixed("--b\r\nContent-Type: application/sdp\r\n" + header + "\r\n\r\nv=0\r\n--b--");
    };
    EXPECT_EQ(part("Content-Transfer-Encoding: 8BIT"), sdp("v=0"));
    EXPECT_EQ(part("Content-Transfer-Encoding: base64"), nothing);
    EXPECT_EQ(part("Content-Encoding: gzip"), nothing);
    EXPECT_EQ(part("Content-Disposition: session;handling=required"), sdp("v=0"));
}

TEST(FindSdp, is_of_the_session) {
    const auto whole = [](const std::string& disposition) {
        return find("Content-Type: application/sdp\r\n" + disposition, "v=0");
    };
    for (const auto* session : {"Content-Disposition: session", "content-disposition:SESSION ;handling=required",
                                "Content-Disposition: session;x;", "Content-Disposition:"})
        EXPECT_EQ(whole(session), sdp("v=0")) << session;
    for (const auto* other :
         {"Content-Disposition: early-session", "Content-Disposition: sessions", "Content-Disposition: render",
          "Content-Disposition: session\r\nContent-Disposition: early-session",
          "Content-Disposition: early-session\r\nContent-Disposition: session"})
        EXPECT_EQ(whole(other), nothing) << other;
}

TEST(FindSdp, passes_over_parts_of_another_disposition) { // RFC 3959
    const std::string early = "--b\r\nContent-Disposition: early-session\r\nc: application/sdp\r\n\r\nv=early\r\n";
    const std::string session = "--b\r\nc: application/sdp\r\n\r\nv=0\r\n";
    EXPECT_EQ(find_mixed(early + session + "--b--"), sdp("v=0"));
    EXPECT_EQ(find_mixed(session + early + "--b--"), sdp("v=0"));
    EXPECT_EQ(find_mixed(early + "--b--"), nothing);
    const auto reading = read({.more = "c: multipart/mixed;boundary=b\r\n", .body = early + session + "--b--"});
    EXPECT_EQ(find_first_sdp(*reading.message).value(), "v=early");
    EXPECT_TRUE(passes_over_sdp(*reading.message));
    const auto other = read({.more = "c: multipart/mixed;boundary=b\r\n", .body = session + early + "--b--"});
    EXPECT_FALSE(passes_over_sdp(*other.message));
}

TEST(FindSdp, refuses_a_structure_that_is_broken) {
    const std::string part = "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n";
    EXPECT_EQ(find_mixed(part), refused(Defect::bad_multipart));
    EXPECT_EQ(find_mixed("no delimiter"), refused(Defect::bad_multipart));
    EXPECT_EQ(find_mixed("--b--\r\n"), refused(Defect::bad_multipart));
    EXPECT_EQ(find_mixed("--b\r\nno header\r\n\r\nv=0\r\n--b--"), refused(Defect::bad_multipart));
    EXPECT_EQ(find_mixed("--b\r\nc: a/b\r\nContent-Type: a/b\r\n\r\nv=0\r\n--b--"), refused(Defect::bad_multipart));
    EXPECT_EQ(find_mixed("--b\r\nContent-Type: application/sdp\r\n--b--"), refused(Defect::bad_multipart));
    EXPECT_EQ(find("Content-Type: multipart/mixed", part + "--b--"), refused(Defect::bad_multipart));
    EXPECT_EQ(find_mixed(part + "--b--", std::string(71, 'b')), refused(Defect::bad_multipart));
    EXPECT_EQ(find("Content-Type: multipart/mixed;boundary=b;boundary=c", part + "--b--"), nothing);
}

} // namespace
} // namespace ringwall::sip
