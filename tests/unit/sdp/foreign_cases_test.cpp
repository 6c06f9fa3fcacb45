// SPDX-License-Identifier: Apache-2.0
// Session descriptions from RFCs, rtpengine, Janus, Sofia and others, with what each says about ports and addresses.
#include <map>

#include "agent/sdp/session.hpp"
#include "tests/unit/support/foreign_data.hpp"

namespace ringwall::sdp {
namespace {

using Object = boost::json::object;

// Every case that we read otherwise than its oracle, and why.
const std::map<std::string_view, std::pair<Defect, std::string_view>> disagreements{
    {"clux-alac", {Defect::bad_connection, "IN IP4 with an IPv6 address: which of the two is meant cannot be told"}},
    {"clux-invalid", {Defect::bad_rtcp, "a=rtcp of a family IP7 that does not exist"}},
    {"janus-unittest-3", {Defect::missing_version, "a fragment of a description: it has no v=, so it is none"}},
    {"janus-unittest-6", {Defect::missing_version, "a fragment of a description: it has no v=, so it is none"}},
    {"bellemsg-04", {Defect::bad_line, "ends in a line of prose"}},
};

std::string_view name_of(MediaType type) {
    switch (type) {
        case MediaType::audio: return "audio";
        case MediaType::video: return "video";
        case MediaType::text: return "text";
        case MediaType::image: return "image";
        case MediaType::application: return "application";
        case MediaType::message: return "message";
        case MediaType::other: break;
    }
    return "";
}

std::string_view name_of(Direction direction) {
    switch (direction) {
        case Direction::sendrecv: return "sendrecv";
        case Direction::sendonly: return "sendonly";
        case Direction::recvonly: return "recvonly";
        case Direction::inactive: return "inactive";
    }
    return "";
}

void expect_address(const Object& one, const Media& media) {
    if (one.at("addr").is_null()) {
        EXPECT_TRUE(media.connection_count == 0 || media.connections()[0].is_name ||
                    media.connections()[0].address.is_unspecified() || media.connections()[0].address.is_multicast());
        return;
    }
    ASSERT_GT(media.connection_count, 0U);
    EXPECT_EQ(media.connections()[0].address, IpAddress::parse(one.at("addr").as_string()));
}

void expect_agreement(const Object& one, const Media& media) {
    EXPECT_EQ(media.port.value, one.at("port").to_number<unsigned>());
    EXPECT_EQ(media.port_count, one.at("nports").to_number<unsigned>());
    EXPECT_EQ(media.protocol, std::string_view(one.at("proto").as_string()));
    if (media.type != MediaType::other) { // else a word the registry does not have, and nobody needs
        EXPECT_EQ(name_of(media.type), std::string_view(one.at("type").as_string()));
    }
    EXPECT_EQ(name_of(media.direction), std::string_view(one.at("dir").as_string()));
    EXPECT_EQ(media.rtcp_mux, one.at("rtcp_mux").as_bool());
    EXPECT_EQ(media.bundle_only, one.at("bundle_only").as_bool());
    EXPECT_EQ(media.is_rejected(), one.at("rejected").as_bool());
    EXPECT_EQ(media.candidate_count, one.at("candidates").to_number<size_t>());
    const auto& mid = one.at("mid");
    EXPECT_EQ(media.mid, mid.is_null() ? std::string_view() : std::string_view(mid.as_string()));
    expect_address(one, media);
}

using ForeignSdp = test::ForeignData;

TEST_F(ForeignSdp, agrees_on_media_ports_types_and_addresses) {
    const boost::json::value list = read_json("sdp/cases.json");
    for (const auto& value : list.as_array()) {
        const Object& one = value.as_object();
        const std::string_view id = one.at("id").as_string();
        SCOPED_TRACE(id);
        const std::string body = test::read_file(folder() / "sdp/cases" / std::string(one.at("file").as_string()));
        Session session;
        const auto result = parse(body, session);
        if (const auto found = disagreements.find(id); found != disagreements.end()) {
            ASSERT_FALSE(result) << found->second.second;
            EXPECT_EQ(result.error().defect, found->second.first);
            continue;
        }
        if (!result) {
            ADD_FAILURE() << to_string(result.error().defect) << " at " << body.substr(result.error().offset, 60);
            continue;
        }
        const auto& expected = one.at("media").as_array();
        EXPECT_EQ(session.media_count, expected.size());
        for (size_t i = 0; i < std::min(session.media_count, expected.size()); ++i)
            expect_agreement(expected[i].as_object(), session.media()[i]);
    }
}

} // namespace
} // namespace ringwall::sdp
