// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "agent/sip/message.hpp"

namespace ringwall::sip {
namespace {

std::string stun(size_t attributes, size_t stated) {
    std::string bytes("\0\1\0\0\x21\x12\xa4\x42", 8);
    bytes[2] = static_cast<char>(stated >> 8);
    bytes[3] = static_cast<char>(stated & 0xff);
    return bytes + std::string(12 + attributes, 'x');
}

TEST(Keepalive, is_crlf_alone) {
    EXPECT_TRUE(is_keepalive("\r\n"));
    EXPECT_TRUE(is_keepalive("\r\n\r\n"));
    EXPECT_FALSE(is_keepalive(""));
    EXPECT_FALSE(is_keepalive("\r\nOPTIONS sip:a SIP/2.0\r\n"));
}

TEST(Keepalive, is_stun_with_its_cookie_and_length) {
    EXPECT_TRUE(is_keepalive(stun(0, 0)));
    EXPECT_TRUE(is_keepalive(stun(8, 8)));
    EXPECT_FALSE(is_keepalive(stun(8, 4)));
    EXPECT_FALSE(is_keepalive(stun(6, 6)));
    EXPECT_FALSE(is_keepalive(stun(0, 0).substr(0, 19)));
    std::string other = stun(0, 0);
    other[4] = '\x20';
    EXPECT_FALSE(is_keepalive(other));
    other = stun(0, 0);
    other[0] = '\x40';
    EXPECT_FALSE(is_keepalive(other));
}

} // namespace
} // namespace ringwall::sip
