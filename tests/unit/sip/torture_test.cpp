// SPDX-License-Identifier: Apache-2.0
// Our own torture messages (tests/data/torture): one of the difficulty of each case of RFC 4475 and RFC 5118, and some
// edges of ours. The files are text: their line ends stand for CRLF, {hh} for the byte of that hexadecimal number.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::sip {
namespace {

const std::filesystem::path folder = std::filesystem::path(RINGWALL_TEST_DATA) / "torture";

bool is_byte(std::string_view text) {
    return text.size() >= 4 && text[0] == '{' && text[3] == '}' && std::isxdigit(text[1]) != 0 &&
           std::isxdigit(text[2]) != 0;
}

std::string load(const std::string& name) {
    std::stringstream file;
    file << std::ifstream(folder / (name + ".sip"), std::ios::binary).rdbuf();
    const std::string text = file.str();
    std::string bytes;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') bytes += '\r';
        if (!is_byte(std::string_view(text).substr(i))) {
            bytes += text[i];
            continue;
        }
        bytes += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 3;
    }
    return bytes;
}

struct Case {
    std::string name;
    std::string_view section;            // of RFC 4475, of RFC 5118 with a 5118 before it, or why it is here
    std::optional<Defect> refused = {};  // read where there is none
    std::vector<std::string> media = {}; // what its description opens, as address:port
};

std::vector<Case> cases() {
    using enum Defect;
    return {
        {"white_space_everywhere", "3.1.1.1", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"wide_range_of_characters", "3.1.1.2"},
        {"escaped_nul_in_quotes", "3.1.1.2: the RFC accepts it; a reader in C would see another header", bad_header},
        {"percent_escapes", "3.1.1.3", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"escaped_nuls_in_uri", "3.1.1.4"},
        {"percent_is_no_escape", "3.1.1.5"},
        {"no_white_space_before_bracket", "3.1.1.6"},
        {"long_values", "3.1.1.7", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"tag_past_its_limit", "3.1.1.7: the RFC has 300 bytes; we keep 127 and cut nothing", too_long},
        {"two_requests_in_one_datagram", "3.1.1.8"},
        {"semicolons_in_user", "3.1.1.9"},
        {"every_transport", "3.1.1.10"},
        {"multipart_with_binary", "3.1.1.11"},
        {"unusual_reason_phrase", "3.1.1.12", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"empty_reason_phrase", "3.1.1.13"},
        {"stray_separators", "3.1.2.1", bad_via},
        {"length_past_the_end", "3.1.2.2", bad_content_length},
        {"negative_length", "3.1.2.3", bad_content_length},
        {"scalars_too_large", "3.1.2.4", bad_cseq},
        {"response_scalars_too_large", "3.1.2.5", bad_cseq},
        {"cseq_at_its_limit", "3.1.2.4, the last one that fits"},
        {"cseq_past_its_limit", "3.1.2.4, the first one that does not", bad_cseq},
        {"expires_too_large", "3.1.2.4: counts as absent"},
        {"unterminated_quote", "3.1.2.6", bad_to},
        {"brackets_around_request_uri", "3.1.2.7", bad_start_line},
        {"space_in_request_uri", "3.1.2.8", bad_start_line},
        {"spaces_in_start_line", "3.1.2.9", bad_start_line},
        {"spaces_after_start_line", "3.1.2.10", bad_start_line},
        {"headers_in_request_uri", "3.1.2.11: may be read", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"date_in_another_zone", "3.1.2.12: may be read", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"contact_headers_without_brackets", "3.1.2.13", bad_contact},
        {"spaces_inside_brackets", "3.1.2.14", bad_to},
        {"comma_in_display_name", "3.1.2.15", bad_from},
        {"another_version", "3.1.2.16", not_sip},
        {"cseq_of_another_method", "3.1.2.17", method_mismatch},
        {"unknown_method_with_cseq_invite", "3.1.2.18", method_mismatch},
        {"status_past_699", "3.1.2.19", bad_start_line},
        {"status_700", "3.1.2.19, one above", bad_start_line},
        {"status_699", "3.1.2.19, the last"},
        {"status_099", "3.1.2.19, one below 100", bad_start_line},
        {"branch_is_only_the_cookie", "3.2.1"},
        {"mandatory_headers_missing", "3.3.1", missing_from},
        {"unknown_scheme_in_request_uri", "3.3.2"},
        {"known_but_odd_scheme", "3.3.3"},
        {"unknown_schemes_in_headers", "3.3.4"},
        {"unknown_extension_required", "3.3.5"},
        {"unknown_content_type", "3.3.6"},
        {"unknown_authorization", "3.3.7"},
        {"two_of_everything_single", "3.3.8", duplicate_header},
        {"two_lengths", "3.3.9", duplicate_header},
        {"two_equal_lengths", "3.3.9, compact and equal", duplicate_header},
        {"response_through_broadcast", "3.3.10", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"max_forwards_zero", "3.3.11"},
        {"contact_with_parameter", "3.3.12"},
        {"contact_uri_with_parameter", "3.3.13"},
        {"contact_with_escaped_headers", "3.3.14"},
        {"accept_without_sdp", "3.3.15", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"rfc2543_style", "3.4.1", {}, {"198.51.100.20:24680", "198.51.100.20:24690"}},
        {"ipv6_reference", "5118 4.1"},
        {"ipv6_without_brackets", "5118 4.2", bad_via},
        {"ipv6_port_inside_brackets", "5118 4.3"},
        {"ipv6_port_after_brackets", "5118 4.4"},
        {"ipv6_received_in_brackets", "5118 4.5"},
        {"ipv6_received_bare", "5118 4.5"},
        {"ipv6_in_sdp", "5118 4.6", {}, {"[2001:db8:7::20]:24680", "[2001:db8:7::20]:24690"}},
        {"both_families_in_headers", "5118 4.7"},
        {"both_families_in_sdp", "5118 4.8", {}, {"198.51.100.20:22334", "[2001:db8:7::20]:6024"}},
        {"mapped_ipv4", "5118 4.9", {}, {"198.51.100.2:24680", "198.51.100.2:24690"}},
        {"ipv6_three_colons_in_via", "5118 4.10: where replies go is not guessed", bad_via},
        {"ipv6_two_colons", "5118 4.10"},
        {"nul_in_unknown_header", "NUL in a header that we do not even read", bad_header},
        {"bare_cr_in_header", "a line end for some readers, text for others", bad_header},
        {"line_without_colon", "a line that is no header", bad_header},
    };
}

