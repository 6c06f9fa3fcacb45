// SPDX-License-Identifier: Apache-2.0
// The torture messages of RFC 4475 and RFC 5118 as others published them. Ours, of the same difficulty, are in
// torture_test.cpp and need nothing from outside.
#include <map>

#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"
#include "tests/unit/support/foreign_data.hpp"

namespace ringwall::sip {
namespace {

using test::read_file;
using Object = boost::json::object;

// Every message that the RFCs want accepted and we refuse, and why.
struct Disagreement {
    Defect defect;
    std::string_view why;
};
const std::map<std::string_view, Disagreement> disagreements{
    {"rfc4475-intmeth",
     {Defect::bad_header,
      "an escaped NUL in a display name: a reader in C ends there, so two readers see two headers"}},
    {"rfc4475-longreq",
     {Defect::too_long, "a From tag of 300 bytes: pinned records keep tags whole, and a longer one is not cut"}},
};

std::string_view text(const Object& one, const char* key, size_t index = 0) {
    return one.at(key).as_array().at(index).as_string();
}

void expect_agreement(const Object& one, const Message& message) {
    const std::string cseq(text(one, "cseq"));
    EXPECT_EQ(message.call_id, text(one, "call_ids"));
    EXPECT_EQ(message.cseq, std::stoul(cseq));
    EXPECT_EQ(message.method_token, std::string_view(cseq).substr(cseq.find_last_of(" \t\n") + 1));
    EXPECT_EQ(message.is_request, !one.at("method").is_null());
    if (message.is_request) {
        EXPECT_EQ(message.method_token, std::string_view(one.at("method").as_string()));
    } else {
        EXPECT_EQ(message.status, one.at("status").to_number<unsigned>());
    }
    const bool has_length = !one.at("content_length").as_array().empty();
    ASSERT_EQ(message.content_length.has_value(), has_length);
    if (!has_length) return;
    EXPECT_EQ(*message.content_length, std::stoul(std::string(text(one, "content_length"))));
}

// The first two words of ["192.0.2.4", 49217, "rtp"] for the RTP endpoints, in order.
void expect_endpoints(const Object& one, const Message& message) {
    sdp::Session session;
    const auto body = find_sdp(message);
    ASSERT_TRUE(body && *body);
    ASSERT_TRUE(sdp::parse(**body, session));
    std::vector<std::string> expected, found;
    for (const auto& endpoint : one.at("sdp_endpoints").as_array()) {
        if (endpoint.at(2).as_string() == "rtcp") continue;
        const auto address = IpAddress::parse(endpoint.at(0).as_string());
        ASSERT_TRUE(address);
        expected.push_back(Endpoint{*address, Port{endpoint.at(1).to_number<uint16_t>()}}.to_string());
    }
    for (const auto& media : session.media()) {
        if (!media.is_rejected()) found.push_back(Endpoint{media.connections()[0].address, media.port}.to_string());
    }
    EXPECT_EQ(found, expected);
}

using ForeignTorture = test::ForeignData;

TEST_F(ForeignTorture, is_read_or_refused_and_agrees_wherever_it_is_valid) {
    const boost::json::value list = read_json("torture/torture.json");
    for (const auto& value : list.as_array()) {
        const Object& one = value.as_object();
        const std::string_view id = one.at("id").as_string();
        SCOPED_TRACE(id);
        const std::string bytes = read_file(folder() / "torture" / std::string(one.at("file").as_string()));
        Message message;
        const auto result = parse(bytes, message);
        if (const auto found = disagreements.find(id); found != disagreements.end()) {
            ASSERT_FALSE(result) << found->second.why;
            EXPECT_EQ(result.error().defect, found->second.defect);
        } else if (one.at("rfc_class").as_string().starts_with("valid")) {
            ASSERT_TRUE(result) << to_string(result.error().defect) << " at " << result.error().offset;
            expect_agreement(one, message);
            if (one.at("pinhole").as_string() == "must") expect_endpoints(one, message);
        }
        if (one.at("pinhole").as_string() == "must_not" && result && message.method == Method::invite) {
            EXPECT_EQ(*find_sdp(message), std::nullopt) << "nothing may open";
        }
    }
}

TEST_F(ForeignTorture, is_never_read_past_its_end) {
    const boost::json::value list = read_json("torture/torture.json");
    for (const auto& value : list.as_array()) {
        const std::string whole = read_file(folder() / "torture" / std::string(value.at("file").as_string()));
        for (size_t length = 0; length <= whole.size(); ++length) {
            const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
            Message message;
            const auto result = parse({cut.data(), cut.size()}, message);
            EXPECT_LE(result ? message.bytes : result.error().offset, cut.size());
        }
    }
}

} // namespace
} // namespace ringwall::sip
