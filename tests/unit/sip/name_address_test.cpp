// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/name_address.hpp"

#include "agent/sip/host_port.hpp"
#include "tests/unit/sip/request.hpp"

namespace ringwall::sip {
namespace {

template <class Out, auto read>
std::optional<Out> read_whole(std::string_view text) {
    Cursor cursor(text);
    Out out;
    return read(cursor, out) && cursor.at_end() ? std::optional(out) : std::nullopt;
}
const auto read_contact = read_whole<NameAddress, contact>;
const auto read_party = read_whole<Party, party>;

constexpr auto with_all =
    "\"A <b> \\\" c\" <sips:user:secret@[2001:db8::1]:5061;transport=tls?x=y>;q=1;TAG=t1;Expires=7";

TEST(NameAddress, of_a_contact_has_uri_host_port_and_expiry) {
    const auto read = read_contact(with_all);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->uri, "sips:user:secret@[2001:db8::1]:5061;transport=tls?x=y");
    EXPECT_EQ(read->scheme, "sips");
    EXPECT_EQ(read->host_port.address, IpAddress::parse("2001:db8::1"));
    EXPECT_EQ(read->host_port.port, Port{5061});
    EXPECT_EQ(read->expires, 7U);
}

TEST(NameAddress, of_a_party_has_uri_and_tag) {
    const auto read = read_party(with_all);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->uri, "sips:user:secret@[2001:db8::1]:5061;transport=tls?x=y");
    EXPECT_EQ(read->tag, "t1");
}

TEST(NameAddress, without_brackets_gives_its_parameters_to_the_header) {
    const auto read = read_party("sip:jack@blue.example;tag=7");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->uri, "sip:jack@blue.example");
    EXPECT_EQ(read->tag, "7");
    EXPECT_EQ(read_party("<sip:jack@blue.example;tag=7>")->tag, "");
}

TEST(NameAddress, has_the_transport_of_its_uri) {
    const auto transport = [](const char* text) { return transport_of(*read_contact(text)); };
    EXPECT_EQ(transport("<sip:a@192.0.2.1:5060;lr;Transport=TCP;x=y?transport=udp>"), "TCP");
    EXPECT_EQ(transport("<sip:192.0.2.1;transport=tls>"), "tls");
    EXPECT_EQ(transport("<sip:a;transport=tcp@192.0.2.1>"), ""); // of the user
    EXPECT_EQ(transport("<sip:a@192.0.2.1;transport>"), "");
    EXPECT_EQ(transport("<sip:a@192.0.2.1?transport=tcp>"), "");
    EXPECT_EQ(transport("sip:a@192.0.2.1;transport=tcp"), ""); // the header's (20.10)
}

TEST(NameAddress, of_another_scheme_has_no_host) {
    for (const auto* uri : {"tel:+49-30-1;phone-context=x", "mailto:a@b", "urn:service:sos", "h323:x@192.0.2.1"}) {
        const std::string text = "<" + std::string(uri) + ">";
        const auto read = read_contact(text);
        ASSERT_TRUE(read) << uri;
        EXPECT_EQ(read->uri, uri);
        EXPECT_EQ(read->host_port.host, "");
        EXPECT_EQ(read->host_port.address, std::nullopt);
    }
}

TEST(NameAddress, takes_the_display_names_that_phones_send) {
    for (const auto* name :
         {"", "Rose ", "R. O'Hara  ", "Jos\xc3\xa9 ", "Lobby (east) ", "\"a, b; c: <d>\" ", "\"\"", "Folded\r\n name "})
        EXPECT_TRUE(read_party(std::string(name) + "<sip:r@h>")) << name;
    for (const auto* name : {"Rose, Jane ", "a;b ", "sip:x@y ", "\"open ", "\"a\" b ", "\\\"a\\\" ", "a> "})
        EXPECT_FALSE(read_party(std::string(name) + "<sip:r@h>")) << name;
}

TEST(NameAddress, of_a_contact_names_a_host_that_can_be_reached) {
    for (const auto* bad : {"<sip:alice@:5060>", "<sip:@h>", "<sip:a@b@c>", "<sip:192.0.2.400>", "<sip:h:99999>",
                            "<sip:>", "<h>", "<:h>", "<sip:a@h x>", "< sip:a@h>", "<sip:a@h", "sip:a@h?x=y", "<>", "",
                            "<sip:a@h>x", "<sip:a@h>;=x", "<sip:a@h>;\"x\"", "<sip:a@h>; x y", "<1sip:a@h>"})
        EXPECT_FALSE(read_contact(bad)) << bad;
}

