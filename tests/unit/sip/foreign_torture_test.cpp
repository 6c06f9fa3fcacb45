// SPDX-License-Identifier: Apache-2.0
// The torture messages of RFC 4475 and RFC 5118 as others published them, where they lie beside the source tree
// (../shared/testdata). Ours, of the same difficulty, are in torture_test.cpp and need nothing from outside.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::sip {
namespace {

const std::filesystem::path folder = std::filesystem::path(RINGWALL_FOREIGN_DATA) / "torture";

std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// Where we differ from what the RFCs call valid, and why.
const std::map<std::string, std::pair<Defect, std::string_view>> disagreements{
    {"rfc4475-intmeth",
     {Defect::bad_header, "an escaped NUL in a display name; parsers in C end there, so two readers would see two headers"}},
    {"rfc4475-longreq",
     {Defect::too_long, "its From tag has 300 bytes; we keep tags in pinned maps and refuse what would not fit whole"}},
    {"rfc5118-ipv6-bug-abnf-3-colons",
     {Defect::bad_via, "an IPv6 address with three colons is none; the RFC asks to forgive an error of the old grammar"}},
};

class ForeignTorture : public testing::Test {
protected:
    void SetUp() override {
        if (std::filesystem::exists(folder)) return;
        if (std::getenv("CI") != nullptr) FAIL() << folder << " is missing, and CI must have it";
        GTEST_SKIP() << "foreign test data is not here: " << folder;
    }
};

void check(const boost::json::object& one, const Message& message) {
    const auto first = [&](const char* key) { return std::string_view(one.at(key).as_array().at(0).as_string()); };
    EXPECT_EQ(message.call_id, first("call_ids"));
    EXPECT_EQ(std::string(message.method_token), first("cseq").substr(first("cseq").find_last_of(" \t\n") + 1));
    EXPECT_EQ(message.cseq, std::stoul(std::string(first("cseq"))));
    EXPECT_EQ(message.is_request, !one.at("method").is_null());
    if (message.is_request) {
        EXPECT_EQ(message.method_token, std::string_view(one.at("method").as_string()));
    } else {
        EXPECT_EQ(message.status, one.at("status").to_number<unsigned>());
    }
    const auto& lengths = one.at("content_length").as_array();
    ASSERT_EQ(message.content_length.has_value(), !lengths.empty());
    if (lengths.empty()) return;
    EXPECT_EQ(*message.content_length, std::stoul(std::string(first("content_length"))));
}

TEST_F(ForeignTorture, is_read_or_refused_and_agrees_where_valid) {
    Message message;
    size_t seen = 0;
    const boost::json::value list = boost::json::parse(read(folder / "torture.json"));
    for (const auto& value : list.as_array()) {
        const auto& one = value.as_object();
        const std::string id(one.at("id").as_string());
        SCOPED_TRACE(id);
        std::filesystem::path file = folder / std::string(one.at("file").as_string());
        if (!std::filesystem::is_regular_file(file)) { ADD_FAILURE() << file; continue; }
        const std::string bytes = read(file);
        ++seen;
        const auto result = sip::parse(bytes, message);
        std::printf("%s %s: %s\n", id.c_str(), one.at("rfc_class").as_string().c_str(),
                    result ? "read" : std::string(to_string(result.error().defect)).c_str());
        if (one.at("rfc_class").as_string() != "valid" && !disagreements.contains(id)) continue;
        if (const auto found = disagreements.find(id); found != disagreements.end()) {
            ASSERT_FALSE(result) << found->second.second;
            EXPECT_EQ(result.error().defect, found->second.first);
            continue;
        }
        EXPECT_TRUE(result) << to_string(result.error().defect) << " at " << result.error().offset;
        if (result) check(one, message);
    }
    EXPECT_GE(seen, 62U);
}

}  // namespace
}  // namespace ringwall::sip
