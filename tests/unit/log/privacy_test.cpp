// SPDX-License-Identifier: Apache-2.0
#include "agent/log/privacy.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ringwall::log {
namespace {

// The text with users hidden, and who they were.
struct Hidden {
    std::string text;
    std::vector<std::string> users;
};

Hidden hidden(std::string_view text) {
    Hidden result;
    result.text = hide_users(text, [&](std::string_view user) {
        result.users.emplace_back(user);
        return uint64_t{0xabcdef0123456789};
    });
    return result;
}

using Users = std::vector<std::string>;

TEST(HideUsers, of_every_scheme_and_leaves_hosts) {
    EXPECT_EQ(hidden("call with sip:alice@192.0.2.1:5060 ended").text,
              "call with sip:~0123456789@192.0.2.1:5060 ended");
    EXPECT_EQ(hidden("SIPS:alice:secret@[2001:db8::1]").users, Users{"alice:secret"});
    EXPECT_EQ(hidden("tel:+49-30-123;phone-context=x").text, "tel:~0123456789;phone-context=x");
    EXPECT_EQ(hidden("sip:a@b and sip:c@d").users, (Users{"a", "c"}));
}

TEST(HideUsers, with_characters_that_look_like_an_end) {
    EXPECT_EQ(hidden("<sip:+4930;isub=1?x/,&=@host;user=phone>").users, Users{"+4930;isub=1?x/,&="});
    EXPECT_EQ(hidden("sip:%40lice@host").users, Users{"%40lice"});
}

TEST(HideUsers, of_a_number_without_a_host) {
    EXPECT_EQ(hidden("sip:+4930123456").users, Users{"+4930123456"});
    EXPECT_EQ(hidden("sip:0301234:5060").users, Users{"0301234"});
}

TEST(HideUsers, leaves_what_names_nobody) {
    for (const char* text : {"sip:example.net", "sip:192.0.2.1:5060", "sip:[2001:db8::1]", "from 192.0.2.1", "sip:", "",
                             "<sip:> somebody@else"})
        EXPECT_EQ(hidden(text).text, text);
}

} // namespace
} // namespace ringwall::log