TEST(NameAddress, may_have_parameters_without_a_word) {
    for (const auto* tail : {";", " ; ", ";;", ";x;", ";;x", "; ;x=y;;"}) {
        EXPECT_TRUE(read_contact("<sip:a@h>" + std::string(tail))) << tail;
        EXPECT_TRUE(read_party("<sip:a@h>" + std::string(tail))) << tail;
    }
    EXPECT_EQ(read_party("<sip:a@h>;;tag=1;")->tag, "1");
    EXPECT_EQ(read_party("sip:a@h;tag=1;")->tag, "1");
    EXPECT_EQ(read_contact("<sip:a@h>;;expires=7;")->expires, 7U);
    EXPECT_FALSE(read_party("<sip:a@h>;tag=1;;tag=2"));
    EXPECT_FALSE(read_party("<sip:a@h>;=1;tag=1"));
    const auto reading = read({.more = "Contact: <sip:a@h>;, <sip:b@h>;;q=1;\r\n"});
    ASSERT_EQ(reading.refused, std::nullopt);
    EXPECT_EQ(reading->contact_count, 2U);
}

TEST(NameAddress, of_a_party_may_name_no_host_as_tags_are_what_counts) {
    const auto read = read_party("<sip:alice@:5060>;tag=1");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->uri, "sip:alice@:5060");
    EXPECT_EQ(read->tag, "1");
    EXPECT_FALSE(read_party("<nothing>;tag=1"));
}

TEST(NameAddress, has_one_tag) {
    EXPECT_TRUE(read_party("<sip:a@h>;tag=1;tag=1"));
    EXPECT_FALSE(read_party("<sip:a@h>;tag=1;tag=2"));
    EXPECT_FALSE(read_party("<sip:a@h>;tag="));
    EXPECT_FALSE(read_party("<sip:a@h>;tag"));
    EXPECT_TRUE(read_contact("<sip:a@h>;tag=1;tag=2;tag")); // there it means nothing
}

TEST(NameAddress, tags_are_limited_and_never_cut) {
    EXPECT_EQ(read({.from = "From: <sip:a@h>;tag=" + std::string(max_tag_bytes, 'x')}).refused, std::nullopt);
    EXPECT_EQ(read({.from = "From: <sip:a@h>;tag=" + std::string(max_tag_bytes + 1, 'x')}).refused, Defect::too_long);
    EXPECT_EQ(read({.to = "To: <sip:a@h>;tag=" + std::string(max_tag_bytes + 1, 'x')}).refused, Defect::too_long);
}

TEST(Contact, may_be_several_each_with_its_expiry) {
    const auto reading =
        read({.more = "Contact: <sip:a@h>;expires=60, \"x,y\" <sip:b@h>;expires=soon\r\nm: sip:c@h\r\n"});
    ASSERT_EQ(reading.refused, std::nullopt);
    ASSERT_EQ(reading->contact_count, 3U);
    EXPECT_EQ(reading->contacts()[0].expires, 60U);
    EXPECT_EQ(reading->contacts()[1].expires, std::nullopt);
    EXPECT_EQ(reading->contacts()[1].uri, "sip:b@h");
    EXPECT_EQ(reading->contacts()[2].uri, "sip:c@h");
}

TEST(Contact, may_be_a_star_alone) {
    EXPECT_TRUE(read({.more = "Contact: *\r\n"})->contact_is_star);
    EXPECT_EQ(read({.more = "Contact: *\r\nContact: <sip:a@h>\r\n"}).refused, Defect::bad_contact);
    EXPECT_EQ(read({.more = "Contact: <sip:a@h>\r\nContact: *\r\n"}).refused, Defect::bad_contact);
    EXPECT_EQ(read({.more = "Contact: *, <sip:a@h>\r\n"}).refused, Defect::bad_contact);
}

TEST(Contact, are_limited) {
    std::string more;
    for (size_t i = 0; i < max_contacts; ++i) more += "Contact: <sip:a@h>\r\n";
    EXPECT_EQ(read({.more = more}).refused, std::nullopt);
    EXPECT_EQ(read({.more = more + "Contact: <sip:a@h>\r\n"}).refused, Defect::too_many);
}

} // namespace
} // namespace ringwall::sip