std::vector<std::string> media_of(const Message& message) {
    std::vector<std::string> found;
    const auto body = find_sdp(message);
    if (!body || !*body) return found;
    sdp::Session session;
    EXPECT_TRUE(sdp::parse(**body, session));
    for (const auto& media : session.media())
        found.push_back(Endpoint{media.connections()[0].address, media.port}.to_string());
    return found;
}

TEST(Torture, every_message_has_its_stated_outcome) {
    for (const auto& one : cases()) {
        SCOPED_TRACE(one.name + ", " + std::string(one.section));
        const std::string bytes = load(one.name);
        ASSERT_FALSE(bytes.empty());
        Message message;
        const auto result = parse(bytes, message);
        if (one.refused) {
            ASSERT_FALSE(result);
            EXPECT_EQ(to_string(result.error().defect), to_string(*one.refused));
            continue;
        }
        ASSERT_TRUE(result) << to_string(result.error().defect) << " at " << result.error().offset;
        EXPECT_EQ(media_of(message), one.media);
    }
}

TEST(Torture, every_file_is_a_case) {
    std::set<std::string> named, lying;
    for (const auto& one : cases()) named.insert(one.name);
    for (const auto& entry : std::filesystem::directory_iterator(folder)) lying.insert(entry.path().stem().string());
    EXPECT_EQ(named, lying);
}

// "3.1.1.2: why" is of 3.1.1.2.
std::string case_of(std::string_view section) { return std::string(section.substr(0, section.find_first_of(":,"))); }

TEST(Torture, every_case_of_both_rfcs_has_a_message) {
    std::set<std::string> wanted, covered;
    const auto add = [&](const std::string& section, int count) {
        for (int i = 1; i <= count; ++i) wanted.insert(section + std::to_string(i));
    };
    add("3.1.1.", 13);
    add("3.1.2.", 19);
    add("3.2.", 1);
    add("3.3.", 15);
    add("3.4.", 1);
    add("5118 4.", 10);
    for (const auto& one : cases())
        if (const auto section = case_of(one.section); wanted.contains(section)) covered.insert(section);
    EXPECT_EQ(covered, wanted);
}

TEST(Torture, white_space_everywhere_leaves_the_words) {
    const std::string bytes = load("white_space_everywhere");
    Message message;
    ASSERT_TRUE(parse(bytes, message));
    EXPECT_EQ(message.to.tag, "t-0815");
    EXPECT_EQ(message.from.tag, "f-4711");
    EXPECT_EQ(message.cseq, 12U);
    ASSERT_EQ(message.via_count, 3U);
    EXPECT_EQ(message.vias()[1].transport, "TCP");
    EXPECT_EQ(message.vias()[1].branch, "z9hG4bK-two");
    EXPECT_EQ(message.vias()[2].sent_by.host, "198.51.100.77");
    ASSERT_EQ(message.contact_count, 1U);
    EXPECT_TRUE(message.contacts()[0].uri.starts_with("sip:jrose"));
}

TEST(Torture, the_bytes_after_content_length_are_another_matter) {
    const std::string bytes = load("two_requests_in_one_datagram");
    Message message;
    ASSERT_TRUE(parse(bytes, message));
    EXPECT_EQ(message.method, Method::register_);
    EXPECT_EQ(bytes.substr(message.bytes, 11), "INVITE sip:");
    EXPECT_EQ(media_of(message), std::vector<std::string>());
}

TEST(Torture, a_percent_in_a_method_is_a_character) {
    const std::string bytes = load("percent_is_no_escape");
    Message message;
    ASSERT_TRUE(parse(bytes, message));
    EXPECT_EQ(message.method, Method::other);
    EXPECT_EQ(message.method_token, "RE%47IS%54ER");
}

TEST(Torture, a_port_inside_brackets_is_part_of_the_address) {
    const std::string inside = load("ipv6_port_inside_brackets"), after = load("ipv6_port_after_brackets");
    Message message;
    ASSERT_TRUE(parse(inside, message));
    EXPECT_EQ(message.contacts()[0].host_port.address, IpAddress::parse("2001:db8:7::10:5070"));
    EXPECT_EQ(message.contacts()[0].host_port.port, std::nullopt);
    ASSERT_TRUE(parse(after, message));
    EXPECT_EQ(message.contacts()[0].host_port.address, IpAddress::parse("2001:db8:7::10"));
    EXPECT_EQ(message.contacts()[0].host_port.port, Port{5070});
}

} // namespace
} // namespace ringwall::sip
